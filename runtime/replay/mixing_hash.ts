/** Fast hashes of words and bytes: they tell states apart that differ by accident, and protect against nobody. */

const FIRST_MULTIPLIER = 0x9e3779b1 | 0;
const SECOND_MULTIPLIER = 0x85ebca6b | 0;
const FIRST_SEED = 0x2545f491;
const SECOND_SEED = 0x1b873593;
const ROTATION = 13;
const WORD_BITS = 32;
const FINAL_SHIFT = 16;
const HEX = 16;
const HEX_DIGITS = 8;

/** A hash with one more word in it. */
export function mixed(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, FIRST_MULTIPLIER);
  return (product << ROTATION) | (product >>> (WORD_BITS - ROTATION));
}

/** Hash of words `from` to `to`, without the last one. */
export function hashWords(words: Int32Array, from: number, to: number): number {
  let hash = FIRST_SEED;
  for (let index = from; index < to; index++) hash = mixed(hash, words[index]);
  return finished(hash);
}

/** Hash of bytes. */
export function hashBytes(bytes: Uint8Array): number {
  let hash = mixed(FIRST_SEED, bytes.length);
  for (const byte of bytes) hash = mixed(hash, byte);
  return finished(hash);
}

/** Spreads the last words over all bits; an unsigned number. */
function finished(hash: number): number {
  const spread = Math.imul(hash ^ (hash >>> FINAL_SHIFT), SECOND_MULTIPLIER);
  return (spread ^ (spread >>> FINAL_SHIFT)) >>> 0;
}

/** 64 bits over a sequence of words. */
export class RollingHash {
  #first = FIRST_SEED;
  #second = SECOND_SEED;

  /** Goes on from an earlier {@linkcode RollingHash.text}; without one from the beginning. */
  constructor(text = "") {
    if (text === "") return;
    this.#first = parseInt(text.slice(0, HEX_DIGITS), HEX) | 0;
    this.#second = parseInt(text.slice(HEX_DIGITS), HEX) | 0;
  }

  /** Takes a word in. */
  add(word: number): void {
    this.#first = mixed(this.#first, word);
    this.#second = mixed(Math.imul(this.#second, SECOND_MULTIPLIER), word ^ this.#first);
  }

  /** Takes a number below 2^53 in. */
  addNumber(value: number): void {
    this.add(value | 0);
    this.add(Math.floor(value / 2 ** WORD_BITS) | 0);
  }

  /** All of it, as hexadecimal digits. */
  get text(): string {
    return [this.#first, this.#second]
      .map((half) => (half >>> 0).toString(HEX).padStart(HEX_DIGITS, "0")).join("");
  }
}
