/**
 * A driver and a disk on one thread.
 */

import type {
  CacheMode,
  ReadErrorPolicy,
  WriteErrorPolicy,
  ZeroDetection,
} from "../machine/drive_options.ts";
import { BlockDevice } from "./block_device.ts";
import { type DriveFailure, ErrorDecision } from "./block_errors.ts";
import { blockConfig, blockFeatures, BlockHeader } from "./block_protocol.ts";
import type { Disk } from "./disk.ts";
import type { BusName } from "./driver_bus_fixture.ts";
import { QueueServer } from "./queue_server.ts";
import { DescriptorFlag, DeviceId, MmioRegister } from "./registers.ts";
import {
  type Descriptor,
  Place,
  RAM_BASE,
  RAM_BYTES,
  type RingFormat,
  SlotDriver,
} from "./slot_driver_fixture.ts";

export { type Descriptor, Place, RAM_BASE, RAM_BYTES };

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
  writeZeros(position: number, length: number, mayDiscard: boolean): void {
    this.#note(`zeros ${position} ${length}${mayDiscard ? " discard" : ""}`);
    this.content.fill(0, position, position + length);
  }

  /** See `Disk`. */
  close(): void {}

  #note(call: string): void {
    this.before();
    this.calls.push(call);
  }
}

/** See the header of this file. */
export class DriverFixture extends SlotDriver {
  readonly disk: MemoryDisk;
  readonly server: QueueServer;
  /** What the user was told. */
  readonly failures: DriveFailure[] = [];

  constructor({
    disk = new MemoryDisk(),
    isReadonly = false,
    cache = "writeback" as CacheMode,
    discards = true,
    detectZeroes = "off" as ZeroDetection,
    werror = "enospc" as WriteErrorPolicy,
    rerror = "report" as ReadErrorPolicy,
    ramBytes = RAM_BYTES,
    behindRam = 0,
    bus = "mmio" as BusName,
    format = "split" as RingFormat,
  } = {}) {
    const device = {
      id: DeviceId.BLOCK,
      features: blockFeatures(isReadonly),
      queues: 1,
      config: blockConfig(disk.bytes),
    };
    super({ device, ramBytes, behindRam, bus, format });
    this.disk = disk;
    const { slot, ram, stores } = this;
    const handler = new BlockDevice({
      struct: slot.struct,
      stores,
      disk,
      isReadonly,
      cache,
      discards,
      detectZeroes,
      errors: new ErrorDecision({
        slot: 0,
        werror,
        rerror,
        tell: (failure) => this.failures.push(failure),
      }),
      serial: new TextEncoder().encode("serial-1"),
    });
    this.server = new QueueServer({ slot, queue: 0, ram, stores, handler });
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

  /** Rings the doorbell and lets the worker serve. */
  ring(): void {
    this.write(MmioRegister.QUEUE_NOTIFY, 0);
    this.server.serve(() => false);
  }

  /** Status of the last request. */
  get result(): number {
    return this.view.getUint8(Place.STATUS - RAM_BASE);
  }

  /** Makes one request of up to three parts, and lets the worker serve it. @returns its status */
  request(type: number, sector: number, data?: Descriptor): number {
    this.chain(0, [this.header(type, sector), ...(data ? [data] : []), this.statusByte]);
    this.offer(0);
    this.ring();
    return this.result;
  }
}
