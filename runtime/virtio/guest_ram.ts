/**
 * Guest RAM as a device reaches it: every address and length that the guest gives is held against its bounds here,
 * once, and becomes an offset in shared memory.
 */

const HALF_RANGE = 0x1_0000_0000;

/** Where guest RAM is. */
export interface RamPlace {
  /** Guest physical address of its first byte. */
  readonly base: number;
  /** Offset in shared memory of its first byte. */
  readonly offset: number;
  /** Its length. */
  readonly bytes: number;
}

/** No place in RAM. */
export const OUTSIDE = -1;

/** See the header of this file. */
export class GuestRam {
  /** Shared memory, byte by byte. */
  readonly bytes: Uint8Array;
  readonly #place: RamPlace;
  readonly #view: DataView;
  readonly #halves: Uint16Array;
  readonly #words: Int32Array;

  /** RAM within shared memory. */
  constructor(words: Int32Array, place: RamPlace) {
    this.bytes = new Uint8Array(words.buffer);
    this.#view = new DataView(words.buffer);
    this.#halves = new Uint16Array(words.buffer);
    this.#words = words;
    this.#place = place;
  }

  /** Offset in shared memory of `length` bytes at an address of two halves, or {@linkcode OUTSIDE}. */
  locate(low: number, high: number, length: number): number {
    const { base, offset, bytes } = this.#place;
    const inRam = (high >>> 0) * HALF_RANGE + (low >>> 0) - base;
    return inRam >= 0 && inRam + length <= bytes ? offset + inRam : OUTSIDE;
  }

  /** A word that was located; what stands there may change at any time, so it is read once. */
  word(hostOffset: number): number {
    return this.#view.getInt32(hostOffset, true);
  }

  /** A half word that was located. */
  half(hostOffset: number): number {
    return this.#view.getUint16(hostOffset, true);
  }

  /** An aligned half word, before all that is read after it. */
  indexAt(hostOffset: number): number {
    // ORDER: sc load before the entries that it publishes, and behind the own stores; partner: the driver's store of
    // its index, behind the entries and before its look at ours.
    return Atomics.load(this.#halves, hostOffset >>> 1);
  }

  /** An aligned word, behind the own stores. */
  wordAt(hostOffset: number): number {
    // ORDER: sc load behind the own stores; partner: the driver's store to it, before its look at what was stored.
    return Atomics.load(this.#words, hostOffset >>> 2);
  }
}
