/**
 * The configuration space of a function: what it holds after a reset, and what the guest has written.
 *
 * Only the bits that can be written are in shared memory, one word for each word of the space; they are zero after a
 * reset. Each word changes by one compare-exchange, so writes of two harts to different bytes of it do not undo each
 * other. Nothing here spans two words: a base address of 64 bits has two, and who reads it while the guest moves it may
 * see one of them new and the other old, as on any bus (`docs/protocols/pci.md`).
 */

import {
  CACHE_LINE_WRITABLE,
  COMMAND_WRITABLE,
  CONFIGURATION_WORDS,
  Header,
  INTERRUPT_LINE_WRITABLE,
} from "./configuration_registers.ts";

const WORD_SHIFT = 2;

/** What a space holds. */
export class ConfigurationLayout {
  readonly #reset = new Int32Array(CONFIGURATION_WORDS);
  readonly #writable = new Int32Array(CONFIGURATION_WORDS);

  /** A header of type 0 without identity. */
  constructor() {
    this.allow(Header.COMMAND, COMMAND_WRITABLE);
    this.allow(Header.CACHE_LINE, CACHE_LINE_WRITABLE);
    this.allow(Header.INTERRUPT, INTERRUPT_LINE_WRITABLE);
  }

  /** Says what the word at an offset holds after a reset. */
  set(offset: number, value: number): this {
    this.#reset[offset >> WORD_SHIFT] = value;
    return this;
  }

  /** Says which bits of the word at an offset can be written; they are zero after a reset. */
  allow(offset: number, bits: number): this {
    this.#writable[offset >> WORD_SHIFT] = bits;
    return this;
  }

  /** The word of this index after a reset. */
  resetValue(index: number): number {
    return this.#reset[index];
  }

  /** Bits of the word of this index that can be written. */
  writable(index: number): number {
    return this.#writable[index];
  }
}

/** One thread's view of a function's configuration space. */
export class ConfigurationSpace {
  readonly #words: Int32Array;
  readonly #base: number;
  readonly #layout: ConfigurationLayout;

  /**
   * Opens a space.
   * @param words shared memory
   * @param base index of the first of `CONFIGURATION_WORDS` words
   */
  constructor(words: Int32Array, base: number, layout: ConfigurationLayout) {
    this.#words = words;
    this.#base = base;
    this.#layout = layout;
  }

  /** The word at an offset. */
  at(offset: number): number {
    return this.word(offset >> WORD_SHIFT);
  }

  /** The word of this index. */
  word(index: number): number {
    const writable = this.#layout.writable(index);
    if (writable === 0) return this.#layout.resetValue(index);
    // ORDER: sc load; partner: the exchange in write() of another thread, which goes before what it does for it.
    return this.#layout.resetValue(index) | Atomics.load(this.#words, this.#base + index);
  }

  /** Writes those bits of a word that are among `bits` and can be written. */
  write(index: number, value: number, bits: number): void {
    const changed = bits & this.#layout.writable(index);
    if (changed === 0) return;
    for (;;) {
      // ORDER: sc load before the exchange, which finds out whether it was the newest.
      const before = Atomics.load(this.#words, this.#base + index);
      const after = (before & ~changed) | (value & changed);
      // ORDER: sc cmpxchg, so that no thread loses another's bits; partner: word() in every thread that uses it.
      const found = Atomics.compareExchange(this.#words, this.#base + index, before, after);
      if (found === before) return;
    }
  }
}
