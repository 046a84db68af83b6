/**
 * What a hostile driver does to one disk: random registers, rings, chains and tables, and resets at any moment, also in
 * the middle of a request.
 *
 * Afterwards three things must hold. The device has stored only where the driver allowed it: into its used ring, into
 * buffers that a descriptor calls writable, and nowhere outside of RAM. It came back from each ring. And after a reset
 * it is a disk like any other.
 */
import { GUEST_RAM_OFFSET } from "../../../runtime/atomics/shared_layout.ts";
import { BlockRequest, BlockStatus } from "../../../runtime/virtio/block_protocol.ts";
import {
  type Descriptor,
  DriverFixture,
  MemoryDisk,
  Place,
  RAM_BASE,
} from "../../../runtime/virtio/driver_fixture.ts";
import {
  DescriptorFlag,
  DeviceStatus,
  Feature,
  MmioRegister,
} from "../../../runtime/virtio/registers.ts";
import { SeededRandom } from "../../differential/seeded_random.ts";

const RAM_BYTES = 0x2_0000;
const GUARD_BYTES = 0x1000;
const GUARD_BYTE = 0xa5;
const QUEUE_SIZE = 8;
/** Descriptors of a chain at most: header, two buffers, status. */
const CHAIN_DESCRIPTORS = 4;
const USED_RING_BYTES = 0x1000;
/** The rings lie at the start of RAM. */
const RINGS_BYTES = 0x3000;
const DESCRIPTOR_BYTES = 16;
const FEATURES = 1 << Feature.INDIRECT_DESCRIPTORS | 1 << Feature.EVENT_INDEX | 1 << 9;
/** Descriptors of the driver's tables: the queue's own, and the place of indirect ones. */
const TABLES: readonly { readonly at: number; readonly entries: number }[] = [
  { at: Place.DESCRIPTORS, entries: QUEUE_SIZE },
  { at: Place.INDIRECT, entries: 32 },
];
const REGISTERS = Object.values(MmioRegister).filter((offset) => offset < MmioRegister.CONFIG);
/** Registers that tell the device where its rings are: the driver of this test allows one place for each. */
const KEPT: readonly number[] = [
  MmioRegister.QUEUE_DEVICE_LOW,
  MmioRegister.QUEUE_DEVICE_HIGH,
  MmioRegister.QUEUE_DESCRIPTORS_LOW,
  MmioRegister.QUEUE_DESCRIPTORS_HIGH,
];

/** Counts of what was tried. */
export interface AttackCounts {
  rings: number;
  refused: number;
  requests: number;
  resets: number;
}

/** One disk under attack; a seed says how. */
export class RingAttack {
  /** What was tried so far. */
  readonly counts: AttackCounts = { rings: 0, refused: 0, requests: 0, resets: 0 };
  readonly #disk = new MemoryDisk();
  readonly #driver = new DriverFixture({
    disk: this.#disk,
    ramBytes: RAM_BYTES,
    behindRam: GUARD_BYTES,
  });
  readonly #before = new BigUint64Array(RAM_BYTES / 8);
  #random = new SeededRandom(0);
  /** Has the driver written its rings anew while the device was at work? */
  #hasOpenedAnew = false;

  constructor() {
    this.#guards().forEach((guard) => guard.fill(GUARD_BYTE));
  }

  /** Carries one attack out. @returns what went wrong */
  run(seed: number): string[] {
    this.#random = new SeededRandom(seed);
    const random = this.#random;
    this.#disk.calls.length = 0;
    this.#disk.before = () => {
      if (random.chance(5)) this.#reset();
    };
    this.#fillMemory();
    this.#driver.start(random.pick([FEATURES, FEATURES, 0, 1 << 9]), QUEUE_SIZE);
    const wrong: string[] = [];
    const steps = random.between(1, 6);
    for (let step = 0; step < steps; step++) wrong.push(...this.#step());
    this.#disk.before = () => {};
    return [...wrong, ...this.#usable()];
  }

  #reset(): void {
    this.counts.resets++;
    this.#driver.write(MmioRegister.STATUS, 0);
    if (!this.#random.chance(50)) return;
    this.#hasOpenedAnew = true;
    this.#driver.start(FEATURES, QUEUE_SIZE);
  }

  #fillMemory(): void {
    const bytes = this.#driver.bytes(RAM_BASE, RAM_BYTES);
    for (let at = 0; at < 0x8000; at++) bytes[at] = this.#random.below(256);
  }

  #step(): string[] {
    const random = this.#random;
    for (let count = random.below(4); count > 0; count--) this.#writeRegister();
    if ((this.#driver.status & DeviceStatus.NEEDS_RESET) !== 0 && random.chance(90)) {
      this.#driver.start(FEATURES, QUEUE_SIZE);
    }
    for (let first = 0; first < QUEUE_SIZE; first += CHAIN_DESCRIPTORS) this.#offerChain(first);
    if (random.chance(10)) this.#driver.setAvailableIndex(random.below(0x1_0000));
    if (random.chance(5)) this.#driver.openQueue(random.pick([0, 1, 2, 4, 7, QUEUE_SIZE]));
    const allowed = this.#allowed();
    this.#hasOpenedAnew = false;
    this.#before.set(this.#memory());
    try {
      this.#driver.ring();
    } catch (error) {
      return [`the worker failed: ${error}`];
    }
    this.counts.rings++;
    this.counts.requests += this.#disk.calls.length;
    if ((this.#driver.status & DeviceStatus.NEEDS_RESET) !== 0) this.counts.refused++;
    return this.#strayStores(allowed);
  }

  #writeRegister(): void {
    const random = this.#random;
    const register = random.pick(REGISTERS);
    if (KEPT.includes(register)) return;
    const value = random.chance(50) ? random.below(16) : random.word() | 0;
    this.#driver.write(register, value, random.pick([4, 4, 4, 1, 2, 8]));
  }

  #offerChain(first: number): void {
    const random = this.#random;
    const type = random.pick([...Object.values(BlockRequest), random.below(20)]);
    const header = this.#driver.header(type, random.chance(80) ? random.below(40) : random.word());
    const chain = [
      header,
      ...Array.from({ length: random.below(3) }, () => this.#buffer(type === BlockRequest.IN)),
      { address: Place.STATUS, length: 1, flags: DescriptorFlag.WRITE },
    ];
    if (random.chance(30)) this.#offerIndirect(chain, first);
    else this.#driver.chain(first, chain);
    if (random.chance(15)) this.#mutate();
    this.#driver.offer(random.chance(97) ? first : random.below(0x1_0000));
  }

  #offerIndirect(chain: readonly Descriptor[], first: number): void {
    const random = this.#random;
    this.#driver.chain(0, chain, Place.INDIRECT);
    this.#driver.describe(Place.DESCRIPTORS, first, {
      address: random.chance(95) ? Place.INDIRECT : random.word(),
      length: random.chance(90) ? chain.length * DESCRIPTOR_BYTES : random.below(600),
      flags: DescriptorFlag.INDIRECT | (random.chance(5) ? random.below(8) : 0),
    });
  }

  #buffer(isWritable: boolean): Descriptor {
    const random = this.#random;
    const flags = random.chance(97) === isWritable ? DescriptorFlag.WRITE : 0;
    if (random.chance(90)) {
      const length = 512 * random.between(1, 4);
      return { address: Place.DATA + 512 * random.below(64), length, flags };
    }
    const address = random.chance(50)
      ? RAM_BASE + RAM_BYTES - random.below(1024)
      : random.register() & 0xffff_ffff_ffff_ffffn;
    return { address, length: random.chance(50) ? random.below(2048) : random.word(), flags };
  }

  /** Changes a byte of a table. */
  #mutate(): void {
    const { at, entries } = this.#random.pick(TABLES);
    const place = at - RAM_BASE + this.#random.below(entries * DESCRIPTOR_BYTES);
    this.#driver.view.setUint8(place, this.#random.below(256));
  }

  /** A bit for each byte of RAM that the device may store to. */
  #allowed(): Uint8Array {
    const allowed = new Uint8Array(RAM_BYTES);
    const device = Place.DEVICE - RAM_BASE;
    allowed.fill(1, device, device + USED_RING_BYTES);
    for (const { at, entries } of TABLES) {
      for (let index = 0; index < entries; index++) {
        this.#allow(allowed, at - RAM_BASE + index * DESCRIPTOR_BYTES);
      }
    }
    return allowed;
  }

  #allow(allowed: Uint8Array, descriptor: number): void {
    const { view } = this.#driver;
    if ((view.getUint16(descriptor + 12, true) & DescriptorFlag.WRITE) === 0) return;
    const start = Number(view.getBigUint64(descriptor, true) - BigInt(RAM_BASE));
    const end = start + view.getUint32(descriptor + 8, true);
    if (start >= 0 && end <= RAM_BYTES) allowed.fill(1, start, end);
  }

  #strayStores(allowed: Uint8Array): string[] {
    if (this.#hasOpenedAnew) allowed.fill(1, 0, RINGS_BYTES);
    const after = this.#memory();
    const bytes = this.#driver.bytes(RAM_BASE, RAM_BYTES);
    const before = new Uint8Array(this.#before.buffer);
    const stray: string[] = [];
    for (let index = 0; index < after.length; index++) {
      if (after[index] === this.#before[index]) continue;
      for (let at = index * 8; at < index * 8 + 8; at++) {
        if (bytes[at] !== before[at] && allowed[at] === 0) {
          stray.push(`a store to ${at.toString(16)}`);
        }
      }
    }
    for (const guard of this.#guards()) {
      if (guard.some((byte) => byte !== GUARD_BYTE)) stray.push("a store outside of RAM");
    }
    return stray;
  }

  #memory(): BigUint64Array {
    return new BigUint64Array(this.#driver.words.buffer, GUEST_RAM_OFFSET, RAM_BYTES / 8);
  }

  /** What lies beside RAM. */
  #guards(): Uint8Array[] {
    const { buffer } = this.#driver.words;
    return [
      new Uint8Array(buffer, GUEST_RAM_OFFSET - GUARD_BYTES, GUARD_BYTES),
      new Uint8Array(buffer, GUEST_RAM_OFFSET + RAM_BYTES, GUARD_BYTES),
    ];
  }

  #usable(): string[] {
    const driver = this.#driver;
    driver.start(1 << 9, QUEUE_SIZE);
    const flags = DescriptorFlag.WRITE;
    const status = driver.request(BlockRequest.IN, 1, { address: Place.DATA, length: 512, flags });
    const content = this.#disk.content.subarray(512, 1024);
    const isRead = driver.bytes(Place.DATA, 512).every((byte, index) => byte === content[index]);
    return status === BlockStatus.OK && isRead ? [] : ["the disk cannot be used after a reset"];
  }
}
