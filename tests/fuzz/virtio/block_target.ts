/** A disk under attack. */
import { BlockRequest, BlockStatus } from "../../../runtime/virtio/block_protocol.ts";
import type { BusName } from "../../../runtime/virtio/driver_bus_fixture.ts";
import { DriverFixture, MemoryDisk } from "../../../runtime/virtio/driver_fixture.ts";
import { DescriptorFlag, Feature } from "../../../runtime/virtio/registers.ts";
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

const FLUSH = 1 << 9;
const FEATURES = 1 << Feature.INDIRECT_DESCRIPTORS | 1 << Feature.EVENT_INDEX | FLUSH;
const SECTOR_BYTES = 512;

/** See the header of this file. */
export class BlockTarget implements AttackTarget {
  readonly queues = 1;
  readonly features = [FEATURES, FEATURES, 0, FLUSH];
  readonly #disk = new MemoryDisk();
  readonly driver: DriverFixture;

  constructor(bus: BusName, format: RingFormat = "split") {
    this.driver = new DriverFixture({
      disk: this.#disk,
      ramBytes: ATTACK_RAM_BYTES,
      behindRam: GUARD_BYTES,
      bus,
      format,
    });
  }

  set atWork(call: () => void) {
    this.#disk.before = call;
  }

  chain(random: SeededRandom): Descriptor[] {
    const type = random.pick([...Object.values(BlockRequest), random.below(20)]);
    const sector = random.chance(80) ? random.below(40) : random.word();
    const buffers = Array.from(
      { length: random.below(3) },
      () => randomBuffer(random, type === BlockRequest.IN, SECTOR_BYTES),
    );
    const status = { address: Place.STATUS, length: 1, flags: DescriptorFlag.WRITE };
    return [this.driver.header(type, sector), ...buffers, status];
  }

  serve(): void {
    this.driver.server.serve(() => false);
  }

  takeRequests(): number {
    return this.#disk.calls.splice(0).length;
  }

  usable(): string[] {
    const { driver } = this;
    driver.start(FLUSH, ATTACK_QUEUE_SIZE);
    const data = { address: Place.DATA, length: SECTOR_BYTES, flags: DescriptorFlag.WRITE };
    const status = driver.request(BlockRequest.IN, 1, data);
    const content = this.#disk.content.subarray(SECTOR_BYTES, 2 * SECTOR_BYTES);
    const read = driver.bytes(Place.DATA, SECTOR_BYTES);
    const isRead = read.every((byte, index) => byte === content[index]);
    return status === BlockStatus.OK && isRead ? [] : ["the disk cannot be used after a reset"];
  }
}
