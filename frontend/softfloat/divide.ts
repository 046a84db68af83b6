/**
 * Exact division and square root on top of the host's.
 *
 * The host divides the significands, as doubles in [1, 2), and gives the 53 bits q nearest to the quotient.
 * The remainder `x * 2^k - q * y` is smaller than y in magnitude, so its low 64 bits, which wrapping integer
 * arithmetic gives, tell its sign. The true quotient then is q, or just above, or just below it by less than
 * half a unit: q with nine zeros appended, plus the sign of the remainder, rounds as the true quotient
 * does, to any position, in any mode. The same holds for the square root with remainder `x * 2^k - q * q`.
 *
 * Neither quotient nor root is rounded up to a power of two: the quotient of different significands below
 * one differs from it by at least one unit, as does the root of a number below four from two.
 */
import type { Region, Value } from "../../ir/region.ts";
import { buildFloatFunction, type FloatBuilder, type FloatState } from "./float_builder.ts";
import { BINARY64, FloatFlag, type FloatFormat } from "./format.ts";
import { LEADING_BIT, returnRounded } from "./round_and_pack.ts";
import type { FormatOperations } from "./signatures.ts";

/** Moves a leading one from bit 63 to the hidden bit of a double. */
const TO_DOUBLE_SHIFT = 63 - BINARY64.fractionBits;
/** Moves a leading one from the hidden bit of a double to where rounding wants it. */
const TO_ROUNDING_SHIFT = LEADING_BIT - BINARY64.fractionBits;

/** The double with this significand, its hidden bit included, and this exponent field (i32). */
function asDouble(b: FloatBuilder["b"], significand: Value, field: Value): Value {
  const fraction = b.and(significand, b.i64(BINARY64.hiddenBit - 1n));
  const exponent = b.shl(b.zeroExtend(field), b.i64(BINARY64.fractionBits));
  return b.op("f64.reinterpret_i64", b.or(fraction, exponent));
}

/** Significand of a normal double given by its bits. */
function doubleSignificand(b: FloatBuilder["b"], bits: Value): Value {
  const fraction = b.and(bits, b.i64(BINARY64.hiddenBit - 1n));
  return b.or(fraction, b.i64(BINARY64.hiddenBit));
}

/** The significand to round, from the 53 nearest bits and the remainder. */
function withRemainder(b: FloatBuilder["b"], nearest: Value, remainder: Value): Value {
  const isPositive = b.zeroExtend(b.ltS(b.i64(0), remainder));
  const sign = b.or(b.shrS(remainder, b.i64(63)), isPositive);
  return b.add(b.shl(nearest, b.i64(TO_ROUNDING_SHIFT)), sign);
}

function returnSpecialQuotient(f: FloatBuilder, a: Value, divisor: Value, isNegative: Value): void {
  const { b } = f;
  f.returnIfNaN(a, divisor);
  b.when(f.isSpecial(divisor), () => {
    b.when(f.isSpecial(a), () => f.returnInvalid());
    f.returnSigned(isNegative, 0n);
  });
  f.returnSigned(isNegative, f.format.infinity);
}

function returnQuotientOfZero(f: FloatBuilder, a: Value, divisor: Value, isNegative: Value): void {
  const { b } = f;
  b.when(f.isZero(divisor), () => {
    b.when(f.isZero(a), () => f.returnInvalid());
    f.raise(FloatFlag.DIVIDE_BY_ZERO);
    f.returnSigned(isNegative, f.format.infinity);
  });
  f.returnSigned(isNegative, 0n);
}

/** Builds exact division. */
export function buildDivide(
  operations: FormatOperations,
  format: FloatFormat,
  state: FloatState,
): Region {
  return buildFloatFunction(operations.divide.exact, format, state, (f) => {
    const { b } = f;
    const [a, divisor, mode] = [f.operand(0), f.operand(1), b.parameter(2)];
    const isNegative = b.xor(f.isNegative(a), f.isNegative(divisor));
    b.when(b.or(f.isSpecial(a), f.isSpecial(divisor)), () => {
      returnSpecialQuotient(f, a, divisor, isNegative);
    });
    b.when(b.or(f.isZero(a), f.isZero(divisor)), () => {
      returnQuotientOfZero(f, a, divisor, isNegative);
    });
    const [numerator, denominator] = [f.normalize(a), f.normalize(divisor)];
    const [x, y] = [numerator, denominator].map(({ significand }) =>
      b.shrU(significand, b.i64(TO_DOUBLE_SHIFT))
    );
    const one = b.i32(BINARY64.bias);
    const quotient = b.op("f64.div", asDouble(b, x, one), asDouble(b, y, one));
    const bits = b.op("i64.reinterpret_f64", quotient);
    const isBelowOne = b.ltU(bits, b.i64(BigInt(BINARY64.bias) * BINARY64.hiddenBit));
    const nearest = doubleSignificand(b, bits);
    const scale = b.add(b.i64(BINARY64.fractionBits), f.flag(isBelowOne));
    const remainder = b.sub(b.shl(x, scale), b.mul(nearest, y));
    const difference = b.sub(numerator.exponent, denominator.exponent);
    const exponent = b.sub(b.add(difference, b.i32(format.bias)), isBelowOne);
    returnRounded(f, isNegative, exponent, withRemainder(b, nearest, remainder), mode);
  });
}

/** Builds the exact square root. */
export function buildSquareRoot(
  operations: FormatOperations,
  format: FloatFormat,
  state: FloatState,
): Region {
  return buildFloatFunction(operations.squareRoot.exact, format, state, (f) => {
    const { b } = f;
    const [a, mode] = [f.operand(0), b.parameter(1)];
    f.returnIfNaN(a);
    b.when(f.isZero(a), () => f.return(a));
    b.when(f.isNegative(a), () => f.returnInvalid());
    b.when(f.isSpecial(a), () => f.return(a));
    const { exponent, significand } = f.normalize(a);
    const unbiased = b.sub(exponent, b.i32(format.bias));
    const isOdd = b.and(unbiased, b.i32(1));
    const x = b.shrU(significand, b.i64(TO_DOUBLE_SHIFT));
    const radicand = asDouble(b, x, b.add(b.i32(BINARY64.bias), isOdd));
    const nearest = doubleSignificand(
      b,
      b.op("i64.reinterpret_f64", b.op("f64.sqrt", radicand)),
    );
    const scale = b.add(b.i64(BINARY64.fractionBits), f.flag(isOdd));
    const remainder = b.sub(b.shl(x, scale), b.mul(nearest, nearest));
    const half = b.add(b.shrS(unbiased, b.i32(1)), b.i32(format.bias));
    returnRounded(f, b.i32(0), half, withRemainder(b, nearest, remainder), mode);
  });
}
