/**
 * Lock-free derived outputs: an interrupt line that is a function of several shared words.
 *
 * Requirement: whatever threads change the words at once, the output ends as the function of the last
 * values. Solution: every change is followed by `changed()`, which adds one to a version word, then computes
 * and writes the output until the version did not move meanwhile. A thread that wrote an output from old
 * words finds, when it reads the version after that write, that a change came in between, and computes
 * again; a change whose version it does not see comes later and writes the output itself. It ends because
 * each round needs another thread's change.
 */

/** Recomputes an output after changes of the words that it depends on. */
export class SettledOutput {
  readonly #words: Int32Array;
  readonly #version: number;
  readonly #apply: () => void;

  /**
   * Makes an output; nothing is written before the first change.
   * @param words shared memory
   * @param version index of the device's version word
   * @param apply reads the device's words and writes the output, both with sequentially consistent accesses
   */
  constructor(words: Int32Array, version: number, apply: () => void) {
    this.#words = words;
    this.#version = version;
    this.#apply = apply;
  }

  /** To be called after every change of a word that the output depends on. */
  changed(): void {
    // ORDER: sc add after the change; partner: the version load below in another thread's round.
    let seen = Atomics.add(this.#words, this.#version, 1) + 1;
    for (;;) {
      this.#apply();
      // ORDER: sc load after the output was written; partner: the add above of a concurrent change.
      const now = Atomics.load(this.#words, this.#version);
      if (now === (seen | 0)) return;
      seen = now;
    }
  }
}
