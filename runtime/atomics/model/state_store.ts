/**
 * The set of states an exploration has seen, with stable indices: a flat arena and an open-addressing hash
 * table over it. States are compared in full: a collision never hides a state.
 */

const FIRST_CAPACITY = 1 << 12;
const HASH_MULTIPLIER = 0x9e3779b1;
const HASH_SHIFT = 15;

/** States of one size, each stored once. */
export class StateStore {
  /** Number of states; their indices are 0 to `count - 1`, in order of discovery. */
  count = 0;
  readonly #words: number;
  #arena: Int32Array;
  #table = new Int32Array(FIRST_CAPACITY * 2);

  constructor(bytes: number) {
    this.#words = bytes >> 2;
    this.#arena = new Int32Array(FIRST_CAPACITY * this.#words);
  }

  /** Copies the state with an index. */
  copyTo(index: number, target: Uint8Array): void {
    const words = new Int32Array(target.buffer, target.byteOffset, this.#words);
    const from = index * this.#words;
    for (let k = 0; k < this.#words; k++) words[k] = this.#arena[from + k];
  }

  /** Index of a state, or -1. */
  find(state: Uint8Array): number {
    const words = new Int32Array(state.buffer, state.byteOffset, this.#words);
    return this.#table[this.#slotOf(words)] - 1;
  }

  /** Index of a state, which is added when new. */
  intern(state: Uint8Array): number {
    if (this.count * 2 >= this.#table.length) this.#grow();
    const words = new Int32Array(state.buffer, state.byteOffset, this.#words);
    const slot = this.#slotOf(words);
    if (this.#table[slot] !== 0) return this.#table[slot] - 1;
    this.#arena.set(words, this.count * this.#words);
    this.#table[slot] = ++this.count;
    return this.count - 1;
  }

  #slotOf(words: Int32Array): number {
    const mask = this.#table.length - 1;
    let hash = 0;
    for (let k = 0; k < this.#words; k++) {
      hash = Math.imul(hash ^ words[k], HASH_MULTIPLIER);
      hash ^= hash >>> HASH_SHIFT;
    }
    let slot = hash & mask;
    while (this.#table[slot] !== 0 && !this.#equals(this.#table[slot] - 1, words)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #equals(index: number, words: Int32Array): boolean {
    const from = index * this.#words;
    for (let k = 0; k < this.#words; k++) {
      if (this.#arena[from + k] !== words[k]) return false;
    }
    return true;
  }

  #grow(): void {
    const arena = new Int32Array(this.#arena.length * 2);
    arena.set(this.#arena);
    this.#arena = arena;
    const count = this.count;
    this.#table = new Int32Array(this.#table.length * 2);
    for (let index = 0; index < count; index++) {
      const from = index * this.#words;
      const slot = this.#slotOf(arena.subarray(from, from + this.#words));
      this.#table[slot] = index + 1;
    }
  }
}
