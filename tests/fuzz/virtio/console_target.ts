/** A console of two ports under attack; the host writes to them, changes its mind and its size at any moment. */
import {
  ConsoleFeature,
  ConsoleQueue,
  ControlEvent,
  ControlMessage,
  MAX_TERMINAL_SIDE,
} from "../../../runtime/virtio/console_protocol.ts";
import { ConsoleDriver } from "../../../runtime/virtio/console_driver_fixture.ts";
import type { BusName } from "../../../runtime/virtio/driver_bus_fixture.ts";
import { Feature } from "../../../runtime/virtio/registers.ts";
import {
  type Descriptor,
  Place,
  RAM_BASE,
  type RingFormat,
} from "../../../runtime/virtio/slot_driver_fixture.ts";
import type { SeededRandom } from "../../differential/seeded_random.ts";
import { ATTACK_RAM_BYTES, type AttackTarget, GUARD_BYTES, randomBuffer } from "./ring_attack.ts";

const RINGS = 1 << Feature.INDIRECT_DESCRIPTORS | 1 << Feature.EVENT_INDEX;
const MULTIPORT = 1 << ConsoleFeature.MULTIPORT;
const SIZE = 1 << ConsoleFeature.SIZE;
const UNIT = 128;
/** Where messages are written. */
const MESSAGE_AT = Place.HEADER;
const PORTS = [
  { number: 0, isConsole: true, name: "" },
  { number: 1, isConsole: false, name: "org.weft.attacked" },
];
/** Turns between two changes of the host's end. */
const CHANGE_EVERY = 3;
const PROBE = Uint8Array.of(0x70, 0x72, 0x6f, 0x62, 0x65);

/** See the header of this file. */
export class ConsoleTarget implements AttackTarget {
  /** Those of the first port, and those that control both. */
  readonly queues = ConsoleQueue.OTHERS;
  readonly features = [RINGS | MULTIPORT, RINGS | MULTIPORT | SIZE, MULTIPORT, RINGS | SIZE, 0];
  readonly driver: ConsoleDriver;
  atWork: () => void = () => {};
  #writes = 0;
  #turns = 0;

  constructor(bus: BusName, format: RingFormat = "split") {
    this.driver = new ConsoleDriver({
      ports: PORTS,
      maxPorts: 2,
      ramBytes: ATTACK_RAM_BYTES,
      behindRam: GUARD_BYTES,
      bus,
      format,
      isInstant: true,
    });
    for (const host of this.driver.hosts) {
      host.onBytes = () => {
        this.#writes++;
        host.received.length = 0;
        this.atWork();
      };
    }
  }

  chain(random: SeededRandom, queue: number): Descriptor[] {
    if (queue === ConsoleQueue.CONTROL_TRANSMIT && random.chance(80)) {
      return [this.#message(random)];
    }
    const isRoom = queue === ConsoleQueue.RECEIVE || queue === ConsoleQueue.CONTROL_RECEIVE;
    return Array.from(
      { length: random.between(1, 3) },
      () => randomBuffer(random, isRoom, UNIT),
    );
  }

  /** One that may be short, about a port that need not be there. */
  #message(random: SeededRandom): Descriptor {
    const at = MESSAGE_AT - RAM_BASE;
    const { view } = this.driver;
    view.setUint32(at, random.chance(80) ? random.below(3) : random.word(), true);
    view.setUint16(at + ControlMessage.EVENT, random.pick(Object.values(ControlEvent)), true);
    view.setUint16(at + ControlMessage.VALUE, random.below(2), true);
    const length = random.chance(90) ? ControlMessage.BYTES : random.between(1, 12);
    return { address: MESSAGE_AT, length };
  }

  serve(): void {
    this.#turns++;
    for (const { channel } of this.driver.hosts) {
      if (channel.credit >= PROBE.length) channel.send(PROBE);
    }
    if (this.#turns % CHANGE_EVERY === 0) {
      const size = { columns: this.#turns % MAX_TERMINAL_SIDE, rows: 9 };
      const [{ channel }] = this.driver.hosts;
      channel.tell({ isConnected: this.#turns % 2 === 0, size });
    }
    this.driver.serve();
  }

  takeRequests(): number {
    const taken = this.#writes;
    this.#writes = 0;
    return taken;
  }

  usable(): string[] {
    const { driver, driver: { hosts: [host] } } = this;
    host.channel.tell({ isConnected: true, size: undefined });
    driver.begin(0, ConsoleQueue.OTHERS);
    const before = this.#writes;
    driver.send(ConsoleQueue.TRANSMIT, PROBE, 0, Place.DATA);
    driver.offerRoom(ConsoleQueue.RECEIVE, 0, Place.DATA + UNIT, UNIT);
    if (host.channel.credit >= PROBE.length) host.channel.send(PROBE);
    driver.ring(ConsoleQueue.RECEIVE);
    const isUsable = this.#writes > before && driver.used === 1;
    return isUsable ? [] : ["the console cannot be used after a reset"];
  }
}
