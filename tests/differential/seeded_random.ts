/**
 * Random numbers that a seed repeats: what one test run found, another one finds again.
 */

const STEP = 0x6d2b79f5;
const FIRST_FACTOR = 15;
const SECOND_FACTOR = 7;
const WORD_RANGE = 0x1_0000_0000;
const WORD_BITS = 32n;

/** Numbers where arithmetic tends to go wrong. */
const BORDERS: readonly bigint[] = [7n, 8n, 12n, 15n, 16n, 31n, 32n, 33n, 63n].flatMap((bit) => [
  1n << bit,
  (1n << bit) - 1n,
  -(1n << bit),
  ~(1n << bit),
]);

/** A counter, mixed. */
export class SeededRandom {
  #state: number;

  /** The same seed gives the same numbers. */
  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** 32 random bits, unsigned. */
  word(): number {
    this.#state = (this.#state + STEP) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> FIRST_FACTOR), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> SECOND_FACTOR), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** An integer from 0 up to but without the limit. */
  below(limit: number): number {
    return Math.floor(this.word() / WORD_RANGE * limit);
  }

  /** An integer of the range, both ends included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True so many times in a hundred. */
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  /** One of the list. */
  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)];
  }

  /** 64 bits: often small, often at a border. */
  register(): bigint {
    if (this.chance(30)) return BigInt(this.between(-16, 16));
    if (this.chance(40)) return this.pick(BORDERS) + BigInt(this.between(-1, 1));
    return (BigInt(this.word()) << WORD_BITS) | BigInt(this.word());
  }
}
