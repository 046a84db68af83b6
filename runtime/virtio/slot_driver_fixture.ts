/**
 * A driver and a slot on one thread: what tests do to a slot as a guest would. Who makes one brings the device, and calls
 * the worker's side by hand.
 */

import { ioAgent } from "../atomics/agents.ts";
import { DeviceStores } from "../atomics/device_store.ts";
import { GUEST_RAM_OFFSET, Machine } from "../atomics/shared_layout.ts";
import type { SlotDevice } from "./device_struct.ts";
import { type BusName, type DriverBus, MmioDriverBus, PciDriverBus } from "./driver_bus_fixture.ts";
import { GuestRam } from "./guest_ram.ts";
import { DescriptorFlag, DeviceStatus, MmioRegister } from "./registers.ts";
import type { VirtioSlot } from "./virtio_slot.ts";

/** Guest physical address of the fixture's RAM. */
export const RAM_BASE = 0x8000_0000;
/** Bytes of it. */
export const RAM_BYTES = 0x10_0000;
const SLOT_AT = 0x8_0000 >> 2;

/** Where the driver keeps its first queue, and what its requests are made of. */
export const Place = {
  DESCRIPTORS: RAM_BASE,
  DRIVER: RAM_BASE + 0x1000,
  DEVICE: RAM_BASE + 0x2000,
  HEADER: RAM_BASE + 0x3000,
  INDIRECT: RAM_BASE + 0x4000,
  STATUS: RAM_BASE + 0x3800,
  /** The second queue, with its parts as far from here as those of the first one are from the start. */
  SECOND_QUEUE: RAM_BASE + 0x5000,
  DATA: RAM_BASE + 0x1_0000,
} as const;

/** Bytes that a queue takes. */
export const QUEUE_BYTES = 0x3000;

/** Queues that there is room for. */
const QUEUES = 6;
const BEFORE_DATA = 4;
/** The queues for which there is no room before the data. */
const LAST_QUEUES = RAM_BASE + 0x8_0000;

/** Where a queue is. */
export function queueBase(queue: number): number {
  if (queue === 0) return RAM_BASE;
  return queue < BEFORE_DATA
    ? Place.SECOND_QUEUE + (queue - 1) * QUEUE_BYTES
    : LAST_QUEUES + (queue - BEFORE_DATA) * QUEUE_BYTES;
}

/** One descriptor as a driver writes it. */
export interface Descriptor {
  readonly address: number | bigint;
  readonly length: number;
  readonly flags?: number;
  readonly next?: number;
}

/** What a slot's driver is made of. */
export interface SlotDriverParts {
  readonly device: Omit<SlotDevice, "agent">;
  readonly ramBytes?: number;
  /** Bytes of shared memory behind RAM. */
  readonly behindRam?: number;
  /** Default: MMIO. */
  readonly bus?: BusName;
}

/** See the header of this file. */
export class SlotDriver {
  readonly words: Int32Array;
  readonly view: DataView;
  readonly bus: DriverBus;
  readonly slot: VirtioSlot;
  readonly stores: DeviceStores;
  readonly ram: GuestRam;
  /** Level of the interrupt line, and how often it rose. */
  level = false;
  interrupts = 0;
  readonly #available = new Array<number>(QUEUES).fill(0);
  readonly #sizes = new Array<number>(QUEUES).fill(0);

  constructor({ device, ramBytes = RAM_BYTES, behindRam = 0, bus = "mmio" }: SlotDriverParts) {
    this.words = new Int32Array(new SharedArrayBuffer(GUEST_RAM_OFFSET + ramBytes + behindRam));
    this.view = new DataView(this.words.buffer, GUEST_RAM_OFFSET);
    this.words[Machine.HART_COUNT.offset >> 2] = 1;
    this.words[Machine.IO_WORKER_COUNT.offset >> 2] = 1;
    const Bus = bus === "mmio" ? MmioDriverBus : PciDriverBus;
    this.bus = new Bus(this.words, SLOT_AT, {
      setLevel: (asserted) => {
        if (asserted && !this.level) this.interrupts++;
        this.level = asserted;
      },
    });
    this.slot = this.bus.slot;
    const agent = ioAgent(0);
    this.slot.install({ ...device, agent });
    this.stores = new DeviceStores(this.words, agent);
    const place = { base: RAM_BASE, offset: GUEST_RAM_OFFSET, bytes: ramBytes };
    this.ram = new GuestRam(this.words, place);
  }

  read(register: number, size = 4): number {
    return this.bus.read(register, size);
  }

  /** @returns whether the slot asks to repeat the access */
  write(register: number, low: number, size = 4): boolean {
    return this.bus.write(register, low, size);
  }

  /** The bus, where it is PCI. */
  get pci(): PciDriverBus {
    if (this.bus instanceof PciDriverBus) return this.bus;
    throw new TypeError("Cannot reach a PCI bus: this driver has none");
  }

  get status(): number {
    return this.read(MmioRegister.STATUS);
  }

  /** Brings the device up with these features (besides version 1) and its queues. */
  start(features: number, size = 8, queues = 1): void {
    this.bus.prepare();
    this.write(MmioRegister.STATUS, 0);
    this.write(MmioRegister.STATUS, DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER);
    this.write(MmioRegister.DRIVER_FEATURES_SELECT, 0);
    this.write(MmioRegister.DRIVER_FEATURES, features);
    this.write(MmioRegister.DRIVER_FEATURES_SELECT, 1);
    this.write(MmioRegister.DRIVER_FEATURES, 1);
    const agreed = DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK;
    this.write(MmioRegister.STATUS, agreed);
    for (let queue = 0; queue < queues; queue++) this.openQueue(size, queue);
    this.write(MmioRegister.STATUS, agreed | DeviceStatus.DRIVER_OK);
  }

  openQueue(size: number, queue = 0): void {
    const base = queueBase(queue);
    new Uint8Array(this.words.buffer, GUEST_RAM_OFFSET + base - RAM_BASE, QUEUE_BYTES).fill(0);
    this.#available[queue] = 0;
    this.#sizes[queue] = size;
    this.write(MmioRegister.QUEUE_SELECT, queue);
    this.write(MmioRegister.QUEUE_SIZE, size);
    this.write(MmioRegister.QUEUE_DESCRIPTORS_LOW, base);
    this.write(MmioRegister.QUEUE_DRIVER_LOW, this.#driverArea(queue));
    this.write(MmioRegister.QUEUE_DEVICE_LOW, this.#deviceArea(queue));
    this.write(MmioRegister.QUEUE_READY, 1);
  }

  #driverArea(queue: number): number {
    return queueBase(queue) + Place.DRIVER - Place.DESCRIPTORS;
  }

  #deviceArea(queue: number): number {
    return queueBase(queue) + Place.DEVICE - Place.DESCRIPTORS;
  }

  /** Writes a descriptor of a table. */
  describe(table: number, index: number, { address, length, flags = 0, next = 0 }: Descriptor) {
    const at = table - RAM_BASE + index * 16;
    this.view.setBigUint64(at, BigInt(address), true);
    this.view.setUint32(at + 8, length, true);
    this.view.setUint16(at + 12, flags, true);
    this.view.setUint16(at + 14, next, true);
  }

  /** Writes a chain of descriptors from `first` on. */
  chain(
    first: number,
    descriptors: readonly Descriptor[],
    table: number = Place.DESCRIPTORS,
  ): void {
    descriptors.forEach((descriptor, place) => {
      const isLast = place === descriptors.length - 1;
      const flags = (descriptor.flags ?? 0) | (isLast ? 0 : DescriptorFlag.NEXT);
      this.describe(table, first + place, { ...descriptor, flags, next: first + place + 1 });
    });
  }

  /** Makes the chain that begins at a descriptor available. */
  offer(head: number, queue = 0): void {
    const index = this.#available[queue];
    const entry = this.#driverArea(queue) - RAM_BASE + 4 + index % this.#sizes[queue] * 2;
    this.view.setUint16(entry, head, true);
    this.#available[queue] = (index + 1) & 0xffff;
    this.setAvailableIndex(this.#available[queue], queue);
  }

  setAvailableIndex(index: number, queue = 0): void {
    this.view.setUint16(this.#driverArea(queue) - RAM_BASE + 2, index, true);
  }

  /** Index up to which the device has given chains back. */
  usedOf(queue: number): number {
    return this.view.getUint16(this.#deviceArea(queue) - RAM_BASE + 2, true);
  }

  /** The same of the first queue. */
  get used(): number {
    return this.usedOf(0);
  }

  /** An element that was given back. */
  usedElement(index: number, queue = 0): { readonly head: number; readonly written: number } {
    const at = this.#deviceArea(queue) - RAM_BASE + 4 + index % this.#sizes[queue] * 8;
    return { head: this.view.getUint32(at, true), written: this.view.getUint32(at + 4, true) };
  }

  /** Bytes of RAM. */
  bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.words.buffer, GUEST_RAM_OFFSET + address - RAM_BASE, length);
  }
}
