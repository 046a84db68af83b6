/** Shared words as a part of a machine's state. */
import type { RollingHash } from "../replay/mixing_hash.ts";
import type { Restore, StateKeeper } from "./state_keeper.ts";

const WORD_SHIFT = 2;

/** Where a shared word is. */
export interface WordPlace {
  /** Offset in shared memory. */
  readonly offset: number;
  /** Bytes. */
  readonly width: number;
}

/** Keeps words; the one thread that changes them is the one that asks. */
export class WordKeeper implements StateKeeper {
  readonly #words: Int32Array;
  readonly #indices: readonly number[];

  /** @param places where the words are in `words` */
  constructor(words: Int32Array, places: readonly WordPlace[]) {
    this.#words = words;
    this.#indices = places.flatMap(({ offset, width }) =>
      Array.from({ length: width >> WORD_SHIFT }, (_, index) => (offset >> WORD_SHIFT) + index)
    );
  }

  /** See `StateKeeper`. */
  save(): Restore {
    // ORDER: sc loads and stores of words that no other thread changes.
    const values = this.#indices.map((index) => Atomics.load(this.#words, index));
    return () =>
      this.#indices.forEach((index, at) => Atomics.store(this.#words, index, values[at]));
  }

  /** See `StateKeeper`. */
  addTo(hash: RollingHash): void {
    // ORDER: sc loads of words that no other thread changes.
    for (const index of this.#indices) hash.add(Atomics.load(this.#words, index));
  }
}
