/**
 * A second meaning of the float operations, for tests: the exact result as a fraction of big integers, then
 * one rounding. It shares nothing with the functions it checks but the description of the formats.
 */
import { FloatFlag, type FloatFormat, RoundingMode } from "./format.ts";

/** Bits of a result and the flags that the operation raises. */
export interface ReferenceResult {
  /** Result bits, unsigned. */
  readonly bits: bigint;
  /** Raised flags. */
  readonly flags: number;
}

/** A finite number: `numerator / denominator`, with the sign apart so that zero has one too. */
interface Finite {
  readonly kind: "finite";
  readonly isNegative: boolean;
  /** Not negative. */
  readonly numerator: bigint;
  /** Positive. */
  readonly denominator: bigint;
}

type Decoded =
  | Finite
  | { readonly kind: "infinite"; readonly isNegative: boolean }
  | { readonly kind: "nan"; readonly isSignaling: boolean };

/** Bits beyond any precision that a square root is computed to. */
const ROOT_GUARD_BITS = 80n;

function power(exponent: bigint): { numerator: bigint; denominator: bigint } {
  return exponent < 0n
    ? { numerator: 1n, denominator: 1n << -exponent }
    : { numerator: 1n << exponent, denominator: 1n };
}

/** What the bits stand for. */
export function decode(format: FloatFormat, bits: bigint): Decoded {
  const isNegative = (bits & format.signBit) !== 0n;
  const fraction = bits & (format.hiddenBit - 1n);
  const field = (bits & (format.signBit - 1n)) / format.hiddenBit;
  if (field === BigInt(format.topExponent)) {
    return fraction === 0n
      ? { kind: "infinite", isNegative }
      : { kind: "nan", isSignaling: (fraction & format.quietBit) === 0n };
  }
  const significand = field === 0n ? fraction : fraction + format.hiddenBit;
  const exponent = (field === 0n ? 1n : field) - BigInt(format.bias + format.fractionBits);
  const scale = power(exponent);
  return {
    kind: "finite",
    isNegative,
    numerator: significand * scale.numerator,
    denominator: scale.denominator,
  };
}

function signed(value: Finite): bigint {
  return value.isNegative ? -value.numerator : value.numerator;
}

function fromFraction(numerator: bigint, denominator: bigint): Finite {
  const isNegative = numerator < 0n;
  return {
    kind: "finite",
    isNegative,
    numerator: isNegative ? -numerator : numerator,
    denominator,
  };
}

/** Quotient rounded to an integer as the mode says, and whether that changed it. */
export function roundToInteger(
  { isNegative, numerator, denominator }: Finite,
  mode: number,
): { integer: bigint; isInexact: boolean } {
  const integer = numerator / denominator;
  const twice = 2n * (numerator % denominator);
  const isAway = {
    [RoundingMode.NEAREST_EVEN]: twice > denominator ||
      (twice === denominator && integer % 2n === 1n),
    [RoundingMode.TOWARD_ZERO]: false,
    [RoundingMode.DOWN]: isNegative && twice > 0n,
    [RoundingMode.UP]: !isNegative && twice > 0n,
    [RoundingMode.NEAREST_AWAY]: twice >= denominator,
  }[mode];
  return { integer: isAway ? integer + 1n : integer, isInexact: twice !== 0n };
}

/** Largest e with `2^e <= numerator / denominator`. */
function floorLog2(numerator: bigint, denominator: bigint): bigint {
  const guess = BigInt(numerator.toString(2).length - denominator.toString(2).length);
  const scale = power(guess);
  return numerator * scale.denominator >= denominator * scale.numerator ? guess : guess - 1n;
}

/** The number as a multiple of `2^exponent`, rounded. */
function quantize(
  value: Finite,
  exponent: bigint,
  mode: number,
): { integer: bigint; isInexact: boolean } {
  const scale = power(-exponent);
  return roundToInteger({
    ...value,
    numerator: value.numerator * scale.numerator,
    denominator: value.denominator * scale.denominator,
  }, mode);
}

/** Operations on one format. */
export class RationalReference {
  readonly #format: FloatFormat;

  /** For one format. */
  constructor(format: FloatFormat) {
    this.#format = format;
  }

  /** Rounds a finite number into the format. */
  round(value: Finite, mode: number): ReferenceResult {
    const format = this.#format;
    const sign = value.isNegative ? format.signBit : 0n;
    if (value.numerator === 0n) return { bits: sign, flags: 0 };
    const lowest = BigInt(1 - format.bias);
    const precision = BigInt(format.fractionBits);
    const exponent = floorLog2(value.numerator, value.denominator);
    const effective = exponent < lowest ? lowest : exponent;
    const { integer, isInexact } = quantize(value, effective - precision, mode);
    const unbounded = quantize(value, exponent - precision, mode).integer;
    const unboundedSize = unbounded === 2n * format.hiddenBit ? exponent + 1n : exponent;
    const isTiny = unboundedSize < lowest;
    // Significand plus exponent steps: a subnormal has none, the lowest normal exponent has none either.
    const magnitude = integer + (effective - lowest) * format.hiddenBit;
    if (magnitude >= format.infinity) return this.#overflow(value.isNegative, mode);
    const underflow = isTiny && isInexact ? FloatFlag.UNDERFLOW : 0;
    return { bits: sign | magnitude, flags: (isInexact ? FloatFlag.INEXACT : 0) | underflow };
  }

  #overflow(isNegative: boolean, mode: number): ReferenceResult {
    const { signBit, infinity } = this.#format;
    const toLargest = mode === RoundingMode.TOWARD_ZERO ||
      mode === (isNegative ? RoundingMode.UP : RoundingMode.DOWN);
    const magnitude = toLargest ? infinity - 1n : infinity;
    const flags = FloatFlag.OVERFLOW | FloatFlag.INEXACT;
    return { bits: magnitude | (isNegative ? signBit : 0n), flags };
  }

  #infinity(isNegative: boolean, flags = 0): ReferenceResult {
    const { signBit, infinity } = this.#format;
    return { bits: infinity | (isNegative ? signBit : 0n), flags };
  }

  #zero(isNegative: boolean): ReferenceResult {
    return { bits: isNegative ? this.#format.signBit : 0n, flags: 0 };
  }

  /** The NaN of an operation without a useful result, or with NaN operands. */
  nan(isInvalid: boolean): ReferenceResult {
    return { bits: this.#format.canonicalNaN, flags: isInvalid ? FloatFlag.INVALID : 0 };
  }

  #decode(bits: bigint): Decoded {
    return decode(this.#format, bits);
  }

  /** The NaN result when there are NaN operands, else null. */
  #propagate(...operands: Decoded[]): ReferenceResult | null {
    if (operands.every(({ kind }) => kind !== "nan")) return null;
    return this.nan(operands.some((operand) => operand.kind === "nan" && operand.isSignaling));
  }

  /** Sum. */
  add(a: bigint, b: bigint, mode: number): ReferenceResult {
    const [x, y] = [this.#decode(a), this.#decode(b)];
    return this.#propagate(x, y) ?? this.#sum(x, y, mode);
  }

  /** Difference. */
  subtract(a: bigint, b: bigint, mode: number): ReferenceResult {
    return this.add(a, b ^ this.#format.signBit, mode);
  }

  #sum(x: Decoded, y: Decoded, mode: number): ReferenceResult {
    if (x.kind === "nan" || y.kind === "nan") throw new TypeError("Cannot add a NaN");
    if (x.kind === "infinite" && y.kind === "infinite" && x.isNegative !== y.isNegative) {
      return this.nan(true);
    }
    if (x.kind === "infinite") return this.#infinity(x.isNegative);
    if (y.kind === "infinite") return this.#infinity(y.isNegative);
    const numerator = signed(x) * y.denominator + signed(y) * x.denominator;
    if (numerator === 0n) {
      const isNegative = x.isNegative === y.isNegative ? x.isNegative : mode === RoundingMode.DOWN;
      return this.#zero(isNegative);
    }
    return this.round(fromFraction(numerator, x.denominator * y.denominator), mode);
  }

  /** The exact product; null when it is infinity times zero. */
  #product(x: Decoded, y: Decoded): Decoded | null {
    if (x.kind === "nan" || y.kind === "nan") return { kind: "nan", isSignaling: false };
    const isNegative = x.isNegative !== y.isNegative;
    if (x.kind === "finite" && y.kind === "finite") {
      return {
        kind: "finite",
        isNegative,
        numerator: x.numerator * y.numerator,
        denominator: x.denominator * y.denominator,
      };
    }
    const hasZero = [x, y].some((v) => v.kind === "finite" && v.numerator === 0n);
    return hasZero ? null : { kind: "infinite", isNegative };
  }

  /** Product. */
  multiply(a: bigint, b: bigint, mode: number): ReferenceResult {
    const [x, y] = [this.#decode(a), this.#decode(b)];
    const nan = this.#propagate(x, y);
    if (nan !== null) return nan;
    const product = this.#product(x, y);
    if (product === null || product.kind === "nan") return this.nan(true);
    if (product.kind === "infinite") return this.#infinity(product.isNegative);
    return this.round(product, mode);
  }

  /** Product plus addend, rounded once. */
  multiplyAdd(a: bigint, b: bigint, c: bigint, mode: number): ReferenceResult {
    const [x, y, z] = [a, b, c].map((bits) => this.#decode(bits));
    const product = this.#product(x, y);
    if (product === null) return this.nan(true);
    return this.#propagate(x, y, z) ?? this.#sum(product, z, mode);
  }

  /** Quotient. */
  divide(a: bigint, b: bigint, mode: number): ReferenceResult {
    const [x, y] = [this.#decode(a), this.#decode(b)];
    const nan = this.#propagate(x, y);
    if (nan !== null || x.kind === "nan" || y.kind === "nan") return nan ?? this.nan(true);
    const isNegative = x.isNegative !== y.isNegative;
    if (x.kind === "infinite") {
      return y.kind === "infinite" ? this.nan(true) : this.#infinity(isNegative);
    }
    if (y.kind === "infinite") return this.#zero(isNegative);
    if (y.numerator === 0n) {
      if (x.numerator === 0n) return this.nan(true);
      return this.#infinity(isNegative, FloatFlag.DIVIDE_BY_ZERO);
    }
    const numerator = x.numerator * y.denominator;
    const denominator = x.denominator * y.numerator;
    return this.round({ kind: "finite", isNegative, numerator, denominator }, mode);
  }

  /** Square root. */
  squareRoot(a: bigint, mode: number): ReferenceResult {
    const x = this.#decode(a);
    const nan = this.#propagate(x);
    if (nan !== null || x.kind === "nan") return nan ?? this.nan(true);
    if (x.kind === "finite" && x.numerator === 0n) return this.#zero(x.isNegative);
    if (x.isNegative) return this.nan(true);
    if (x.kind === "infinite") return this.#infinity(false);
    // sqrt(n / d) = sqrt(n * d) / d; a root that is not exact becomes odd in its last guard bit.
    const radicand = x.numerator * x.denominator << (2n * ROOT_GUARD_BITS);
    const root = integerRoot(radicand);
    const isExact = root * root === radicand;
    return this.round({
      kind: "finite",
      isNegative: false,
      numerator: 2n * root + (isExact ? 0n : 1n),
      denominator: x.denominator << (ROOT_GUARD_BITS + 1n),
    }, mode);
  }

  /** From an integer. */
  fromInteger(value: bigint, mode: number): ReferenceResult {
    return this.round(fromFraction(value, 1n), mode);
  }

  /** From a number of another format. */
  convert(source: FloatFormat, bits: bigint, mode: number): ReferenceResult {
    const value = decode(source, bits);
    if (value.kind === "nan") return this.nan(value.isSignaling);
    if (value.kind === "infinite") return this.#infinity(value.isNegative);
    return this.round(value, mode);
  }

  /** To an integer between two bounds; bits are those of the integer, not masked. */
  toInteger(bits: bigint, minimum: bigint, maximum: bigint, mode: number): ReferenceResult {
    const value = this.#decode(bits);
    if (value.kind === "nan") return { bits: maximum, flags: FloatFlag.INVALID };
    if (value.kind === "infinite") {
      return { bits: value.isNegative ? minimum : maximum, flags: FloatFlag.INVALID };
    }
    const { integer, isInexact } = roundToInteger(value, mode);
    const result = value.isNegative ? -integer : integer;
    if (result < minimum) return { bits: minimum, flags: FloatFlag.INVALID };
    if (result > maximum) return { bits: maximum, flags: FloatFlag.INVALID };
    return { bits: result, flags: isInexact ? FloatFlag.INEXACT : 0 };
  }
}

/** Largest integer whose square is not above. */
function integerRoot(value: bigint): bigint {
  if (value < 2n) return value;
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}
