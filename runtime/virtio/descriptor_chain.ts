/**
 * One request of a driver: a chain of descriptors, "The Virtqueue Descriptor Table" and "Indirect Descriptors" of the
 * virtio specification.
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

const Field = { ADDRESS_LOW: 0, ADDRESS_HIGH: 4, LENGTH: 8, FLAGS: 12, NEXT: 14 } as const;

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
interface Table {
  readonly offset: number;
  readonly entries: number;
}

/** A chain that was read; the object is used again for the next one. */
export class DescriptorChain {
  /** What the device reads. */
  readonly readable: SegmentList;
  /** What the device writes. */
  readonly writable: SegmentList;
  /** Its first descriptor, which names it. */
  head = 0;
  readonly #ram: GuestRam;
  #length = 0;

  /** An empty chain. */
  constructor(ram: GuestRam) {
    this.#ram = ram;
    this.readable = new SegmentList(ram);
    this.writable = new SegmentList(ram);
  }

  /** Reads the chain that begins at `head`. Throws {@linkcode RingFault}. */
  read(table: Table, head: number, mayBeIndirect: boolean): void {
    this.head = head;
    this.#length = 0;
    this.readable.clear();
    this.writable.clear();
    const first = table.offset + head * DESCRIPTOR_BYTES;
    const flags = this.#ram.half(first + Field.FLAGS);
    if ((flags & DescriptorFlag.INDIRECT) === 0) this.#follow(table, head);
    else if (mayBeIndirect) this.#follow(this.#indirect(first), 0);
    else throw new RingFault("an indirect descriptor that was not agreed on");
  }

  #indirect(descriptor: number): Table {
    const length = this.#ram.word(descriptor + Field.LENGTH) >>> 0;
    const entries = length / DESCRIPTOR_BYTES;
    const offset = this.#locate(descriptor, length);
    if (!Number.isInteger(entries) || entries < 1) {
      throw new RingFault(`a table of descriptors with ${length} bytes`);
    }
    return { offset, entries };
  }

  #follow(table: Table, head: number): void {
    for (let index = head;;) {
      if (index >= table.entries) throw new RingFault(`descriptor ${index} of ${table.entries}`);
      if (++this.#length > Math.min(table.entries, MAX_CHAIN)) {
        throw new RingFault("a chain that loops");
      }
      const descriptor = table.offset + index * DESCRIPTOR_BYTES;
      const flags = this.#ram.half(descriptor + Field.FLAGS);
      this.#take(descriptor, flags);
      if ((flags & DescriptorFlag.NEXT) === 0) return;
      index = this.#ram.half(descriptor + Field.NEXT);
    }
  }

  #take(descriptor: number, flags: number): void {
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

  #locate(descriptor: number, length: number): number {
    const low = this.#ram.word(descriptor + Field.ADDRESS_LOW);
    const high = this.#ram.word(descriptor + Field.ADDRESS_HIGH);
    const offset = this.#ram.locate(low, high, length);
    if (offset === OUTSIDE) throw new RingFault(`${length} bytes outside of RAM`);
    return offset;
  }
}
