/**
 * Exact addition and subtraction.
 *
 * Both significands are aligned at the larger exponent with nine or more spare bits below, the smaller one
 * shifted right with jam, and added as signed integers. When the shift loses bits the exponents differ by
 * more than the spare bits, so that at most one leading bit cancels and the jammed bit stays below the
 * rounding position. A sum in the subnormal range is exact.
 */
import type { Region, Value } from "../../ir/region.ts";
import { buildFloatFunction, type FloatBuilder, type FloatState } from "./float_builder.ts";
import { type FloatFormat, RoundingMode } from "./format.ts";
import { returnRounded } from "./round_and_pack.ts";
import type { FormatOperations } from "./signatures.ts";

/** Where the hidden bit is while significands are added: leaves room for a carry and a sign. */
const ALIGNED_BIT = 61;

function returnSpecialSum(f: FloatBuilder, a: Value, second: Value): void {
  const { b } = f;
  f.returnIfNaN(a, second);
  const areOpposite = b.ne(f.isNegative(a), f.isNegative(second));
  const areInfinite = b.and(f.isSpecial(a), f.isSpecial(second));
  b.when(b.and(areOpposite, areInfinite), () => f.returnInvalid());
  f.return(b.select(f.isSpecial(a), a, second));
}

/** Sign of an exact zero sum: that of both operands, or minus only when rounding down. */
function returnZeroSum(f: FloatBuilder, a: Value, second: Value, mode: Value): void {
  const { b } = f;
  const areAlike = b.eq(f.isNegative(a), f.isNegative(second));
  const isDown = b.eq(mode, b.i32(RoundingMode.DOWN));
  f.return(f.signBitIf(b.select(areAlike, f.isNegative(a), isDown)));
}

/** Exponent field of a finite number, that of subnormal numbers taken as 1. */
function exponentOf(f: FloatBuilder, bits: Value): Value {
  const field = f.exponentField(bits);
  return f.b.select(f.b.eqz(field), f.b.i32(1), field);
}

/** Significand as a signed integer, shifted right to a larger exponent. */
function alignedTerm(f: FloatBuilder, bits: Value, exponent: Value): Value {
  const { b } = f;
  const scaled = b.shl(f.significand(bits), b.i64(ALIGNED_BIT - f.format.fractionBits));
  const term = f.shiftRightJam(scaled, b.sub(exponent, exponentOf(f, bits)));
  return b.select(f.isNegative(bits), b.sub(b.i64(0), term), term);
}

function returnSum(f: FloatBuilder, a: Value, second: Value, mode: Value): void {
  const { b } = f;
  b.when(b.or(f.isSpecial(a), f.isSpecial(second)), () => returnSpecialSum(f, a, second));
  const exponents = [exponentOf(f, a), exponentOf(f, second)];
  const exponent = b.select(b.ltS(exponents[0], exponents[1]), exponents[1], exponents[0]);
  const sum = b.add(alignedTerm(f, a, exponent), alignedTerm(f, second, exponent));
  b.when(b.eqz(sum), () => returnZeroSum(f, a, second, mode));
  const isNegative = b.ltS(sum, b.i64(0));
  const magnitude = b.select(isNegative, b.sub(b.i64(0), sum), sum);
  const shift = b.sub(b.op("i64.clz", magnitude), b.i64(1));
  const significand = b.shl(magnitude, shift);
  const scaled = b.sub(b.add(exponent, b.i32(1)), b.wrap(shift));
  returnRounded(f, isNegative, scaled, significand, mode);
}

/** Builds exact addition. */
export function buildAdd(
  operations: FormatOperations,
  format: FloatFormat,
  state: FloatState,
): Region {
  return buildFloatFunction(operations.add.exact, format, state, (f) => {
    returnSum(f, f.operand(0), f.operand(1), f.b.parameter(2));
  });
}

/** Builds exact subtraction: addition of the negated operand, which a NaN does not notice. */
export function buildSubtract(
  operations: FormatOperations,
  format: FloatFormat,
  state: FloatState,
): Region {
  return buildFloatFunction(operations.subtract.exact, format, state, (f) => {
    const { b } = f;
    const negated = f.carry(b.xor(f.operand(1), b.i64(format.signBit)));
    b.return(b.call(operations.add.exact, b.parameter(0), negated, b.parameter(2)));
  });
}
