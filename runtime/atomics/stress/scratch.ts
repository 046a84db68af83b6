/** Words that the stress roles share beside the real ones: in guest RAM, which these tests do not use. */

import { GUEST_RAM_OFFSET, MAX_HARTS, PAGE_BYTES } from "../shared_layout.ts";

const WORD_BYTES = 4;
const FIRST = GUEST_RAM_OFFSET / WORD_BYTES;

/** Bytes of shared memory that a stress test allocates: the control area and some pages of scratch. */
export const STRESS_BYTES = GUEST_RAM_OFFSET + 0x10_0000;
/** Pages of {@linkcode Scratch}.CODE. */
export const CODE_PAGES = 0x80;

/** Word indices; the arrays have one word per hart. */
export const Scratch = {
  /** Workers that are ready; all go on when it reaches their number. */
  READY: FIRST,
  /** Workers that have finished. */
  FINISHED: FIRST + 1,
  /** Payload of the pending test, one per hart. */
  PAYLOAD: FIRST + MAX_HARTS,
  /** Plain counters of guest work, one per hart. */
  GUEST: FIRST + 2 * MAX_HARTS,
  /** Versions of the hart's page table, and of those whose fence is done. */
  VERSION: FIRST + 3 * MAX_HARTS,
  FENCED: FIRST + 4 * MAX_HARTS,
  /** The version of the code that was announced. */
  FLAG: FIRST + 5 * MAX_HARTS,
  /** First word of the code pages. */
  CODE: FIRST + PAGE_BYTES / WORD_BYTES,
  /** A lock word and what it protects. */
  LOCK: FIRST + 6 * MAX_HARTS,
  PROTECTED: FIRST + 7 * MAX_HARTS,
} as const;

/** Meets all other workers of a test. */
export function rendezvous(words: Int32Array, word: number, count: number): void {
  // ORDER: sc add; partner: the waits of the others below.
  Atomics.add(words, word, 1);
  Atomics.notify(words, word);
  for (;;) {
    // ORDER: sc load; partner: the adds of the others.
    const seen = Atomics.load(words, word);
    if (seen >= count) return;
    Atomics.wait(words, word, seen);
  }
}
