/**
 * One request of a driver: a chain of descriptors, "The Virtqueue Descriptor Table" and "Indirect Descriptors" of the
 * virtio specification. Which descriptors belong to it, and what their flags are, is the ring's business; where they
 * say a buffer is and how long it is, both formats of rings have in the same places.
 *
 * The guest may write anything into a table, and change it at any time. Each field is read once, checked, and kept
 * here; what it says later does not matter. A chain has a bound, so one that loops ends.
 */

import { type GuestRam, OUTSIDE } from "./guest_ram.ts";
import { DescriptorFlag } from "./registers.ts";

/** Bytes of a descriptor. */
export const DESCRIPTOR_BYTES = 16;
/** Descriptors of a chain at most: QEMU's limit. */
export const MAX_CHAIN = 1024;

const Field = { ADDRESS_LOW: 0, ADDRESS_HIGH: 4, LENGTH: 8 } as const;

/** A ring that breaks the rules: the device needs a reset. */
export class RingFault extends Error {}

/** Pieces of guest memory that follow each other in a request. */
export class SegmentList {
  readonly #ram: GuestRam;
  readonly #offsets = new Float64Array(MAX_CHAIN);
  readonly #lengths = new Float64Array(MAX_CHAIN);
  #count = 0;
  #total = 0;

  /** A list without segments. */
  constructor(ram: GuestRam) {
    this.#ram = ram;
  }

  /** Bytes of all segments. */
  get total(): number {
    return this.#total;
  }

  /** Empties the list. */
  clear(): void {
    this.#count = 0;
    this.#total = 0;
  }

  /** Adds a segment that was located; one that goes on where the last one ends becomes a part of it. */
  add(hostOffset: number, length: number): void {
    const last = this.#count - 1;
    if (last >= 0 && this.#offsets[last] + this.#lengths[last] === hostOffset) {
      this.#lengths[last] += length;
      this.#total += length;
      return;
    }
    this.#offsets[this.#count] = hostOffset;
    this.#lengths[this.#count++] = length;
    this.#total += length;
  }

  /** Calls `use` for each piece of `length` bytes from position `at` on; `done` counts the bytes before the piece. */
  pieces(
    at: number,
    length: number,
    use: (hostOffset: number, bytes: number, done: number) => void,
  ): void {
    let skip = at;
    let done = 0;
    for (let index = 0; index < this.#count && done < length; index++) {
      const own = this.#lengths[index];
      if (skip < own) {
        const bytes = Math.min(own - skip, length - done);
        use(this.#offsets[index] + skip, bytes, done);
        done += bytes;
        skip = 0;
      } else skip -= own;
    }
  }

  /** Copies the bytes from position `at` on, as many as there is room for. */
  copy(at: number, into: Uint8Array): void {
    const { bytes } = this.#ram;
    this.pieces(at, into.length, (hostOffset, length, done) => {
      into.set(bytes.subarray(hostOffset, hostOffset + length), done);
    });
  }
}

/** Where descriptors are. */
export interface DescriptorTable {
  /** Offset in shared memory of the first one. */
  readonly offset: number;
  /** How many there are. */
  readonly entries: number;
}

/** A chain that was read; the object is used again for the next one. */
export class DescriptorChain {
  /** What the device reads. */
  readonly readable: SegmentList;
  /** What the device writes. */
  readonly writable: SegmentList;
  /** What names it to the driver: its first descriptor in a split ring, its buffer's number in a packed one. */
  id = 0;
  /** Descriptors of the ring that it takes. */
  places = 0;
  readonly #ram: GuestRam;
  #length = 0;

  /** An empty chain. */
  constructor(ram: GuestRam) {
    this.#ram = ram;
    this.readable = new SegmentList(ram);
    this.writable = new SegmentList(ram);
  }

  /** Begins another chain. */
  begin(): void {
    this.#length = 0;
    this.readable.clear();
    this.writable.clear();
  }

  /** Adds the buffer of a descriptor with these flags. Throws {@linkcode RingFault}. */
  add(descriptor: number, flags: number): void {
    if (++this.#length > MAX_CHAIN) throw new RingFault("a chain that is too long");
    if ((flags & DescriptorFlag.INDIRECT) !== 0) {
      throw new RingFault("an indirect descriptor within a chain");
    }
    const length = this.#ram.word(descriptor + Field.LENGTH) >>> 0;
    if (length === 0) throw new RingFault("a descriptor of no bytes");
    const offset = this.#locate(descriptor, length);
    const isWritable = (flags & DescriptorFlag.WRITE) !== 0;
    if (!isWritable && this.writable.total > 0) {
      throw new RingFault("a descriptor to read behind one to write");
    }
    (isWritable ? this.writable : this.readable).add(offset, length);
  }

  /** The table that an indirect descriptor is about. Throws {@linkcode RingFault}. */
  tableOf(descriptor: number): DescriptorTable {
    const length = this.#ram.word(descriptor + Field.LENGTH) >>> 0;
    const entries = length / DESCRIPTOR_BYTES;
    const offset = this.#locate(descriptor, length);
    if (!Number.isInteger(entries) || entries < 1) {
      throw new RingFault(`a table of descriptors with ${length} bytes`);
    }
    return { offset, entries };
  }

  #locate(descriptor: number, length: number): number {
    const low = this.#ram.word(descriptor + Field.ADDRESS_LOW);
    const high = this.#ram.word(descriptor + Field.ADDRESS_HIGH);
    const offset = this.#ram.locate(low, high, length);
    if (offset === OUTSIDE) throw new RingFault(`${length} bytes outside of RAM`);
    return offset;
  }
}
