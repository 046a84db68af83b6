/**
 * Bytes in the making: the numbers, names and vectors of WebAssembly's binary format.
 *
 * Source: WebAssembly Core Specification, "Binary Format", "Values".
 */

const FIRST_CAPACITY = 256;
const GROUP_BITS = 7;
const GROUP_MASK = 0x7f;
const MORE = 0x80;
const SIGN_OF_GROUP = 0x40;
const HALF_BITS = 32;
const SIGN_SHIFT = 31;

/** See the header of this file. */
export class ByteWriter {
  #bytes = new Uint8Array(FIRST_CAPACITY);
  #length = 0;

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }

  /** One byte. */
  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** Bytes as they are. */
  raw(bytes: ArrayLike<number>): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** An unsigned number of at most 32 bits. */
  unsigned(value: number): void {
    let rest = value >>> 0;
    for (; rest >= MORE; rest >>>= GROUP_BITS) this.byte((rest & GROUP_MASK) | MORE);
    this.byte(rest);
  }

  /** A signed number of at most 32 bits. */
  signed(value: number): void {
    let rest = value | 0;
    for (;;) {
      const group = rest & GROUP_MASK;
      rest >>= GROUP_BITS;
      const isLast = rest === ((group & SIGN_OF_GROUP) === 0 ? 0 : -1);
      this.byte(isLast ? group : group | MORE);
      if (isLast) return;
    }
  }

  /** A signed number of 64 bits, in two halves. */
  signedWide(low: number, high: number): void {
    if (high === low >> SIGN_SHIFT) return this.signed(low);
    let [rest, upper] = [low, high];
    for (;;) {
      const group = rest & GROUP_MASK;
      rest = (rest >>> GROUP_BITS) | (upper << (HALF_BITS - GROUP_BITS));
      upper >>= GROUP_BITS;
      const sign = (group & SIGN_OF_GROUP) === 0 ? 0 : -1;
      const isLast = rest === sign && upper === sign;
      this.byte(isLast ? group : group | MORE);
      if (isLast) return;
    }
  }

  /** The number of bytes, then the bytes. */
  counted(bytes: Uint8Array): void {
    this.unsigned(bytes.length);
    this.raw(bytes);
  }

  /** A name. */
  name(text: string): void {
    this.counted(new TextEncoder().encode(text));
  }

  /** What was written: valid until more is. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Starts anew. */
  clear(): void {
    this.#length = 0;
  }

  /** A copy of what was written. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }
}
