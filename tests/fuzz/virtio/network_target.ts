/** A network card under attack; frames arrive for it at any moment. */
import type { BusName } from "../../../runtime/virtio/driver_bus_fixture.ts";
import { NetworkDriver, plainFrame } from "../../../runtime/virtio/network_driver_fixture.ts";
import {
  FrameHeader,
  NetworkFeature,
  NetworkQueue,
} from "../../../runtime/virtio/network_protocol.ts";
import { Feature } from "../../../runtime/virtio/registers.ts";
import { type Descriptor, Place } from "../../../runtime/virtio/slot_driver_fixture.ts";
import type { RingFormat } from "../../../runtime/virtio/ring_driver_fixture.ts";
import type { SeededRandom } from "../../differential/seeded_random.ts";
import {
  ATTACK_QUEUE_SIZE,
  ATTACK_RAM_BYTES,
  type AttackTarget,
  GUARD_BYTES,
  randomBuffer,
} from "./ring_attack.ts";

const RINGS = 1 << Feature.INDIRECT_DESCRIPTORS | 1 << Feature.EVENT_INDEX;
const MERGED = 1 << NetworkFeature.MERGED_BUFFERS;
const BURSTS = 1 << NetworkFeature.GUEST_CHECKSUM | 1 << NetworkFeature.GUEST_BURSTS_4;
const UNIT = 256;
const PROBE_BYTES = 100;
const WORK = {
  checksumStart: 34,
  checksumOffset: 16,
  segmentBytes: 1460,
  headerBytes: 54,
  version: 4,
} as const;

/** See the header of this file. */
export class NetworkTarget implements AttackTarget {
  readonly queues = NetworkQueue.COUNT;
  readonly features = [RINGS | MERGED | BURSTS, RINGS | MERGED, RINGS, 0];
  readonly driver: NetworkDriver;
  #frames = 0;

  constructor(bus: BusName, format: RingFormat = "split") {
    this.driver = new NetworkDriver({
      ramBytes: ATTACK_RAM_BYTES,
      behindRam: GUARD_BYTES,
      bus,
      format,
    });
  }

  set atWork(call: () => void) {
    this.driver.onFrame = () => {
      call();
      this.#arrive();
    };
  }

  chain(random: SeededRandom, queue: number): Descriptor[] {
    const isRoom = queue === NetworkQueue.RECEIVE;
    return Array.from(
      { length: random.between(1, 3) },
      () => randomBuffer(random, isRoom, UNIT),
    );
  }

  serve(): void {
    this.driver.card.serve(() => false);
    this.#arrive();
  }

  /** Short frames, and now and then one that needs several buffers. */
  #arrive(): void {
    this.#frames++;
    const isLong = this.#frames % 3 === 0;
    this.driver.card.deliver(
      isLong ? { ...plainFrame(1500), work: WORK } : plainFrame(PROBE_BYTES),
    );
  }

  takeRequests(): number {
    return this.driver.sent.splice(0).length;
  }

  usable(): string[] {
    const { driver } = this;
    driver.start(0, ATTACK_QUEUE_SIZE, this.queues);
    driver.serve(); // what waited is for nobody now, or for the first buffers
    driver.sent.length = 0;
    driver.onFrame = () => {};
    const { bytes } = plainFrame(PROBE_BYTES, 5);
    driver.sendFrame(bytes);
    const isSent = driver.sent.some(({ frame }) => frame.every((byte, at) => byte === bytes[at]));
    for (let head = 0; head < ATTACK_QUEUE_SIZE; head++) driver.offerRoom(head, Place.DATA, 0x800);
    driver.serve();
    driver.card.deliver(plainFrame(PROBE_BYTES));
    const isReceived = driver.used > 0 &&
      driver.usedElement(0).written >= FrameHeader.BYTES + PROBE_BYTES;
    return isSent && isReceived ? [] : ["the card cannot be used after a reset"];
  }
}
