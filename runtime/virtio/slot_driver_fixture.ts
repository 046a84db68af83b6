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
import { DeviceStatus, Feature, MmioRegister } from "./registers.ts";
import {
  type Descriptor,
  flagsInChain,
  PackedRingDriver,
  type RingDriver,
  type RingFormat,
  SplitRingDriver,
  type UsedElement,
  writeDescriptor,
} from "./ring_driver_fixture.ts";
import type { VirtioSlot } from "./virtio_slot.ts";

export type { Descriptor, RingFormat };

/** Guest physical address of the fixture's RAM. */
export const RAM_BASE = 0x8000_0000;
/** Bytes of it. */
export const RAM_BYTES = 0x10_0000;
/** Index of the first word of its slot. */
export const SLOT_AT = 0x8_0000 >> 2;
const QUEUES = 2;
const VERSION_1_HIGH = 1 << (Feature.VERSION_1 - 32);
const PACKED_HIGH = 1 << (Feature.PACKED_RING - 32);

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

/** Where a queue is. */
export function queueBase(queue: number): number {
  return queue === 0 ? RAM_BASE : Place.SECOND_QUEUE;
}

/** What a slot's driver is made of. */
export interface SlotDriverParts {
  readonly device: Omit<SlotDevice, "agents">;
  readonly ramBytes?: number;
  /** Bytes of shared memory behind RAM. */
  readonly behindRam?: number;
  /** Default: MMIO. */
  readonly bus?: BusName;
  /** Default: split. */
  readonly format?: RingFormat;
  /** I/O workers that serve its queues. Default: one. */
  readonly workers?: number;
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
  /** Of its rings. */
  readonly format: RingFormat;
  readonly #rings: RingDriver[];

  constructor(parts: SlotDriverParts) {
    const { device, ramBytes = RAM_BYTES, behindRam = 0, bus = "mmio", format = "split" } = parts;
    const { workers = 1 } = parts;
    this.format = format;
    this.words = new Int32Array(new SharedArrayBuffer(GUEST_RAM_OFFSET + ramBytes + behindRam));
    this.view = new DataView(this.words.buffer, GUEST_RAM_OFFSET);
    this.words[Machine.HART_COUNT.offset >> 2] = 1;
    this.words[Machine.IO_WORKER_COUNT.offset >> 2] = workers;
    const Bus = bus === "mmio" ? MmioDriverBus : PciDriverBus;
    this.bus = new Bus(this.words, SLOT_AT, {
      setLevel: (asserted) => {
        if (asserted && !this.level) this.interrupts++;
        this.level = asserted;
      },
    });
    this.slot = this.bus.slot;
    const agents = Array.from({ length: workers }, (_, worker) => ioAgent(worker));
    const high = device.features.high | (format === "packed" ? PACKED_HIGH : 0);
    this.slot.install({ ...device, agents, features: { ...device.features, high } });
    this.stores = new DeviceStores(this.words, ioAgent(0));
    const place = { base: RAM_BASE, offset: GUEST_RAM_OFFSET, bytes: ramBytes };
    this.ram = new GuestRam(this.words, place);
    this.#rings = Array.from({ length: QUEUES }, (_, queue) => this.#ringOf(queue, 0));
  }

  #ringOf(queue: number, size: number): RingDriver {
    const descriptors = queueBase(queue) - RAM_BASE;
    const Format = this.format === "packed" ? PackedRingDriver : SplitRingDriver;
    return new Format(this.view, {
      descriptors,
      driver: descriptors + Place.DRIVER - Place.DESCRIPTORS,
      device: descriptors + Place.DEVICE - Place.DESCRIPTORS,
      size,
    });
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
    const isPacked = this.format === "packed";
    this.write(MmioRegister.DRIVER_FEATURES, VERSION_1_HIGH | (isPacked ? PACKED_HIGH : 0));
    const agreed = DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK;
    this.write(MmioRegister.STATUS, agreed);
    for (let queue = 0; queue < queues; queue++) this.openQueue(size, queue);
    this.write(MmioRegister.STATUS, agreed | DeviceStatus.DRIVER_OK);
  }

  openQueue(size: number, queue = 0): void {
    const base = queueBase(queue);
    new Uint8Array(this.words.buffer, GUEST_RAM_OFFSET + base - RAM_BASE, QUEUE_BYTES).fill(0);
    this.#rings[queue] = this.#ringOf(queue, size);
    this.write(MmioRegister.QUEUE_SELECT, queue);
    this.write(MmioRegister.QUEUE_SIZE, size);
    this.write(MmioRegister.QUEUE_DESCRIPTORS_LOW, base);
    this.write(MmioRegister.QUEUE_DRIVER_LOW, base + Place.DRIVER - Place.DESCRIPTORS);
    this.write(MmioRegister.QUEUE_DEVICE_LOW, base + Place.DEVICE - Place.DESCRIPTORS);
    this.write(MmioRegister.QUEUE_READY, 1);
  }

  /** Writes a descriptor of a table. */
  describe(table: number, index: number, descriptor: Descriptor): void {
    writeDescriptor(this.view, table - RAM_BASE + index * 16, descriptor, this.format);
  }

  /** Writes a chain of descriptors from `first` on; into a ring it comes when it is offered. */
  chain(
    first: number,
    descriptors: readonly Descriptor[],
    table: number = Place.DESCRIPTORS,
  ): void {
    const queue = this.#rings.findIndex((_, index) => queueBase(index) === table);
    if (queue >= 0) return this.#rings[queue].chain(first, descriptors);
    descriptors.forEach((descriptor, index) => {
      const flags = flagsInChain(descriptors, index);
      this.describe(table, first + index, { ...descriptor, flags, next: first + index + 1 });
    });
  }

  /** Makes the chain that begins at a descriptor available. */
  offer(head: number, queue = 0): void {
    this.#rings[queue].offer(head);
  }

  setAvailableIndex(index: number, queue = 0): void {
    this.#rings[queue].skipTo(index);
  }

  /** Chains that the device has given back. */
  usedOf(queue: number): number {
    return this.#rings[queue].used;
  }

  /** The same of the first queue. */
  get used(): number {
    return this.usedOf(0);
  }

  /** An element that was given back. */
  usedElement(index: number, queue = 0): UsedElement {
    return this.#rings[queue].usedElement(index);
  }

  /** Bytes of RAM. */
  bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.words.buffer, GUEST_RAM_OFFSET + address - RAM_BASE, length);
  }
}
