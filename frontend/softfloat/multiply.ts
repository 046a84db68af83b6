/** Exact multiplication: the high word of the product of two significands, the low word jammed into it. */
import type { Region, Value } from "../../ir/region.ts";
import { buildFloatFunction, type FloatBuilder, type FloatState } from "./float_builder.ts";
import type { FloatFormat } from "./format.ts";
import { LEADING_BIT, returnRounded } from "./round_and_pack.ts";
import type { FormatOperations } from "./signatures.ts";

function returnSpecialProduct(f: FloatBuilder, a: Value, second: Value, isNegative: Value): void {
  const { b } = f;
  f.returnIfNaN(a, second);
  b.when(b.or(f.isZero(a), f.isZero(second)), () => f.returnInvalid());
  f.returnSigned(isNegative, f.format.infinity);
}

/** The unrounded product of two finite numbers that are not zero. */
export interface Product {
  /** Biased exponent of bit 126 of the two words together. */
  readonly exponent: Value;
  /** High word; bit 62 or 61 is the highest one. */
  readonly high: Value;
  /** Low word. */
  readonly low: Value;
}

/** Multiplies two finite numbers that are not zero. */
export function multiplyExactly(f: FloatBuilder, a: Value, second: Value): Product {
  const { b } = f;
  const x = f.normalize(a);
  const y = f.normalize(second);
  const half = b.shrU(y.significand, b.i64(1));
  const sum = b.add(x.exponent, y.exponent);
  return {
    exponent: b.sub(sum, b.i32(f.format.bias - 1)),
    high: b.op("i64.mulh_u", x.significand, half),
    low: b.mul(x.significand, half),
  };
}

/** Builds exact multiplication. */
export function buildMultiply(
  operations: FormatOperations,
  format: FloatFormat,
  state: FloatState,
): Region {
  return buildFloatFunction(operations.multiply.exact, format, state, (f) => {
    const { b } = f;
    const [a, second, mode] = [f.operand(0), f.operand(1), b.parameter(2)];
    const isNegative = b.xor(f.isNegative(a), f.isNegative(second));
    b.when(b.or(f.isSpecial(a), f.isSpecial(second)), () => {
      returnSpecialProduct(f, a, second, isNegative);
    });
    b.when(b.or(f.isZero(a), f.isZero(second)), () => f.returnSigned(isNegative, 0n));
    const { exponent, high, low } = multiplyExactly(f, a, second);
    const word = b.or(high, f.jam(low));
    const isLow = b.eqz(b.shrU(word, b.i64(LEADING_BIT)));
    const significand = b.shl(word, f.flag(isLow));
    returnRounded(f, isNegative, b.sub(exponent, isLow), significand, mode);
  });
}
