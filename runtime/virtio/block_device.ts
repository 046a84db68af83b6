/**
 * A disk behind a queue: "Device Operation" of "Block Device" in the virtio specification.
 *
 * Requests are carried out one after the other, in the order of the queue, and each by the thread that took it. What
 * the guest writes is copied out of its memory before the host sees it, and what it reads comes in by one copy: a file
 * is not read straight into guest memory, because others would have to wait for the host then (`RATIONALE.md`). A copy that was made while the device was being reset is thrown
 * away before anything is written.
 *
 * A driver that has not agreed on FLUSH cannot ask for it: each of its writes is flushed.
 *
 * A request that the host fails is an error to the guest, or is made again after a pause: see `block_errors.ts`.
 */

import { isAllZero } from "../disk_images/zeros.ts";
import type { DeviceStores } from "../atomics/device_store.ts";
import {
  BlockFeature,
  BlockHeader,
  BlockRequest,
  BlockStatus,
  MAX_RANGE_SECTORS,
  RANGE_UNMAP,
  RangeField,
  SECTOR_BYTES,
  SERIAL_BYTES,
} from "./block_protocol.ts";
import { type DescriptorChain, RingFault } from "./descriptor_chain.ts";
import { SlotCounter, type SlotStruct } from "./device_struct.ts";
import type { Disk } from "./disk.ts";
import { AGAIN, type Outcome, type RequestHandler } from "./queue_server.ts";
import type { ErrorDecision } from "./block_errors.ts";
import type { CacheMode, ZeroDetection } from "../machine/drive_options.ts";

/** Bytes that are copied at a time. */
export const BOUNCE_BYTES = 0x4_0000;
const STATUS_BYTES = 1;
/** Where requests are counted. */
const COUNTERS: ReadonlyMap<number, number> = new Map([
  [BlockRequest.IN, SlotCounter.READS],
  [BlockRequest.OUT, SlotCounter.WRITES],
  [BlockRequest.FLUSH, SlotCounter.FLUSHES],
]);

/** What a block device is made of. */
export interface BlockParts {
  /** Its slot's words. */
  readonly struct: SlotStruct;
  /** The worker's stores. */
  readonly stores: DeviceStores;
  /** What it is kept in. */
  readonly disk: Disk;
  /** Is nothing written? */
  readonly isReadonly: boolean;
  /** How writes are kept. */
  readonly cache: CacheMode;
  /** Is the place of what is discarded given up? */
  readonly discards: boolean;
  /** What becomes of zeros. */
  readonly detectZeroes: ZeroDetection;
  /** What is done when the host fails. */
  readonly errors: ErrorDecision;
  /** What it tells about itself, at most {@linkcode SERIAL_BYTES} bytes. */
  readonly serial: Uint8Array;
}

/** See the header of this file. */
export class BlockDevice implements RequestHandler {
  readonly #parts: BlockParts;
  readonly #bounce = new Uint8Array(BOUNCE_BYTES);
  readonly #header = new DataView(new ArrayBuffer(BlockHeader.BYTES));
  readonly #range = new DataView(new ArrayBuffer(RangeField.BYTES));

  /** A disk of a slot. */
  constructor(parts: BlockParts) {
    this.#parts = parts;
  }

  /** See `RequestHandler`. */
  handle(chain: DescriptorChain, isCurrent: () => boolean): Outcome | typeof AGAIN | null {
    const { readable, writable } = chain;
    if (readable.total < BlockHeader.BYTES || writable.total < STATUS_BYTES) {
      throw new RingFault("a request of a disk without header or status");
    }
    readable.copy(0, new Uint8Array(this.#header.buffer));
    if (!isCurrent()) return null;
    const type = this.#header.getUint32(BlockHeader.TYPE, true);
    let outcome: Outcome | typeof AGAIN | null;
    try {
      outcome = this.#carryOut(type, chain, isCurrent);
    } catch (error) {
      if (error instanceof RingFault) throw error;
      outcome = this.#afterError(error, type, chain);
    }
    if (outcome !== AGAIN) this.#parts.struct.count(COUNTERS.get(type) ?? SlotCounter.OTHERS, 1);
    return outcome;
  }

  #afterError(error: unknown, type: number, { writable }: DescriptorChain): Outcome | typeof AGAIN {
    const isRead = type === BlockRequest.IN;
    switch (this.#parts.errors.decide(error, isRead ? "read" : "write")) {
      case "stop":
        return AGAIN;
      case "ignore":
        return done(isRead ? writable.total - STATUS_BYTES : 0);
      case "report":
        return this.#failed();
    }
  }

  #carryOut(type: number, chain: DescriptorChain, isCurrent: () => boolean): Outcome | null {
    switch (type) {
      case BlockRequest.IN:
        return this.#read(chain, isCurrent);
      case BlockRequest.OUT:
        return this.#write(chain, isCurrent);
      case BlockRequest.FLUSH:
        if (this.#parts.cache !== "unsafe") this.#parts.disk.flush();
        return done(0);
      case BlockRequest.GET_ID:
        return this.#tellSerial(chain, isCurrent);
      case BlockRequest.DISCARD:
        return this.#clear(chain, isCurrent, 0);
      case BlockRequest.WRITE_ZEROES:
        return this.#clear(chain, isCurrent, RANGE_UNMAP);
      default:
        return { written: STATUS_BYTES, status: BlockStatus.UNSUPPORTED };
    }
  }

  #read({ writable }: DescriptorChain, isCurrent: () => boolean): Outcome | null {
    const { disk, stores, struct } = this.#parts;
    const length = writable.total - STATUS_BYTES;
    const position = this.#position(length);
    if (position < 0) return this.#failed();
    for (let at = 0; at < length; at += BOUNCE_BYTES) {
      const part = this.#bounce.subarray(0, Math.min(BOUNCE_BYTES, length - at));
      disk.read(position + at, part);
      const isStored = stores.run(
        isCurrent,
        () =>
          writable.pieces(at, part.length, (hostOffset, bytes, from) => {
            stores.bytes(hostOffset, part.subarray(from, from + bytes));
          }),
      );
      if (!isStored) return null;
    }
    struct.count(SlotCounter.BYTES_READ, length);
    return done(length);
  }

  #write({ readable }: DescriptorChain, isCurrent: () => boolean): Outcome | null {
    const { struct, isReadonly } = this.#parts;
    const length = readable.total - BlockHeader.BYTES;
    const position = this.#position(length);
    if (position < 0 || isReadonly) return this.#failed();
    for (let at = 0; at < length; at += BOUNCE_BYTES) {
      const part = this.#bounce.subarray(0, Math.min(BOUNCE_BYTES, length - at));
      readable.copy(BlockHeader.BYTES + at, part);
      if (!isCurrent()) return null;
      this.#writePart(position + at, part);
    }
    this.#flushUnlessAsked();
    struct.count(SlotCounter.BYTES_WRITTEN, length);
    return done(0);
  }

  #writePart(position: number, part: Uint8Array<ArrayBuffer>): void {
    const { disk, detectZeroes } = this.#parts;
    const isZero = detectZeroes !== "off" && isAllZero(part);
    if (isZero) disk.writeZeros(position, part.length, detectZeroes === "unmap");
    else disk.write(position, part);
  }

  #tellSerial({ writable }: DescriptorChain, isCurrent: () => boolean): Outcome | null {
    const { serial, stores } = this.#parts;
    const text = new Uint8Array(Math.min(SERIAL_BYTES, writable.total - STATUS_BYTES));
    text.set(serial.subarray(0, text.length));
    const isStored = stores.run(
      isCurrent,
      () =>
        writable.pieces(0, text.length, (hostOffset, bytes, from) => {
          stores.bytes(hostOffset, text.subarray(from, from + bytes));
        }),
    );
    return isStored ? done(text.length) : null;
  }

  /** Discards a range, or writes zeros to it. @param flags that the range may have */
  #clear(
    { readable }: DescriptorChain,
    isCurrent: () => boolean,
    flags: number,
  ): Outcome | null {
    const { disk, isReadonly, discards } = this.#parts;
    if (readable.total < BlockHeader.BYTES + RangeField.BYTES) {
      throw new RingFault("a request to clear no range");
    }
    readable.copy(BlockHeader.BYTES, new Uint8Array(this.#range.buffer));
    if (!isCurrent()) return null;
    const isOne = readable.total === BlockHeader.BYTES + RangeField.BYTES;
    const sectors = this.#range.getUint32(RangeField.COUNT, true);
    const unknown = this.#range.getUint32(RangeField.FLAGS, true) & ~flags;
    if (!isOne || unknown !== 0) return { written: STATUS_BYTES, status: BlockStatus.UNSUPPORTED };
    const position = this.#positionOf(this.#range, RangeField.SECTOR, sectors * SECTOR_BYTES);
    if (position < 0 || isReadonly || sectors > MAX_RANGE_SECTORS) return this.#failed();
    const length = sectors * SECTOR_BYTES;
    if (flags === 0) {
      if (discards) disk.discard(position, length);
      return done(0);
    }
    const mayDiscard = discards && (this.#range.getUint32(RangeField.FLAGS, true) & flags) !== 0;
    disk.writeZeros(position, length, mayDiscard);
    this.#flushUnlessAsked();
    return done(0);
  }

  #flushUnlessAsked(): void {
    const { disk, struct, cache } = this.#parts;
    if (cache === "unsafe") return;
    if (cache === "writethrough" || !struct.hasFeature(BlockFeature.FLUSH)) disk.flush();
  }

  #position(length: number): number {
    return this.#positionOf(this.#header, BlockHeader.SECTOR, length);
  }

  /** Where whole sectors lie, or -1 when not all of them are on the disk. */
  #positionOf(fields: DataView, at: number, length: number): number {
    const position = Number(fields.getBigUint64(at, true)) * SECTOR_BYTES;
    const fits = length % SECTOR_BYTES === 0 && position + length <= this.#parts.disk.bytes;
    return fits ? position : -1;
  }

  #failed(): Outcome {
    this.#parts.struct.count(SlotCounter.FAILURES, 1);
    return { written: STATUS_BYTES, status: BlockStatus.IO_ERROR };
  }
}

/** A request that was carried out, with so many bytes for the guest. */
function done(bytes: number): Outcome {
  return { written: bytes + STATUS_BYTES, status: BlockStatus.OK };
}
