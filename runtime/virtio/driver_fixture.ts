/**
 * A driver and a disk on one thread: what tests do to a slot as a guest would, with the worker's side called by hand.
 */

import { ioAgent } from "../atomics/agents.ts";
import { DeviceStores } from "../atomics/device_store.ts";
import { GUEST_RAM_OFFSET, Machine } from "../atomics/shared_layout.ts";
import { createMmioAccess } from "../devices/device.ts";
import { BlockDevice } from "./block_device.ts";
import { blockConfig, blockFeatures, BlockHeader } from "./block_protocol.ts";
import type { Disk } from "./disk.ts";
import { GuestRam } from "./guest_ram.ts";
import { MmioSlot } from "./mmio_slot.ts";
import { QueueServer } from "./queue_server.ts";
import { DescriptorFlag, DeviceId, DeviceStatus, MmioRegister } from "./registers.ts";

/** Guest physical address of the fixture's RAM. */
export const RAM_BASE = 0x8000_0000;
/** Bytes of it. */
export const RAM_BYTES = 0x10_0000;
const SLOT_AT = 0x8_0000 >> 2;

/** Where the driver keeps its queue. */
export const Place = {
  DESCRIPTORS: RAM_BASE,
  DRIVER: RAM_BASE + 0x1000,
  DEVICE: RAM_BASE + 0x2000,
  HEADER: RAM_BASE + 0x3000,
  INDIRECT: RAM_BASE + 0x4000,
  STATUS: RAM_BASE + 0x3800,
  DATA: RAM_BASE + 0x1_0000,
} as const;

/** A disk of a few kilobytes that notes what it is asked. */
export class MemoryDisk implements Disk {
  /** Content. */
  readonly content: Uint8Array;
  /** Calls, in order. */
  readonly calls: string[] = [];
  /** Called before each access. */
  before: () => void = () => {};

  /** A disk full of a pattern. */
  constructor(bytes = 0x4000) {
    this.content = Uint8Array.from({ length: bytes }, (_, index) => index % 251);
  }

  /** See `Disk`. */
  get bytes(): number {
    return this.content.length;
  }

  /** See `Disk`. */
  read(position: number, into: Uint8Array): void {
    this.#note(`read ${position} ${into.length}`);
    into.set(this.content.subarray(position, position + into.length));
  }

  /** See `Disk`. */
  write(position: number, from: Uint8Array): void {
    this.#note(`write ${position} ${from.length}`);
    this.content.set(from, position);
  }

  /** See `Disk`. */
  flush(): void {
    this.#note("flush");
  }

  /** See `Disk`. */
  discard(position: number, length: number): void {
    this.#note(`discard ${position} ${length}`);
  }

  /** See `Disk`. */
  close(): void {}

  #note(call: string): void {
    this.before();
    this.calls.push(call);
  }
}

/** One descriptor as a driver writes it. */
export interface Descriptor {
  readonly address: number | bigint;
  readonly length: number;
  readonly flags?: number;
  readonly next?: number;
}

/** See the header of this file. */
export class DriverFixture {
  readonly words: Int32Array;
  readonly view: DataView;
  readonly disk: MemoryDisk;
  readonly slot: MmioSlot;
  readonly stores: DeviceStores;
  readonly server: QueueServer;
  /** Level of the interrupt line, and how often it rose. */
  level = false;
  interrupts = 0;
  readonly #access = createMmioAccess(0);
  #available = 0;
  #size = 0;

  constructor({
    disk = new MemoryDisk(),
    isReadonly = false,
    isUnsafe = false,
    ramBytes = RAM_BYTES,
    behindRam = 0,
  } = {}) {
    this.words = new Int32Array(new SharedArrayBuffer(GUEST_RAM_OFFSET + ramBytes + behindRam));
    this.view = new DataView(this.words.buffer, GUEST_RAM_OFFSET);
    this.disk = disk;
    this.words[Machine.HART_COUNT.offset >> 2] = 1;
    this.words[Machine.IO_WORKER_COUNT.offset >> 2] = 1;
    this.slot = new MmioSlot(this.words, SLOT_AT, {
      setLevel: (asserted) => {
        if (asserted && !this.level) this.interrupts++;
        this.level = asserted;
      },
    });
    const agent = ioAgent(0);
    this.slot.struct.install({
      id: DeviceId.BLOCK,
      agent,
      features: blockFeatures(isReadonly),
      queues: 1,
      config: blockConfig(disk.bytes),
    });
    this.stores = new DeviceStores(this.words, agent);
    const place = { base: RAM_BASE, offset: GUEST_RAM_OFFSET, bytes: ramBytes };
    const ram = new GuestRam(this.words, place);
    const handler = new BlockDevice({
      struct: this.slot.struct,
      stores: this.stores,
      disk,
      isReadonly,
      isUnsafe,
      serial: new TextEncoder().encode("serial-1"),
    });
    this.server = new QueueServer({ slot: this.slot, queue: 0, ram, stores: this.stores, handler });
  }

  read(offset: number, size = 4): number {
    Object.assign(this.#access, { offset, size, low: 0, high: 0, retry: false });
    this.slot.load(this.#access);
    return this.#access.low >>> 0;
  }

  /** @returns whether the slot asks to repeat the access */
  write(offset: number, low: number, size = 4): boolean {
    Object.assign(this.#access, { offset, size, low, high: 0, retry: false });
    this.slot.store(this.#access);
    return this.#access.retry;
  }

  get status(): number {
    return this.read(MmioRegister.STATUS);
  }

  /** Brings the device up with these features (besides version 1) and a queue. */
  start(features: number, size = 8): void {
    this.write(MmioRegister.STATUS, 0);
    this.write(MmioRegister.STATUS, DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER);
    this.write(MmioRegister.DRIVER_FEATURES_SELECT, 0);
    this.write(MmioRegister.DRIVER_FEATURES, features);
    this.write(MmioRegister.DRIVER_FEATURES_SELECT, 1);
    this.write(MmioRegister.DRIVER_FEATURES, 1);
    const agreed = DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK;
    this.write(MmioRegister.STATUS, agreed);
    this.openQueue(size);
    this.write(MmioRegister.STATUS, agreed | DeviceStatus.DRIVER_OK);
  }

  openQueue(size: number): void {
    new Uint8Array(this.words.buffer, GUEST_RAM_OFFSET, 0x3000).fill(0);
    this.#available = 0;
    this.#size = size;
    this.write(MmioRegister.QUEUE_SELECT, 0);
    this.write(MmioRegister.QUEUE_SIZE, size);
    this.write(MmioRegister.QUEUE_DESCRIPTORS_LOW, Place.DESCRIPTORS);
    this.write(MmioRegister.QUEUE_DRIVER_LOW, Place.DRIVER);
    this.write(MmioRegister.QUEUE_DEVICE_LOW, Place.DEVICE);
    this.write(MmioRegister.QUEUE_READY, 1);
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

  /** Writes the header of a request. */
  header(type: number, sector: number, at: number = Place.HEADER): Descriptor {
    this.view.setUint32(at - RAM_BASE, type, true);
    this.view.setBigUint64(at - RAM_BASE + BlockHeader.SECTOR, BigInt(sector), true);
    return { address: at, length: BlockHeader.BYTES };
  }

  /** The last descriptor of a request. */
  get statusByte(): Descriptor {
    this.view.setUint8(Place.STATUS - RAM_BASE, 0xee);
    return { address: Place.STATUS, length: 1, flags: DescriptorFlag.WRITE };
  }

  /** Makes the chain that begins at a descriptor available. */
  offer(head: number): void {
    this.view.setUint16(Place.DRIVER - RAM_BASE + 4 + this.#available % this.#size * 2, head, true);
    this.#available = (this.#available + 1) & 0xffff;
    this.setAvailableIndex(this.#available);
  }

  setAvailableIndex(index: number): void {
    this.view.setUint16(Place.DRIVER - RAM_BASE + 2, index, true);
  }

  /** Rings the doorbell and lets the worker serve. */
  ring(): void {
    this.write(MmioRegister.QUEUE_NOTIFY, 0);
    this.server.serve(() => false);
  }

  /** Index up to which the device has given chains back. */
  get used(): number {
    return this.view.getUint16(Place.DEVICE - RAM_BASE + 2, true);
  }

  /** An element that was given back. */
  usedElement(index: number): { readonly head: number; readonly written: number } {
    const at = Place.DEVICE - RAM_BASE + 4 + index % this.#size * 8;
    return { head: this.view.getUint32(at, true), written: this.view.getUint32(at + 4, true) };
  }

  /** Status of the last request. */
  get result(): number {
    return this.view.getUint8(Place.STATUS - RAM_BASE);
  }

  /** Bytes of RAM. */
  bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.words.buffer, GUEST_RAM_OFFSET + address - RAM_BASE, length);
  }

  /** Makes one request of up to three parts, and lets the worker serve it. @returns its status */
  request(type: number, sector: number, data?: Descriptor): number {
    this.chain(0, [this.header(type, sector), ...(data ? [data] : []), this.statusByte]);
    this.offer(0);
    this.ring();
    return this.result;
  }
}
