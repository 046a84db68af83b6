/**
 * Pairs of words that change together and are read more often than written: 64-bit timer compare values.
 *
 * REQUIREMENT. A reader gets both halves of one write and never blocks a writer; several writers exclude
 * each other; no BigInt, so a 64-bit value is two i32.
 *
 * SOLUTION. A sequence word, odd while a writer is inside. A writer makes it odd by cmpxchg, stores the
 * halves, makes it even. A reader reads the sequence, the halves, the sequence again, and repeats unless both
 * were the same even number. One sequence word may cover several pairs.
 *
 * LIMITATION. A reader spins while a writer is inside; writers take a few instructions and never wait.
 */

/** Writes a pair. `sequence` and `pair` are byte offsets. */
export function writePair(
  words: Int32Array,
  { sequence, pair }: PairPlace,
  low: number,
  high: number,
): void {
  const index = sequence >> 2;
  const even = beginWrite(words, index);
  // ORDER: sc stores while odd; partner: the loads in readPair().
  Atomics.store(words, pair >> 2, low);
  Atomics.store(words, (pair >> 2) + 1, high);
  // ORDER: sc store after the halves; partner: both sequence loads of readPair() and other writers.
  Atomics.store(words, index, (even + 2) | 0);
}

/** Where a pair lies. */
export interface PairPlace {
  /** Byte offset of the sequence word. */
  readonly sequence: number;
  /** Byte offset of the low half; the high half follows. */
  readonly pair: number;
}

/** Reads a pair into `target[0]` (low) and `target[1]` (high). */
export function readPair(
  words: Int32Array,
  { sequence, pair }: PairPlace,
  target: Int32Array,
): void {
  const index = sequence >> 2;
  for (;;) {
    // ORDER: sc load before the halves; partner: the last store in writePair().
    const before = Atomics.load(words, index);
    // ORDER: sc loads between both sequence loads; partner: the stores in writePair().
    target[0] = Atomics.load(words, pair >> 2);
    target[1] = Atomics.load(words, (pair >> 2) + 1);
    // ORDER: sc load after the halves; partner: beginWrite().
    if (before === Atomics.load(words, index) && (before & 1) === 0) return;
    Atomics.pause();
  }
}

function beginWrite(words: Int32Array, index: number): number {
  for (;;) {
    // ORDER: sc load; the cmpxchg decides.
    const even = Atomics.load(words, index) & ~1;
    // ORDER: sc cmpxchg even -> odd before the halves; partner: other writers and readPair().
    if (Atomics.compareExchange(words, index, even, even + 1) === even) return even;
    Atomics.pause();
  }
}
