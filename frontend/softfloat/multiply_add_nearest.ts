/**
 * Fused multiply-add to nearest even with the host's operations, which have none.
 *
 * A result is taken when it is sure to be the true result rounded once, and when no flag but inexact can be
 * due, as `nearest.ts` says.
 */
import type { Region, Value } from "../../ir/region.ts";
import { buildFloatFunction, FloatBuilder, type FloatState } from "./float_builder.ts";
import { BINARY32, BINARY64 } from "./format.ts";
import {
  areDifferent,
  type HostFloatBuilder,
  isNotZero,
  isSafelyNormal,
  productResidual,
  promote,
  returnExact,
  returnTested,
  singleProduct,
  sumError,
  toBits,
} from "./host_arithmetic.ts";
import type { RoundedOperation } from "./signatures.ts";

/** Bits of a double that a single does not have. */
const EXTRA_BITS = (1n << BigInt(BINARY64.precision - BINARY32.precision)) - 1n;
/** What they are in a double halfway between two singles. */
const HALFWAY = (EXTRA_BITS + 1n) / 2n;

/**
 * Builds fused multiply-add in single precision.
 *
 * In double precision the product is exact, and the sum is rounded. Rounding it again to single precision
 * gives what rounding the true sum once gives, unless the rounded sum lies halfway between two singles: the
 * true sum is on the same side of every halfway number as the rounded one, or that number is the rounded
 * one itself. There the exact function decides.
 */
export function buildSingleMultiplyAdd(
  { nearest, exact }: RoundedOperation,
  state: FloatState,
): Region {
  return buildFloatFunction(nearest, BINARY32, state, (f) => {
    const { b } = f;
    const [a, second, addend] = [0, 1, 2].map((index) => b.parameter(index));
    const product = singleProduct(f, a, second);
    const wideAddend = promote(f, addend);
    const sum = b.op("f64.add", product, wideAddend);
    const result = b.op("f32.demote_f64", sum);
    const bits = toBits(f, result);
    const extra = b.and(b.op("i64.reinterpret_f64", sum), b.i64(EXTRA_BITS));
    const isSure = b.ne(extra, b.i64(HALFWAY));
    b.when(b.and(isSure, isSafelyNormal(f, bits)), () => {
      returnTested(f, result, () => {
        const wide = new FloatBuilder(b, BINARY64, state);
        const isSumRounded = isNotZero(wide, sumError(wide, product, wideAddend, sum));
        return b.or(isSumRounded, areDifferent(f, promote(f, result), sum));
      });
    });
    b.when(b.op("f64.eq", sum, b.f64(0)), () => b.return(result));
    returnExact(f, exact);
  });
}

/** Relative widening of a correction: four times the rounding error of the correction itself. */
const WIDENING = 2 ** -51;
/** Smallest sum of exponent fields with a normal unit of the product of the significands. */
const LOWEST_FIELD_SUM = BINARY64.bias + 2 * BINARY64.fractionBits + 1;
/** Above this sum of exponent fields the product is beyond the range. */
const HIGHEST_FIELD_SUM = BINARY64.bias + BINARY64.topExponent;

/** What the rounded product of two normal numbers lacks, exactly. */
function productError(f: HostFloatBuilder, a: Value, second: Value, product: Value): Value {
  const { b } = f;
  const residual = productResidual(f, a, second, toBits(f, product));
  const fieldSum = b.add(f.exponentField(a), f.exponentField(second));
  const unitField = b.sub(fieldSum, b.i32(LOWEST_FIELD_SUM - 1));
  const sign = b.and(b.xor(a, second), b.i64(BINARY64.signBit));
  const unit = b.or(sign, b.shl(b.zeroExtend(unitField), b.i64(BINARY64.fractionBits)));
  return b.op(
    "f64.mul",
    b.op("f64.convert_i64_s", residual),
    b.op("f64.reinterpret_i64", unit),
  );
}

/** 1 when both factors are normal and their product is neither tiny nor sure to overflow. */
function areFactorsModerate(f: HostFloatBuilder, a: Value, second: Value): Value {
  const { b } = f;
  const fields = [f.exponentField(a), f.exponentField(second)];
  const fieldSum = b.add(fields[0], fields[1]);
  const range = b.i32(HIGHEST_FIELD_SUM - LOWEST_FIELD_SUM);
  const isModerate = b.ltU(b.sub(fieldSum, b.i32(LOWEST_FIELD_SUM)), range);
  const areNormal = b.and(b.ne(fields[0], b.i32(0)), b.ne(fields[1], b.i32(0)));
  return b.and(isModerate, areNormal);
}

/**
 * Builds fused multiply-add in double precision.
 *
 * Product, its error e, and the sum s of product and addend with its error t are doubles, and s + (t + e) is
 * the true result. Rounding t + e to a double d changes it by at most 2^-53 of itself, so the true result
 * lies between `s + d * (1 - 2^-51)` and `s + d * (1 + 2^-51)`. Where these two round alike, that is what
 * the true result rounds to; where they do not, next to a tie, the exact function decides.
 */
export function buildDoubleMultiplyAdd(
  { nearest, exact }: RoundedOperation,
  state: FloatState,
): Region {
  return buildFloatFunction(nearest, BINARY64, state, (f) => {
    const { b } = f;
    const [x, y, addend] = [0, 1, 2].map((index) => b.parameter(index));
    const [a, second] = [toBits(f, x), toBits(f, y)];
    b.when(areFactorsModerate(f, a, second), () => {
      const product = b.op("f64.mul", x, y);
      const sum = b.op("f64.add", product, addend);
      const errors = [sumError(f, product, addend, sum), productError(f, a, second, product)];
      const correction = b.op("f64.add", errors[0], errors[1]);
      const widened = (factor: number): Value =>
        b.op("f64.add", sum, b.op("f64.mul", correction, b.f64(factor)));
      const result = widened(1 + WIDENING);
      const isSure = b.op("f64.eq", result, widened(1 - WIDENING));
      const bits = toBits(f, result);
      b.when(b.and(isSure, isSafelyNormal(f, bits)), () => {
        returnTested(f, result, () => {
          const isCorrectionRounded = isNotZero(f, sumError(f, errors[0], errors[1], correction));
          return b.or(isCorrectionRounded, isNotZero(f, sumError(f, sum, correction, result)));
        });
      });
    });
    returnExact(f, exact);
  });
}
