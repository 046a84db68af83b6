/**
 * The interrupt files of all harts: one for machine mode and one for supervisor mode of each, with 255 identities.
 * "Incoming MSI Controller (IMSIC)" of the RISC-V Advanced Interrupt Architecture.
 *
 * Thread safety: no lock. A message is one or of its pending bit, by whatever thread sends it; a claim is one and of
 * that bit, by the hart. Which of the two came first does not matter: a message before the claim is what the hart
 * then serves, one behind it sets the bit again. The interrupt line of a file is a settled output of its words. Who
 * finds the bit set has changed nothing and leaves the line to whoever did (`docs/protocols/messages.md`).
 */

import { interruptLines, lowerInterrupt, raiseInterrupt } from "../../../../atomics/pending.ts";
import { SettledOutput } from "../../../../devices/settled_output.ts";
import type { InterruptFiles } from "../../../board.ts";

/** Identities 1 to this one exist. */
export const LAST_IDENTITY = 255;
/** The levels: machine mode is the first. */
export const FileLevel = { MACHINE: 0, SUPERVISOR: 1 } as const;
/** Levels of each hart. */
const LEVELS = 2;
/** Machine mode, as the architecture numbers privileges. */
const MACHINE_PRIVILEGE = 3;
/** Interrupt line bits of the levels: the architecture's interrupt numbers 11 and 9. */
const EXTERNAL_LINES: readonly number[] = [1 << 11, 1 << 9];

const BITS_PER_WORD = 32;
const WORD_INDEX_SHIFT = 5;
const BIT_MASK = 31;
const ARRAY_WORDS = (LAST_IDENTITY + 1) / BITS_PER_WORD;
/** There is no interrupt with this identity. */
const IDENTITY_ZERO = 1;

/** Words of one file. Those of two files never share a cache line. */
const Word = {
  /** Version of the interrupt line, a settled output. Writers: whoever has changed another word, sc add. */
  VERSION: 0,
  /** Does the file interrupt its hart at all? Writer: the hart, sc. */
  DELIVERY: 1,
  /** 0, or the first identity that does not interrupt. Writer: the hart, sc. */
  THRESHOLD: 2,
  /** Which identities are pending. Writers: whoever sends a message, sc or; the hart, sc or and and. */
  PENDING: 8,
  /** Which are enabled. Writer: the hart, sc or and and. */
  ENABLED: 8 + ARRAY_WORDS,
  COUNT: 32,
} as const;

/** Numbers of registers, as a hart of 32 bits has them. */
export const FileRegister = {
  DELIVERY: 0x70,
  THRESHOLD: 0x72,
  PENDING: 0x80,
  ENABLED: 0xc0,
  END: 0x100,
} as const;

/** Bits of a threshold that can be written: what QEMU's files keep. */
const THRESHOLD_MASK = 0x7ff;

/** Shared words that the files of so many harts need. */
export function interruptFileWords(hartCount: number): number {
  return hartCount * LEVELS * Word.COUNT;
}

/** One worker's view of all files. */
export class SharedInterruptFiles implements InterruptFiles {
  /** Number of harts. */
  readonly hartCount: number;
  readonly #words: Int32Array;
  readonly #base: number;
  readonly #outputs: readonly SettledOutput[];

  /**
   * Opens the files.
   * @param words shared memory
   * @param base index of the first of {@linkcode interruptFileWords} words
   */
  constructor(words: Int32Array, base: number, hartCount: number) {
    this.hartCount = hartCount;
    this.#words = words;
    this.#base = base;
    this.#outputs = Array.from(
      { length: hartCount * LEVELS },
      (_, file) =>
        new SettledOutput(words, this.#word(file, Word.VERSION), () => this.#driveLine(file)),
    );
  }

  /** A message for a file arrives, from any thread; identities that do not exist are nobody's. */
  deliver(hart: number, level: number, identity: number): void {
    if (identity < 1 || identity > LAST_IDENTITY) return;
    const file = hart * LEVELS + level;
    const word = this.#word(file, Word.PENDING + (identity >>> WORD_INDEX_SHIFT));
    const bit = 1 << (identity & BIT_MASK);
    // ORDER: sc or behind what the message is about; partner: the and in claim(), before the hart looks at that.
    const before = Atomics.or(this.#words, word, bit);
    if ((before & bit) === 0) this.#outputs[file].changed();
  }

  // --- the hart's side: `InterruptFiles` --------------------------------------------------------------

  /** See `InterruptFiles`. */
  read(hart: number, privilege: number, register: number): number {
    const word = this.#registerWord(fileOf(hart, privilege), register);
    return word < 0 ? 0 : this.#get(word);
  }

  /** See `InterruptFiles`. */
  update(hart: number, privilege: number, register: number, set: number, clear: number): void {
    const file = fileOf(hart, privilege);
    const word = this.#registerWord(file, register);
    if (word < 0) return;
    const writable = writableBits(register);
    // ORDER: sc or, and sc and, before the version add of changed(); partner: #get() in another thread's round.
    if ((set & writable) !== 0) Atomics.or(this.#words, word, set & writable);
    if ((clear & writable) !== 0) Atomics.and(this.#words, word, ~(clear & writable));
    this.#outputs[file].changed();
  }

  /** See `InterruptFiles`. */
  top(hart: number, privilege: number): number {
    return this.#top(fileOf(hart, privilege));
  }

  /** See `InterruptFiles`. */
  claim(hart: number, privilege: number, identity: number): void {
    const file = fileOf(hart, privilege);
    const word = this.#word(file, Word.PENDING + (identity >>> WORD_INDEX_SHIFT));
    // ORDER: sc and before the hart looks at what the message was about; partner: the or in deliver().
    Atomics.and(this.#words, word, ~(1 << (identity & BIT_MASK)));
    this.#outputs[file].changed();
  }

  // --- the line ---------------------------------------------------------------------------------------

  #driveLine(file: number): void {
    const isDelivering = this.#get(this.#word(file, Word.DELIVERY)) !== 0;
    const wanted = isDelivering && this.#top(file) !== 0;
    const hart = Math.floor(file / LEVELS);
    const line = EXTERNAL_LINES[file % LEVELS];
    const asserted = (interruptLines(this.#words, hart) & line) !== 0;
    if (wanted === asserted) return;
    if (wanted) raiseInterrupt(this.#words, hart, line);
    else lowerInterrupt(this.#words, hart, line);
  }

  /** The lowest identity that is pending, enabled, and below the threshold; or 0. */
  #top(file: number): number {
    const threshold = this.#get(this.#word(file, Word.THRESHOLD));
    for (let index = 0; index < ARRAY_WORDS; index++) {
      const enabled = this.#get(this.#word(file, Word.ENABLED + index));
      if (enabled === 0) continue;
      const bits = enabled & this.#get(this.#word(file, Word.PENDING + index));
      if (bits === 0) continue;
      const identity = index * BITS_PER_WORD + lowestBit(bits);
      return threshold === 0 || identity < threshold ? identity : 0;
    }
    return 0;
  }

  #word(file: number, word: number): number {
    return this.#base + file * Word.COUNT + word;
  }

  /** Index of the word that a register is, or -1. */
  #registerWord(file: number, register: number): number {
    if (register === FileRegister.DELIVERY) return this.#word(file, Word.DELIVERY);
    if (register === FileRegister.THRESHOLD) return this.#word(file, Word.THRESHOLD);
    if (register < FileRegister.PENDING || register >= FileRegister.END) return -1;
    const isPending = register < FileRegister.ENABLED;
    const index = register - (isPending ? FileRegister.PENDING : FileRegister.ENABLED);
    if (index >= ARRAY_WORDS) return -1;
    return this.#word(file, (isPending ? Word.PENDING : Word.ENABLED) + index);
  }

  #get(word: number): number {
    // ORDER: sc load; partner: or and and of other threads, before their version add.
    return Atomics.load(this.#words, word);
  }
}

function fileOf(hart: number, privilege: number): number {
  const level = privilege === MACHINE_PRIVILEGE ? FileLevel.MACHINE : FileLevel.SUPERVISOR;
  return hart * LEVELS + level;
}

function writableBits(register: number): number {
  if (register === FileRegister.DELIVERY) return 1;
  if (register === FileRegister.THRESHOLD) return THRESHOLD_MASK;
  const isFirst = register === FileRegister.PENDING || register === FileRegister.ENABLED;
  return isFirst ? ~IDENTITY_ZERO : -1;
}

function lowestBit(bits: number): number {
  return BIT_MASK - Math.clz32(bits & -bits);
}
