/**
 * Operand values where instructions tend to go wrong: borders of integers, and of floats of every format zeros,
 * subnormal numbers, the neighbours of one and of infinity, NaNs of both kinds, and boxes that are none. Some
 * operands follow from others: equal, opposite, next to, of nearly the same exponent.
 */
import type { SeededRandom } from "../../differential/seeded_random.ts";

/** A float format by its sizes. */
interface FloatShape {
  readonly width: number;
  readonly fraction: number;
}

/** Formats by the letter that mnemonics have for them. */
const SHAPES: Readonly<Record<string, FloatShape>> = {
  h: { width: 16, fraction: 10 },
  s: { width: 32, fraction: 23 },
  d: { width: 64, fraction: 52 },
};
/** Integers that conversions meet at the ends of their ranges, as doubles and singles can hold them. */
const INTEGER_BORDERS: readonly number[] = [15, 16, 31, 32, 63, 64];
const REGISTER_BITS = 64;

function ones(bits: number): bigint {
  return (1n << BigInt(bits)) - 1n;
}

/** 64 random bits. */
export function randomBits(random: SeededRandom): bigint {
  return (BigInt(random.word()) << 32n) | BigInt(random.word());
}

/** Formats that a mnemonic names, both when it names none. */
export function formatsOf(name: string): readonly string[] {
  const named = name.split(".").slice(1).filter((part) => part in SHAPES);
  return named.length > 0 ? named : ["s", "d"];
}

/** Numbers of one format, unboxed. */
class FloatValues {
  readonly #random: SeededRandom;
  readonly #shape: FloatShape;

  constructor(random: SeededRandom, shape: FloatShape) {
    this.#random = random;
    this.#shape = shape;
  }

  get #exponentBits(): number {
    return this.#shape.width - this.#shape.fraction - 1;
  }

  #compose(sign: boolean, exponent: number, fraction: bigint): bigint {
    const { width, fraction: bits } = this.#shape;
    const top = sign ? 1n << BigInt(width - 1) : 0n;
    return top | (BigInt(exponent) << BigInt(bits)) | (fraction & ones(bits));
  }

  #fraction(): bigint {
    const random = this.#random;
    const bits = this.#shape.fraction;
    switch (random.below(6)) {
      case 0:
        return 0n;
      case 1:
        return ones(bits);
      case 2:
        return 1n << BigInt(random.below(bits));
      case 3:
        return ones(bits) ^ ones(random.below(bits));
      default:
        return randomBits(random) & ones(bits);
    }
  }

  #exponent(): number {
    const random = this.#random;
    const top = 2 ** this.#exponentBits - 1;
    const bias = top >> 1;
    switch (random.below(6)) {
      case 0:
        return 0;
      case 1:
        return random.pick([1, 2, top - 1, top - 2]);
      case 2:
        return top;
      case 3:
        return Math.min(top, bias + random.between(-2, 2));
      case 4:
        return Math.max(
          0,
          Math.min(top - 1, bias + random.pick(INTEGER_BORDERS) + random.between(-2, 1)),
        );
      default:
        return random.below(top);
    }
  }

  any(): bigint {
    const random = this.#random;
    return this.#compose(random.chance(50), this.#exponent(), this.#fraction());
  }

  /** A number that has to do with another one. */
  beside(other: bigint): bigint {
    const random = this.#random;
    const { width, fraction } = this.#shape;
    const exponent = Number((other >> BigInt(fraction)) & ones(this.#exponentBits));
    switch (random.below(4)) {
      case 0:
        return other;
      case 1:
        return other ^ (1n << BigInt(width - 1));
      case 2:
        return (other + BigInt(random.between(-1, 1))) & ones(width);
      default: {
        const near = exponent + random.between(-fraction - 2, fraction + 2);
        const legal = Math.max(0, Math.min(2 ** this.#exponentBits - 2, near));
        return this.#compose(random.chance(50), legal, this.#fraction());
      }
    }
  }
}

/** Float registers of an instruction, boxed, by the formats that its mnemonic names. */
export function floatOperands(random: SeededRandom, name: string, count: number): bigint[] {
  const formats = formatsOf(name);
  const format = random.chance(90) ? random.pick(formats) : random.pick(Object.keys(SHAPES));
  const shape = SHAPES[format];
  const values = new FloatValues(random, shape);
  const operands: bigint[] = [];
  for (let index = 0; index < count; index++) {
    const other = random.chance(35) && index > 0 ? random.pick(operands) : null;
    operands.push(
      (other === null ? values.any() : values.beside(other & ones(shape.width))) &
        ones(shape.width),
    );
  }
  return operands.map((value) => boxed(random, value, shape));
}

function boxed(random: SeededRandom, value: bigint, { width }: FloatShape): bigint {
  if (width === REGISTER_BITS) return value;
  const rest = ones(REGISTER_BITS) ^ ones(width);
  if (random.chance(92)) return value | rest;
  const hole = 1n << BigInt(random.between(width, REGISTER_BITS - 1));
  return random.chance(50) ? (value | rest) ^ hole : randomBits(random);
}

/** Integer registers of an instruction. */
export function integerOperands(random: SeededRandom, count: number): bigint[] {
  const operands: bigint[] = [];
  for (let index = 0; index < count; index++) {
    const isRelated = index > 0 && random.chance(25);
    const value = isRelated
      ? random.pick([
        (other: bigint) => other,
        (other: bigint) => -other,
        (other: bigint) => other + 1n,
      ])(
        random.pick(operands),
      )
      : random.chance(15)
      ? BigInt(random.below(70))
      : random.register();
    operands.push(BigInt.asUintN(REGISTER_BITS, value));
  }
  return operands;
}
