/**
 * What a hostile driver does to one device: random registers, rings, chains and tables, and resets at any moment, also
 * in the middle of a request. On the PCI bus it also writes to the configuration space, and to registers by halves.
 *
 * Afterwards three things must hold. The device has stored only where the driver allowed it: into its used rings, or the
 * second half of a packed ring's descriptors, into buffers that a descriptor calls writable, and nowhere outside of RAM. It came back from each ring. And after a reset
 * it is a device like any other.
 */
import { GUEST_RAM_OFFSET } from "../../../runtime/atomics/shared_layout.ts";
import { QUEUE_SIZE_MAX } from "../../../runtime/virtio/device_struct.ts";
import { PciDriverBus } from "../../../runtime/virtio/driver_bus_fixture.ts";
import { CommonRegister } from "../../../runtime/virtio/pci_registers.ts";
import { DescriptorFlag, DeviceStatus, MmioRegister } from "../../../runtime/virtio/registers.ts";
import { FLAGS_AT } from "../../../runtime/virtio/ring_driver_fixture.ts";
import {
  type Descriptor,
  Place,
  QUEUE_BYTES,
  queueBase,
  RAM_BASE,
  type SlotDriver,
} from "../../../runtime/virtio/slot_driver_fixture.ts";
import { SeededRandom } from "../../differential/seeded_random.ts";

/** Bytes of RAM of a device under attack. */
export const ATTACK_RAM_BYTES = 0x2_0000;
/** Bytes behind its RAM that nobody may store to; as many are before it. */
export const GUARD_BYTES = 0x1000;
const GUARD_BYTE = 0xa5;
/** Descriptors of each of its queues. */
export const ATTACK_QUEUE_SIZE = 8;
/** Descriptors of a chain at most. */
const CHAIN_DESCRIPTORS = 4;
const USED_RING_BYTES = 0x1000;
/** Everything below is full of random bytes before an attack. */
const RANDOM_BYTES = 0x8000;
const DESCRIPTOR_BYTES = 16;
/** Where a device writes in a descriptor of a packed ring. */
const USED_PART = 8;
const INDIRECT_TABLE = { at: Place.INDIRECT as number, entries: 32 };
/** A queue that was given no size has the largest on the PCI bus. */
const PCI_QUEUE_SIZE = QUEUE_SIZE_MAX;
const CONFIGURATION_WORDS = 64;
const REGISTERS = Object.values(MmioRegister).filter((offset) => offset < MmioRegister.CONFIG);
/** Registers that tell the device where its rings are: the driver of this test allows one place for each. */
const KEPT: readonly number[] = [
  MmioRegister.QUEUE_DEVICE_LOW,
  MmioRegister.QUEUE_DEVICE_HIGH,
  MmioRegister.QUEUE_DESCRIPTORS_LOW,
  MmioRegister.QUEUE_DESCRIPTORS_HIGH,
];

/** Registers of the same kind on the PCI bus. */
const KEPT_IN_MEMORY: readonly number[] = [
  CommonRegister.QUEUE_DEVICE_LOW,
  CommonRegister.QUEUE_DEVICE_HIGH,
  CommonRegister.QUEUE_DESCRIPTORS_LOW,
  CommonRegister.QUEUE_DESCRIPTORS_HIGH,
];

/** Counts of what was tried. */
export interface AttackCounts {
  rings: number;
  refused: number;
  requests: number;
  resets: number;
}

/** A device that can be attacked. */
export interface AttackTarget {
  /** Its driver, with {@linkcode ATTACK_RAM_BYTES} of RAM and {@linkcode GUARD_BYTES} behind it. */
  readonly driver: SlotDriver;
  /** Number of its queues. */
  readonly queues: number;
  /** Feature sets to choose from, without version 1. */
  readonly features: readonly number[];
  /** Called when the device is at work. */
  atWork: () => void;
  /** A chain for a queue, of at most four descriptors; it need not be one that makes sense. */
  chain(random: SeededRandom, queue: number): readonly Descriptor[];
  /** Has the worker serve a queue that was rung, and whatever else it has to do. */
  serve(queue: number): void;
  /** Requests that came through since the last call. */
  takeRequests(): number;
  /** Resets the device and uses it. @returns what is wrong with it */
  usable(): string[];
}

/** A buffer somewhere in RAM or where none may be. */
export function randomBuffer(random: SeededRandom, isWritable: boolean, unit: number): Descriptor {
  const flags = random.chance(97) === isWritable ? DescriptorFlag.WRITE : 0;
  if (random.chance(90)) {
    const length = unit * random.between(1, 4);
    return { address: Place.DATA + unit * random.below(0x8000 / unit), length, flags };
  }
  const address = random.chance(50)
    ? RAM_BASE + ATTACK_RAM_BYTES - random.below(1024)
    : random.register() & 0xffff_ffff_ffff_ffffn;
  return { address, length: random.chance(50) ? random.below(2048) : random.word(), flags };
}

/** One device under attack; a seed says how. */
export class RingAttack {
  /** What was tried so far. */
  readonly counts: AttackCounts = { rings: 0, refused: 0, requests: 0, resets: 0 };
  readonly #target: AttackTarget;
  readonly #driver: SlotDriver;
  /** Descriptors of the driver's tables. */
  readonly #tables: readonly { readonly at: number; readonly entries: number }[];
  readonly #before = new BigUint64Array(ATTACK_RAM_BYTES / 8);
  #random = new SeededRandom(0);
  /** Has the driver written its rings anew while the device was at work? */
  #hasOpenedAnew = false;

  constructor(target: AttackTarget) {
    this.#target = target;
    this.#driver = target.driver;
    this.#tables = [
      ...this.#queues().map((queue) => ({ at: queueBase(queue), entries: ATTACK_QUEUE_SIZE })),
      INDIRECT_TABLE,
    ];
    this.#guards().forEach((guard) => guard.fill(GUARD_BYTE));
  }

  #queues(): number[] {
    return Array.from({ length: this.#target.queues }, (_, queue) => queue);
  }

  /** Carries one attack out. @returns what went wrong */
  run(seed: number): string[] {
    this.#random = new SeededRandom(seed);
    const random = this.#random;
    this.#target.takeRequests();
    this.#target.atWork = () => {
      if (random.chance(5)) this.#reset();
    };
    this.#fillMemory();
    this.#start();
    const wrong: string[] = [];
    const steps = random.between(1, 6);
    for (let step = 0; step < steps; step++) wrong.push(...this.#step());
    this.#target.atWork = () => {};
    return [...wrong, ...this.#target.usable()];
  }

  #start(): void {
    const features = this.#random.pick(this.#target.features);
    this.#driver.start(features, ATTACK_QUEUE_SIZE, this.#target.queues);
  }

  #reset(): void {
    this.counts.resets++;
    this.#driver.write(MmioRegister.STATUS, 0);
    if (!this.#random.chance(50)) return;
    this.#hasOpenedAnew = true;
    this.#start();
  }

  #fillMemory(): void {
    const bytes = this.#driver.bytes(RAM_BASE, ATTACK_RAM_BYTES);
    for (let at = 0; at < RANDOM_BYTES; at++) bytes[at] = this.#random.below(256);
  }

  #step(): string[] {
    const random = this.#random;
    for (let count = random.below(4); count > 0; count--) this.#writeRegister();
    if (this.#driver.bus instanceof PciDriverBus) this.#disturb(this.#driver.bus);
    if ((this.#driver.status & DeviceStatus.NEEDS_RESET) !== 0 && random.chance(90)) this.#start();
    for (const queue of this.#queues()) this.#offerTo(queue);
    const allowed = this.#allowed();
    this.#hasOpenedAnew = false;
    this.#before.set(this.#memory());
    try {
      for (const queue of this.#queues()) {
        this.#driver.write(MmioRegister.QUEUE_NOTIFY, queue);
        this.#target.serve(queue);
      }
    } catch (error) {
      return [`the worker failed: ${error}`];
    }
    this.counts.rings++;
    this.counts.requests += this.#target.takeRequests();
    if ((this.#driver.status & DeviceStatus.NEEDS_RESET) !== 0) this.counts.refused++;
    return this.#strayStores(allowed);
  }

  #offerTo(queue: number): void {
    const random = this.#random;
    for (let first = 0; first < ATTACK_QUEUE_SIZE; first += CHAIN_DESCRIPTORS) {
      this.#offerChain(first, queue);
    }
    if (random.chance(10)) this.#driver.setAvailableIndex(random.below(0x1_0000), queue);
    if (!random.chance(5)) return;
    this.#driver.openQueue(random.pick([0, 1, 2, 4, 7, ATTACK_QUEUE_SIZE]), queue);
  }

  #writeRegister(): void {
    const random = this.#random;
    const register = random.pick(REGISTERS);
    if (KEPT.includes(register)) return;
    const value = random.chance(50) ? random.below(16) : random.word() | 0;
    this.#driver.write(register, value, random.pick([4, 4, 4, 1, 2, 8]));
  }

  /** Writes where only drivers of this bus can. */
  #disturb(bus: PciDriverBus): void {
    const random = this.#random;
    const value = random.chance(50) ? random.below(8) : random.word() | 0;
    const size = random.pick([1, 2, 4, 8]);
    const offset = random.below(0x40) & -size;
    if (random.chance(20) && !KEPT_IN_MEMORY.includes(offset & ~3)) {
      bus.writeMemory(offset, value, size);
    }
    if (random.chance(10)) bus.readMemory(random.below(0x4000) & -size, size);
    if (random.chance(5)) bus.configure(4 * random.below(CONFIGURATION_WORDS), value);
    if (random.chance(5)) bus.configuration(4 * random.below(CONFIGURATION_WORDS));
  }

  #offerChain(first: number, queue: number): void {
    const random = this.#random;
    const chain = this.#target.chain(random, queue);
    if (random.chance(30)) this.#offerIndirect(chain, first, queue);
    else this.#driver.chain(first, chain, queueBase(queue));
    if (random.chance(15)) this.#mutate();
    this.#driver.offer(random.chance(97) ? first : random.below(0x1_0000), queue);
  }

  #offerIndirect(chain: readonly Descriptor[], first: number, queue: number): void {
    const random = this.#random;
    this.#driver.chain(0, chain, Place.INDIRECT);
    this.#driver.describe(queueBase(queue), first, {
      address: random.chance(95) ? Place.INDIRECT : random.word(),
      length: random.chance(90) ? chain.length * DESCRIPTOR_BYTES : random.below(600),
      flags: DescriptorFlag.INDIRECT | (random.chance(5) ? random.below(8) : 0),
    });
  }

  /** Changes a byte of a table. */
  #mutate(): void {
    const { at, entries } = this.#random.pick(this.#tables);
    const place = at - RAM_BASE + this.#random.below(entries * DESCRIPTOR_BYTES);
    this.#driver.view.setUint8(place, this.#random.below(256));
  }

  /** A bit for each byte of RAM that the device may store to. */
  #allowed(): Uint8Array {
    const allowed = new Uint8Array(ATTACK_RAM_BYTES);
    for (const queue of this.#queues()) {
      const device = queueBase(queue) - RAM_BASE + Place.DEVICE - Place.DESCRIPTORS;
      allowed.fill(1, device, device + USED_RING_BYTES);
    }
    const isPci = this.#driver.bus instanceof PciDriverBus;
    // A driver that agrees on other features in the middle may find its ring in either format.
    const isPacked = this.#driver.format === "packed";
    const flagPlaces = isPacked ? Object.values(FLAGS_AT) : [FLAGS_AT.split];
    for (const table of this.#tables) {
      const reachable = isPci ? Math.max(table.entries, PCI_QUEUE_SIZE) : table.entries;
      for (let index = 0; index < reachable; index++) {
        const descriptor = table.at - RAM_BASE + index * DESCRIPTOR_BYTES;
        for (const flagsAt of flagPlaces) this.#allow(allowed, descriptor, flagsAt);
        if (!isPacked || table === INDIRECT_TABLE) continue;
        allowed.fill(1, descriptor + USED_PART, descriptor + DESCRIPTOR_BYTES);
      }
    }
    return allowed;
  }

  #allow(allowed: Uint8Array, descriptor: number, flagsAt: number): void {
    const { view } = this.#driver;
    if ((view.getUint16(descriptor + flagsAt, true) & DescriptorFlag.WRITE) === 0) return;
    const start = Number(view.getBigUint64(descriptor, true) - BigInt(RAM_BASE));
    const end = start + view.getUint32(descriptor + 8, true);
    if (start >= 0 && end <= ATTACK_RAM_BYTES) allowed.fill(1, start, end);
  }

  #strayStores(allowed: Uint8Array): string[] {
    for (const queue of this.#hasOpenedAnew ? this.#queues() : []) {
      const base = queueBase(queue) - RAM_BASE;
      allowed.fill(1, base, base + QUEUE_BYTES);
    }
    const after = this.#memory();
    const bytes = this.#driver.bytes(RAM_BASE, ATTACK_RAM_BYTES);
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
    return new BigUint64Array(this.#driver.words.buffer, GUEST_RAM_OFFSET, ATTACK_RAM_BYTES / 8);
  }

  /** What lies beside RAM. */
  #guards(): Uint8Array[] {
    const { buffer } = this.#driver.words;
    return [
      new Uint8Array(buffer, GUEST_RAM_OFFSET - GUARD_BYTES, GUARD_BYTES),
      new Uint8Array(buffer, GUEST_RAM_OFFSET + ATTACK_RAM_BYTES, GUARD_BYTES),
    ];
  }
}
