/**
 * Platform-level interrupt controller, register-compatible with the `virt` board of QEMU: 95 sources, two
 * contexts for each hart (machine mode, then supervisor mode), 7 priorities. "Memory Map" and following
 * chapters of the PLIC specification.
 *
 * Thread safety: no lock. Each source is one word that changes by compare-exchange (`plic_source.ts`), so one
 * of several claiming harts gets it; priorities, enables and thresholds are single words. The interrupt lines
 * of the harts depend on many words and are a settled output.
 *
 * A claim ignores the threshold, as the specification says; the threshold only masks the interrupt line.
 */

import { interruptLines, lowerInterrupt, raiseInterrupt } from "../../../atomics/pending.ts";
import type { Device, MmioAccess } from "../../../devices/device.ts";
import type { InterruptLine } from "../../../devices/interrupt_line.ts";
import { SettledOutput } from "../../../devices/settled_output.ts";
import { afterClaim, afterCompletion, afterLevel, PlicSource } from "./plic_source.ts";

/** Sources 1 to this one exist. */
export const PLIC_LAST_SOURCE = 95;
/** Contexts of each hart: machine mode is the even one. */
const CONTEXTS_PER_HART = 2;
const PRIORITY_MASK = 7;
const SOURCE_WORDS = 3;
const BITS_PER_WORD = 32;
const WORD_SHIFT = 2;
const REGISTER_BYTES = 4;

/** Interrupt line bits of a context: the architecture's interrupt numbers 11 and 9. */
const EXTERNAL_LINES: readonly number[] = [1 << 11, 1 << 9];

/** Areas of the register window. */
const Area = {
  PRIORITY: 0x0,
  PENDING: 0x1000,
  ENABLE: 0x2000,
  ENABLE_STRIDE_SHIFT: 7,
  CONTEXT: 0x20_0000,
  CONTEXT_STRIDE_SHIFT: 12,
  THRESHOLD: 0,
  CLAIM: 4,
} as const;

/** Words of the device struct; the enables and thresholds of all contexts follow. */
const Word = {
  VERSION: 0,
  PRIORITY: 1,
  SOURCE: 1 + PLIC_LAST_SOURCE + 1,
  CONTEXTS: 1 + 2 * (PLIC_LAST_SOURCE + 1),
} as const;

/** Words of one context. */
const ContextWord = { THRESHOLD: 0, ENABLE: 1, COUNT: 1 + SOURCE_WORDS } as const;

/** Shared words that a controller for so many harts needs. */
export function plicWords(hartCount: number): number {
  return Word.CONTEXTS + hartCount * CONTEXTS_PER_HART * ContextWord.COUNT;
}

/** One worker's view of the interrupt controller. */
export class Plic implements Device {
  /** Name as in the device tree. */
  readonly name = "plic";
  readonly #words: Int32Array;
  readonly #base: number;
  readonly #contextCount: number;
  readonly #outputs: SettledOutput;

  /**
   * Opens the controller whose struct lies at `base`.
   * @param words shared memory
   * @param base index of the first of {@linkcode plicWords} words of the device struct
   * @param hartCount number of harts of the machine
   */
  constructor(words: Int32Array, base: number, hartCount: number) {
    this.#words = words;
    this.#base = base;
    this.#contextCount = hartCount * CONTEXTS_PER_HART;
    this.#outputs = new SettledOutput(words, base + Word.VERSION, () => this.#driveLines());
  }

  /** The input of a source, for its device. */
  line(source: number): InterruptLine {
    if (source < 1 || source > PLIC_LAST_SOURCE) {
      throw new RangeError(`Cannot wire interrupt source ${source}: the PLIC has 1 to 95`);
    }
    return { setLevel: (asserted: boolean): void => this.#setLevel(source, asserted) };
  }

  /** Guest read of a 32-bit register; registers that do not exist read as zero. */
  load(access: MmioAccess): boolean {
    if (access.size !== REGISTER_BYTES) return false;
    access.low = this.#read(access.offset);
    return true;
  }

  /** Guest write of a 32-bit register; registers that do not exist ignore it. */
  store(access: MmioAccess): boolean {
    if (access.size !== REGISTER_BYTES) return false;
    this.#write(access.offset, access.low);
    return true;
  }

  #read(offset: number): number {
    if (offset >= Area.CONTEXT) return this.#readContext(offset - Area.CONTEXT);
    if (offset >= Area.ENABLE) {
      const word = this.#enableWord(offset - Area.ENABLE);
      return word < 0 ? 0 : this.#get(word);
    }
    const index = (offset % Area.PENDING) >> WORD_SHIFT;
    if (offset >= Area.PENDING) return this.#pendingWord(index);
    return isSource(index) ? this.#get(Word.PRIORITY + index) : 0;
  }

  #write(offset: number, value: number): void {
    if (offset >= Area.CONTEXT) this.#writeContext(offset - Area.CONTEXT, value);
    else if (offset >= Area.ENABLE) this.#writeEnable(offset - Area.ENABLE, value);
    else if (offset < Area.PENDING) this.#writePriority(offset >> WORD_SHIFT, value);
  }

  #writePriority(source: number, value: number): void {
    if (!isSource(source)) return;
    this.#set(Word.PRIORITY + source, value & PRIORITY_MASK);
    this.#outputs.changed();
  }

  #writeEnable(offset: number, value: number): void {
    const word = this.#enableWord(offset);
    if (word < 0) return;
    const holdsSourceZero = (offset >> WORD_SHIFT) % BITS_PER_WORD === 0;
    this.#set(word, holdsSourceZero ? value & ~1 : value);
    this.#outputs.changed();
  }

  #readContext(offset: number): number {
    const context = offset >> Area.CONTEXT_STRIDE_SHIFT;
    if (context >= this.#contextCount) return 0;
    switch (offset & ((1 << Area.CONTEXT_STRIDE_SHIFT) - 1)) {
      case Area.THRESHOLD:
        return this.#get(this.#contextWord(context) + ContextWord.THRESHOLD);
      case Area.CLAIM:
        return this.#claim(context);
      default:
        return 0;
    }
  }

  #writeContext(offset: number, value: number): void {
    const context = offset >> Area.CONTEXT_STRIDE_SHIFT;
    if (context >= this.#contextCount) return;
    switch (offset & ((1 << Area.CONTEXT_STRIDE_SHIFT) - 1)) {
      case Area.THRESHOLD:
        this.#set(this.#contextWord(context) + ContextWord.THRESHOLD, value & PRIORITY_MASK);
        return this.#outputs.changed();
      case Area.CLAIM:
        return this.#complete(context, value);
    }
  }

  #setLevel(source: number, asserted: boolean): void {
    const word = Word.SOURCE + source;
    for (;;) {
      const state = this.#get(word);
      const next = afterLevel(state, asserted);
      if (next === state) return;
      if (this.#exchange(word, state, next)) return this.#outputs.changed();
    }
  }

  /** Takes the pending source of highest priority; ties go to the lowest number. 0 when there is none. */
  #claim(context: number): number {
    for (;;) {
      const source = this.#bestSource(context, 0);
      if (source === 0) return 0;
      const state = this.#get(Word.SOURCE + source);
      if ((state & PlicSource.PENDING) === 0) continue;
      if (!this.#exchange(Word.SOURCE + source, state, afterClaim(state))) continue;
      this.#outputs.changed();
      return source;
    }
  }

  /** Ends the service of a source; ignored unless the source is enabled for the context. */
  #complete(context: number, source: number): void {
    if (!isSource(source) || !this.#isEnabled(context, source)) return;
    const word = Word.SOURCE + source;
    for (;;) {
      const state = this.#get(word);
      const next = afterCompletion(state);
      if (next === state) return;
      if (this.#exchange(word, state, next)) return this.#outputs.changed();
    }
  }

  #driveLines(): void {
    for (let context = 0; context < this.#contextCount; context++) this.#driveLine(context);
  }

  #driveLine(context: number): void {
    const threshold = this.#get(this.#contextWord(context) + ContextWord.THRESHOLD);
    const wanted = this.#bestSource(context, threshold) !== 0;
    const hart = Math.floor(context / CONTEXTS_PER_HART);
    const line = EXTERNAL_LINES[context % CONTEXTS_PER_HART] ?? 0;
    const asserted = (interruptLines(this.#words, hart) & line) !== 0;
    if (wanted === asserted) return;
    if (wanted) raiseInterrupt(this.#words, hart, line);
    else lowerInterrupt(this.#words, hart, line);
  }

  /** The enabled pending source of highest priority above `threshold`, or 0. */
  #bestSource(context: number, threshold: number): number {
    let best = 0;
    let bestPriority = threshold;
    const enables = this.#contextWord(context) + ContextWord.ENABLE;
    for (let word = 0; word < SOURCE_WORDS; word++) {
      let bits = this.#get(enables + word);
      while (bits !== 0) {
        const bit = BITS_PER_WORD - 1 - Math.clz32(bits & -bits);
        bits &= bits - 1;
        const source = word * BITS_PER_WORD + bit;
        if ((this.#get(Word.SOURCE + source) & PlicSource.PENDING) === 0) continue;
        const priority = this.#get(Word.PRIORITY + source);
        if (priority <= bestPriority) continue;
        best = source;
        bestPriority = priority;
      }
    }
    return best;
  }

  #pendingWord(index: number): number {
    let bits = 0;
    for (let bit = 0; bit < BITS_PER_WORD; bit++) {
      const source = index * BITS_PER_WORD + bit;
      if (!isSource(source)) continue;
      if (this.#get(Word.SOURCE + source) & PlicSource.PENDING) bits |= 1 << bit;
    }
    return bits;
  }

  #isEnabled(context: number, source: number): boolean {
    const word = this.#contextWord(context) + ContextWord.ENABLE +
      Math.floor(source / BITS_PER_WORD);
    return (this.#get(word) & (1 << (source % BITS_PER_WORD))) !== 0;
  }

  /** Index of the enable word at an offset of the enable area, or -1. */
  #enableWord(offset: number): number {
    const context = offset >> Area.ENABLE_STRIDE_SHIFT;
    const word = (offset >> WORD_SHIFT) % BITS_PER_WORD;
    if (context >= this.#contextCount || word >= SOURCE_WORDS) return -1;
    return this.#contextWord(context) + ContextWord.ENABLE + word;
  }

  #contextWord(context: number): number {
    return Word.CONTEXTS + context * ContextWord.COUNT;
  }

  #get(word: number): number {
    // ORDER: sc load; partner: #set() and #exchange() of other threads, before their version add.
    return Atomics.load(this.#words, this.#base + word);
  }

  #set(word: number, value: number): void {
    // ORDER: sc store before the version add of changed(); partner: #get() in another thread's round.
    Atomics.store(this.#words, this.#base + word, value);
  }

  #exchange(word: number, expected: number, next: number): boolean {
    // ORDER: sc cmpxchg before the version add of changed(); partner: the same in other threads.
    return Atomics.compareExchange(this.#words, this.#base + word, expected, next) === expected;
  }
}

function isSource(index: number): boolean {
  return index >= 1 && index <= PLIC_LAST_SOURCE;
}
