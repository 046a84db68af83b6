/**
 * Counts final states. The values of an iteration are turned into a small number by numbering the different
 * values that each observed name has shown, so that a known state costs no text.
 */
import type { Outcome } from "../syntax/condition.ts";

/** Most different values of one name; more would be a broken machine. */
const VALUE_LIMIT = 64;
/** Values from 0 to here are found by index. */
const SMALL_VALUES = 16;
const UNSEEN = -1;

/** Different values of one name, numbered in the order of their appearance. */
class SeenValues {
  readonly #small = new Int8Array(SMALL_VALUES).fill(UNSEEN);
  readonly #numbers = new Map<number, number>();
  readonly #wide = new Map<bigint, number>();
  readonly #values: bigint[] = [];

  number(low: number, high: number): number {
    if (high !== low >> 31) return this.#numberWide(low, high);
    if (low < 0 || low >= SMALL_VALUES) return this.#numberNarrow(low);
    const known = this.#small[low];
    return known === UNSEEN ? this.#small[low] = this.#add(BigInt(low)) : known;
  }

  text(number: number): string {
    return String(this.#values[number]);
  }

  #numberNarrow(low: number): number {
    const known = this.#numbers.get(low);
    if (known !== undefined) return known;
    const number = this.#add(BigInt(low));
    this.#numbers.set(low, number);
    return number;
  }

  #numberWide(low: number, high: number): number {
    const value = (BigInt(high) << 32n) | BigInt(low >>> 0);
    const known = this.#wide.get(value);
    if (known !== undefined) return known;
    const number = this.#add(value);
    this.#wide.set(value, number);
    return number;
  }

  #add(value: bigint): number {
    if (this.#values.length === VALUE_LIMIT) throw new Error("a result has too many values");
    this.#values.push(value);
    return this.#values.length - 1;
  }
}

/** Where the values of one name stand: words of the first iteration, and words from one to the next. */
export interface ValueColumn {
  readonly name: string;
  readonly words: Int32Array;
  readonly first: number;
  readonly step: number;
}

/** See the header of this file. */
export class OutcomeHistogram {
  readonly #names: readonly string[];
  readonly #values: readonly SeenValues[];
  readonly #counts = new Map<number, number>();

  constructor(names: readonly string[]) {
    this.#names = names;
    this.#values = names.map(() => new SeenValues());
  }

  /** Adds iterations; the columns are in the order of the names. */
  add(columns: readonly ValueColumn[], iterations: number): void {
    let last = 0;
    let count = 0;
    for (let iteration = 0; iteration < iterations; iteration++) {
      let key = 0;
      for (let index = 0; index < columns.length; index++) {
        const { words, first, step } = columns[index];
        const at = first + iteration * step;
        key = key * VALUE_LIMIT + this.#values[index].number(words[at], words[at + 1]);
      }
      if (key !== last) {
        this.#count(last, count);
        last = key;
        count = 0;
      }
      count++;
    }
    this.#count(last, count);
  }

  #count(key: number, more: number): void {
    if (more > 0) this.#counts.set(key, (this.#counts.get(key) ?? 0) + more);
  }

  /** Final states with their counts, the most frequent first. */
  entries(): { readonly outcome: Outcome; readonly count: number }[] {
    return [...this.#counts].sort(([, a], [, b]) => b - a)
      .map(([key, count]) => ({ outcome: this.#outcome(key), count }));
  }

  #outcome(key: number): Outcome {
    const values: string[] = [];
    let rest = key;
    for (let index = this.#names.length - 1; index >= 0; index--) {
      values.unshift(this.#values[index].text(rest % VALUE_LIMIT));
      rest = Math.floor(rest / VALUE_LIMIT);
    }
    return new Map(this.#names.map((name, index) => [name, values[index]]));
  }
}
