/** Bytes that wait, first in, first out; its memory grows with what it holds, up to a bound. */

const FIRST_BYTES = 0x2000;

/** See the header of this file. */
export class ByteQueue {
  readonly #capacity: number;
  #ring: Uint8Array<ArrayBuffer>;
  #start = 0;
  #length = 0;

  /** A queue for at most `capacity` bytes. */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#ring = new Uint8Array(Math.min(FIRST_BYTES, capacity));
  }

  /** Bytes that wait. */
  get length(): number {
    return this.#length;
  }

  /** Bytes for which there is room. */
  get room(): number {
    return this.#capacity - this.#length;
  }

  /** Puts bytes behind the others. @returns how many there was room for */
  push(bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, this.room);
    this.#growTo(this.#length + taken);
    const end = (this.#start + this.#length) % this.#ring.length;
    const first = Math.min(taken, this.#ring.length - end);
    this.#ring.set(bytes.subarray(0, first), end);
    this.#ring.set(bytes.subarray(first, taken), 0);
    this.#length += taken;
    return taken;
  }

  /** Copies bytes from position `at` on, as many as `into` has room for; there must be so many. */
  copy(at: number, into: Uint8Array): void {
    const from = (this.#start + at) % this.#ring.length;
    const first = Math.min(into.length, this.#ring.length - from);
    into.set(this.#ring.subarray(from, from + first));
    into.set(this.#ring.subarray(0, into.length - first), first);
  }

  /** The bytes from position `at` on, `length` of them, there as long as they are not dropped. */
  view(at: number, length: number): Uint8Array<ArrayBuffer> {
    const from = (this.#start + at) % this.#ring.length;
    if (from + length <= this.#ring.length) return this.#ring.subarray(from, from + length);
    const bytes = new Uint8Array(length);
    this.copy(at, bytes);
    return bytes;
  }

  /** Bytes at the front that stand in one piece, the same way. */
  front(): Uint8Array<ArrayBuffer> {
    return this.view(0, Math.min(this.#length, this.#ring.length - this.#start));
  }

  /** Takes bytes away from the front. */
  drop(count: number): void {
    this.#start = (this.#start + count) % this.#ring.length;
    this.#length -= count;
  }

  #growTo(length: number): void {
    if (length <= this.#ring.length) return;
    let size = this.#ring.length;
    while (size < length) size *= 2;
    const ring = new Uint8Array(Math.min(size, this.#capacity));
    this.copy(0, ring.subarray(0, this.#length));
    this.#ring = ring;
    this.#start = 0;
  }
}
