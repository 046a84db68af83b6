/**
 * Operands for tests of float operations: a repeatable stream in which the values where results change their
 * nature come up often.
 */
import type { FloatFormat } from "./format.ts";

const MULTIPLIER = 6364136223846793005n;
const INCREMENT = 1442695040888963407n;
const WORD_BITS = 64;
const HALF_WORD = 32n;

/** Kinds of operands, chosen with equal chance. */
const OPERAND_KINDS = 8;

/** See the header of this file. */
export class OperandSource {
  readonly #format: FloatFormat;
  #state: bigint;

  /** A stream that is the same for the same seed. */
  constructor(format: FloatFormat, seed: bigint) {
    this.#format = format;
    this.#state = BigInt.asUintN(WORD_BITS, seed * MULTIPLIER + INCREMENT);
  }

  /** 64 random bits. */
  word(): bigint {
    return (this.#half() << HALF_WORD) | this.#half();
  }

  /** A random number below a bound. */
  below(bound: number): number {
    return Number(this.#half() % BigInt(bound));
  }

  /** A number of the format. */
  operand(): bigint {
    const sign = this.below(2) === 0 ? 0n : this.#format.signBit;
    return sign | this.#magnitude();
  }

  /** A number with few ones or few zeros in its fraction, `2^exponent` or a little more. */
  sparse(exponent: number): bigint {
    const { bias, hiddenBit } = this.#format;
    return BigInt(bias + exponent) * hiddenBit | this.#sparse();
  }

  /** A number that is related to another: equal, near, opposite, half a unit away, or neither. */
  related(other: bigint): bigint {
    const { signBit, hiddenBit, infinity } = this.#format;
    const magnitude = other & (signBit - 1n);
    switch (this.below(6)) {
      case 0:
        return other;
      case 1:
        return other ^ signBit;
      case 2:
        return (magnitude < infinity ? magnitude + 1n : magnitude) | (this.operand() & signBit);
      case 3:
        return this.#scaled(magnitude, BigInt(this.#format.precision + 1)) |
          (this.operand() & signBit);
      case 4:
        return this.#scaled(magnitude, BigInt(this.below(4))) |
          (this.word() & (hiddenBit - 1n)) | (this.operand() & signBit);
      default:
        return this.operand();
    }
  }

  /** An integer of any size, as 64 bits. */
  integer(): bigint {
    const word = this.word() >> BigInt(this.below(WORD_BITS));
    const edge = 1n << BigInt(this.below(WORD_BITS));
    const top = 1n << BigInt(WORD_BITS - 1);
    const large = [top + 1n, top | word][this.below(2)];
    const candidates = [word, -word, edge, edge - 1n, edge + 1n, -edge, large, 0n];
    return BigInt.asUintN(WORD_BITS, candidates[this.below(candidates.length)]);
  }

  /** Values of each nature, with both signs: those that decide between special cases first. */
  natures(): bigint[] {
    const { signBit, hiddenBit, infinity, quietBit, bias } = this.#format;
    const one = BigInt(bias) * hiddenBit;
    const deciding = [0n, one, infinity, infinity | 1n, infinity | quietBit];
    const others = [1n, hiddenBit, infinity - 1n];
    return [...deciding, ...others].flatMap((bits) => [bits, bits | signBit]);
  }

  #half(): bigint {
    this.#state = BigInt.asUintN(WORD_BITS, this.#state * MULTIPLIER + INCREMENT);
    return this.#state >> HALF_WORD;
  }

  /** Magnitude with a smaller exponent field, but not below zero. */
  #scaled(magnitude: bigint, steps: bigint): bigint {
    const lower = magnitude - steps * this.#format.hiddenBit;
    return lower < 0n ? magnitude : lower;
  }

  #magnitude(): bigint {
    const { hiddenBit, signBit, infinity, quietBit, bias, topExponent } = this.#format;
    const fraction = this.word() & (hiddenBit - 1n);
    const field = (exponent: number): bigint => BigInt(exponent) * hiddenBit;
    switch (this.below(OPERAND_KINDS)) {
      case 0:
        return this.word() & (signBit - 1n);
      case 1:
        return this.#special(infinity, quietBit, hiddenBit);
      case 2:
        return field(bias - 4 + this.below(8)) | fraction;
      case 3:
        return field(bias - 2 + this.below(4)) | this.#sparse();
      case 4:
        return field(this.below(3)) | fraction >> BigInt(this.below(this.#format.precision));
      case 5:
        return field(topExponent - 1 - this.below(3)) | fraction;
      case 6:
        return field(1 + this.below(topExponent - 1)) | this.#sparse();
      default:
        return field((bias >> 1) + this.below(bias)) | fraction;
    }
  }

  #special(infinity: bigint, quietBit: bigint, hiddenBit: bigint): bigint {
    const values = [0n, 1n, hiddenBit - 1n, hiddenBit, hiddenBit + 1n, infinity - 1n, infinity];
    const nans = [infinity | 1n, infinity | quietBit, infinity | quietBit | 1n];
    const all = [...values, ...nans];
    return all[this.below(all.length)];
  }

  /** A fraction of few ones, or of few zeros. */
  #sparse(): bigint {
    const { hiddenBit, fractionBits } = this.#format;
    const bits = (1n << BigInt(this.below(fractionBits))) |
      (1n << BigInt(this.below(fractionBits)));
    return this.below(2) === 0 ? bits : hiddenBit - 1n - bits;
  }
}
