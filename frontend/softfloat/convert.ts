/**
 * Conversions between the formats, and between them and integers.
 *
 * Source: RISC-V Unprivileged ISA, "Single-Precision Floating-Point Conversion and Move Instructions", with
 * its table of results for operands out of range.
 */
import type { FunctionSignature, Region, Value } from "../../ir/region.ts";
import { asDouble, fromDouble } from "./exact_conversion.ts";
import { buildFloatFunction, FloatBuilder, type FloatState } from "./float_builder.ts";
import { BINARY64, FloatFlag, type FloatFormat, RoundingMode } from "./format.ts";
import { LEADING_BIT, returnRounded } from "./round_and_pack.ts";
import {
  F64_TO_INTEGER,
  type FormatOperations,
  type IntegerName,
  type Widening,
} from "./signatures.ts";

/** Builds exact conversion from double precision to a narrower format. */
export function buildNarrow(
  signature: FunctionSignature,
  format: FloatFormat,
  state: FloatState,
): Region {
  return buildFloatFunction(signature, format, state, (f) => {
    const { b } = f;
    const double = new FloatBuilder(b, BINARY64, state);
    const [a, mode] = [b.parameter(0), b.parameter(1)];
    const isNegative = double.isNegative(a);
    b.when(double.isNaN(a), () => {
      b.when(double.isSignaling(a), () => f.raise(FloatFlag.INVALID));
      f.returnConstant(format.canonicalNaN);
    });
    b.when(double.isSpecial(a), () => f.returnSigned(isNegative, format.infinity));
    b.when(double.isZero(a), () => f.returnSigned(isNegative, 0n));
    const { exponent, significand } = double.normalize(a);
    const rebased = b.sub(exponent, b.i32(BINARY64.bias - format.bias));
    returnRounded(f, isNegative, rebased, b.shrU(significand, b.i64(1)), mode);
  });
}

/** Builds conversion to a wider format. */
export function buildWiden({ source, target, signature }: Widening, state: FloatState): Region {
  return buildFloatFunction(signature, source, state, (f) => {
    const { b } = f;
    const bits = f.operand(0);
    b.when(f.isNaN(bits), () => {
      b.when(f.isSignaling(bits), () => f.raise(FloatFlag.INVALID));
      b.return(new FloatBuilder(b, target, state).carry(b.i64(target.canonicalNaN)));
    });
    b.return(fromDouble(b, asDouble(b, b.parameter(0), source), target));
  });
}

/** Ends the function with the rounded magnitude of an integer. */
function returnInteger(f: FloatBuilder, isNegative: Value, magnitude: Value, mode: Value): void {
  const { b, format } = f;
  b.when(b.eqz(magnitude), () => f.returnConstant(0n));
  const zeros = b.op("i64.clz", magnitude);
  const full = b.shl(magnitude, zeros);
  const significand = b.or(b.shrU(full, b.i64(1)), b.and(full, b.i64(1)));
  const exponent = b.sub(b.i32(format.bias + LEADING_BIT + 1), b.wrap(zeros));
  returnRounded(f, isNegative, exponent, significand, mode);
}

/** Builds exact conversion from a signed integer. */
export function buildFromSigned(
  operations: FormatOperations,
  format: FloatFormat,
  state: FloatState,
): Region {
  return buildFloatFunction(operations.fromSigned.exact, format, state, (f) => {
    const { b } = f;
    const value = b.parameter(0);
    const isNegative = b.ltS(value, b.i64(0));
    const magnitude = b.select(isNegative, b.sub(b.i64(0), value), value);
    returnInteger(f, isNegative, magnitude, b.parameter(1));
  });
}

/** Builds exact conversion from an unsigned integer. */
export function buildFromUnsigned(
  operations: FormatOperations,
  format: FloatFormat,
  state: FloatState,
): Region {
  return buildFloatFunction(operations.fromUnsigned.exact, format, state, (f) => {
    returnInteger(f, f.b.i32(0), f.b.parameter(0), f.b.parameter(1));
  });
}

/** An integer type as a target of conversion. */
interface IntegerRange {
  /** Smallest value. */
  readonly minimum: bigint;
  /** Largest value. */
  readonly maximum: bigint;
  /** The register's contents for the largest value: sign-extended from the type's width. */
  readonly maximumResult: bigint;
}

const INTEGER_RANGES: Readonly<Record<IntegerName, IntegerRange>> = {
  i32: { minimum: -(2n ** 31n), maximum: 2n ** 31n - 1n, maximumResult: 2n ** 31n - 1n },
  u32: { minimum: 0n, maximum: 2n ** 32n - 1n, maximumResult: -1n },
  i64: { minimum: -(2n ** 63n), maximum: 2n ** 63n - 1n, maximumResult: 2n ** 63n - 1n },
  u64: { minimum: 0n, maximum: 2n ** 64n - 1n, maximumResult: -1n },
};

const HALF = 0.5;
const TWO_TO_63 = 2 ** 63;
const TWO_TO_64 = 2 ** 64;

/** Raises the invalid flag and ends the function with the end of the range on that side. */
function returnSaturated(f: FloatBuilder, isBelow: Value, range: IntegerRange): void {
  const { b } = f;
  f.raise(FloatFlag.INVALID);
  b.return(b.select(isBelow, b.i64(range.minimum), b.i64(range.maximumResult)));
}

/**
 * What is added to the truncated value: -1, 0 or 1 as an i64. `rest` is the exact difference between value
 * and truncated value, with the sign of the value, and not zero.
 */
function roundingStep(f: FloatBuilder, truncated: Value, rest: Value, mode: Value): Value {
  const { b } = f;
  const isNegative = b.op("f64.lt", rest, b.f64(0));
  const size = b.op("f64.abs", rest);
  const isAboveHalf = b.op("f64.lt", b.f64(HALF), size);
  const isHalf = b.op("f64.eq", b.f64(HALF), size);
  const isOdd = b.wrap(b.and(truncated, b.i64(1)));
  const is = (wanted: number): Value => b.eq(mode, b.i32(wanted));
  const isNearest = b.or(is(RoundingMode.NEAREST_EVEN), is(RoundingMode.NEAREST_AWAY));
  const tieGoesAway = b.or(is(RoundingMode.NEAREST_AWAY), isOdd);
  const nearest = b.and(isNearest, b.or(isAboveHalf, b.and(isHalf, tieGoesAway)));
  const directed = b.or(
    b.and(is(RoundingMode.DOWN), isNegative),
    b.and(is(RoundingMode.UP), b.eqz(isNegative)),
  );
  const goesAway = f.flag(b.or(nearest, directed));
  return b.select(isNegative, b.sub(b.i64(0), goesAway), goesAway);
}

/** Ends the function with an integer that the value equals, or is told to be invalid for. */
function returnChecked(f: FloatBuilder, value: Value, range: IntegerRange, flags: number): void {
  const { b } = f;
  const isBelow = b.ltS(value, b.i64(range.minimum));
  if (range.maximum < TWO_TO_63) {
    const isAbove = b.ltS(b.i64(range.maximum), value);
    b.when(b.or(isBelow, isAbove), () => returnSaturated(f, isBelow, range));
  } else if (range.minimum === 0n) {
    b.when(isBelow, () => returnSaturated(f, isBelow, range));
  }
  if (flags !== 0) f.raise(flags);
  b.return(range.maximumResult < 0n && range.maximum < TWO_TO_63 ? b.signExtend32(value) : value);
}

/**
 * Builds conversion to an integer type.
 *
 * Numbers of magnitude 2^63 and above are integers already: they saturate, or are an unsigned integer.
 * Below that, truncation to a signed integer is exact; what it cuts off is exact as a double too, because
 * numbers with a fraction are below 2^53.
 */
export function buildToInteger(name: IntegerName, state: FloatState): Region {
  const range = INTEGER_RANGES[name];
  return buildFloatFunction(F64_TO_INTEGER[name], BINARY64, state, (f) => {
    const { b } = f;
    const [bits, mode] = [b.parameter(0), b.parameter(1)];
    const value = b.op("f64.reinterpret_i64", bits);
    const isInReach = b.op("f64.lt", b.op("f64.abs", value), b.f64(TWO_TO_63));
    b.when(b.eqz(isInReach), () => returnFarInteger(f, bits, value, range));
    const truncated = b.op("i64.trunc_sat_f64_s", value);
    const rest = b.op("f64.sub", value, b.op("f64.convert_i64_s", truncated));
    b.when(b.op("f64.eq", rest, b.f64(0)), () => returnChecked(f, truncated, range, 0));
    const rounded = b.add(truncated, roundingStep(f, truncated, rest, mode));
    returnChecked(f, rounded, range, FloatFlag.INEXACT);
  });
}

/** Ends the function for NaNs, infinities and numbers of magnitude 2^63 and above. */
function returnFarInteger(f: FloatBuilder, bits: Value, value: Value, range: IntegerRange): void {
  const { b } = f;
  if (range.minimum === -(2n ** 63n)) {
    b.when(b.op("f64.eq", value, b.f64(-TWO_TO_63)), () => b.return(b.i64(range.minimum)));
  } else if (range.maximum > TWO_TO_63) {
    const isPositive = b.op("f64.lt", b.f64(0), value);
    const isInRange = b.and(isPositive, b.op("f64.lt", value, b.f64(TWO_TO_64)));
    b.when(isInRange, () => b.return(b.op("i64.trunc_sat_f64_u", value)));
  }
  const isBelow = b.and(f.isNegative(bits), b.eqz(f.isNaN(bits)));
  returnSaturated(f, isBelow, range);
}
