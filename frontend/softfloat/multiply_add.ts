/**
 * Exact fused multiply-add.
 *
 * Product and addend are 128-bit numbers with their leading one at bit 126. The one with the smaller
 * exponent is shifted right with jam; at least twenty bits at the bottom of either are zero before, so that
 * a shift that loses bits leaves at most one leading bit to cancel. The 128-bit sum is normalized to 64
 * bits, the rest jammed. Source: IEEE 754, "Formatof general-computational operations"; RISC-V Unprivileged
 * ISA, "Single-Precision Floating-Point Computational Instructions" for infinity times zero plus quiet NaN.
 */
import type { Region, Value } from "../../ir/region.ts";
import { buildFloatFunction, type FloatBuilder, type FloatState } from "./float_builder.ts";
import { type FloatFormat, RoundingMode } from "./format.ts";
import { multiplyExactly } from "./multiply.ts";
import { LEADING_BIT, returnRounded } from "./round_and_pack.ts";
import type { FormatOperations } from "./signatures.ts";

const WORD_BITS = 64;
/** From this distance on, only the jam of the smaller term is left. */
const LONGEST_SHIFT = 127;

/** A finite number with 128 bits of significand. */
interface Wide {
  readonly isNegative: Value;
  /** Biased exponent of bit 126. */
  readonly exponent: Value;
  readonly high: Value;
  readonly low: Value;
}

function choose(f: FloatBuilder, condition: Value, a: Wide, otherwise: Wide): Wide {
  const { b } = f;
  return {
    isNegative: b.select(condition, a.isNegative, otherwise.isNegative),
    exponent: b.select(condition, a.exponent, otherwise.exponent),
    high: b.select(condition, a.high, otherwise.high),
    low: b.select(condition, a.low, otherwise.low),
  };
}

/** 128-bit left shift by 0..63, given as i64. */
function shiftLeft(f: FloatBuilder, high: Value, low: Value, amount: Value): [Value, Value] {
  const { b } = f;
  const across = b.shrU(b.shrU(low, b.i64(1)), b.xor(amount, b.i64(WORD_BITS - 1)));
  return [b.or(b.shl(high, amount), across), b.shl(low, amount)];
}

/** 128-bit right shift with jam by 0..127, given as i64. */
function shiftRightJam(f: FloatBuilder, high: Value, low: Value, amount: Value): [Value, Value] {
  const { b } = f;
  const isLong = b.geU(amount, b.i64(WORD_BITS));
  const across = b.shl(b.shl(high, b.i64(1)), b.xor(amount, b.i64(WORD_BITS - 1)));
  const near = b.or(b.shrU(low, amount), across);
  const shifted = b.shrU(high, amount);
  const newLow = b.select(isLong, shifted, near);
  const lostMask = b.sub(b.shl(b.i64(1), amount), b.i64(1));
  const lostNear = b.and(low, lostMask);
  const lostFar = b.or(low, b.and(high, lostMask));
  const lost = b.select(isLong, lostFar, lostNear);
  return [b.select(isLong, b.i64(0), shifted), b.or(newLow, f.jam(lost))];
}

function productOf(f: FloatBuilder, a: Value, second: Value, isNegative: Value): Wide {
  const { b } = f;
  const { exponent, high, low } = multiplyExactly(f, a, second);
  const isLow = b.eqz(b.shrU(high, b.i64(LEADING_BIT)));
  const [shiftedHigh, shiftedLow] = shiftLeft(f, high, low, f.flag(isLow));
  return { isNegative, exponent: b.sub(exponent, isLow), high: shiftedHigh, low: shiftedLow };
}

/** Difference of two 128-bit words as magnitude and whether the order was reversed (i32). */
function subtractWide(
  f: FloatBuilder,
  large: Wide,
  high: Value,
  low: Value,
): [Value, Value, Value] {
  const { b } = f;
  const difference = b.sub(large.low, low);
  const borrow = f.flag(b.ltU(large.low, low));
  const top = b.sub(b.sub(large.high, high), borrow);
  const isReversed = b.ltS(top, b.i64(0));
  const negatedTop = b.add(b.xor(top, b.i64(-1)), f.flag(b.eqz(difference)));
  return [
    b.select(isReversed, negatedTop, top),
    b.select(isReversed, b.sub(b.i64(0), difference), difference),
    isReversed,
  ];
}

/** Exact sum of two wide numbers, but for jam; zero is a sum with both words zero. */
function addWide(f: FloatBuilder, a: Wide, second: Wide): Wide {
  const { b } = f;
  const isFirstLarger = b.geS(a.exponent, second.exponent);
  const large = choose(f, isFirstLarger, a, second);
  const small = choose(f, isFirstLarger, second, a);
  const distance = b.sub(large.exponent, small.exponent);
  const isNear = b.ltS(distance, b.i32(LONGEST_SHIFT));
  const amount = b.zeroExtend(b.select(isNear, distance, b.i32(LONGEST_SHIFT)));
  const [smallHigh, smallLow] = shiftRightJam(f, small.high, small.low, amount);

  const high = f.variable("high", large.high);
  const low = f.variable("low", large.low);
  const isNegative = f.variable("negative", large.isNegative);
  b.when(b.eq(large.isNegative, small.isNegative), () => {
    const sum = b.add(large.low, smallLow);
    f.set(low, sum);
    f.set(high, b.add(b.add(large.high, smallHigh), f.flag(b.ltU(sum, smallLow))));
  }, () => {
    const [newHigh, newLow, isReversed] = subtractWide(f, large, smallHigh, smallLow);
    f.set(low, newLow);
    f.set(high, newHigh);
    f.set(isNegative, b.xor(large.isNegative, isReversed));
  });
  return {
    isNegative: f.get(isNegative),
    exponent: large.exponent,
    high: f.get(high),
    low: f.get(low),
  };
}

/** Normalizes a wide number that is not zero, rounds it and ends the function. */
function returnWide(f: FloatBuilder, wide: Wide, mode: Value): void {
  const { b } = f;
  const isShort = b.eqz(wide.high);
  const top = b.select(isShort, wide.low, wide.high);
  const rest = b.select(isShort, b.i64(0), wide.low);
  const lost = b.select(isShort, b.i32(WORD_BITS), b.i32(0));
  const zeros = b.op("i64.clz", top);
  const [full, remainder] = shiftLeft(f, top, rest, zeros);
  const halved = b.or(b.shrU(full, b.i64(1)), b.and(full, b.i64(1)));
  const significand = b.or(halved, f.jam(remainder));
  const shift = b.sub(b.add(b.wrap(zeros), lost), b.i32(1));
  returnRounded(f, wide.isNegative, b.sub(wide.exponent, shift), significand, mode);
}

function isZeroWide({ b }: FloatBuilder, { high, low }: Wide): Value {
  return b.eqz(b.or(high, low));
}

function addendOf(f: FloatBuilder, bits: Value): Wide {
  const { exponent, significand } = f.normalize(bits);
  return {
    isNegative: f.isNegative(bits),
    exponent,
    high: f.b.shrU(significand, f.b.i64(1)),
    low: f.b.i64(0),
  };
}

/** Ends the function when any operand is infinite or a NaN. */
function returnIfSpecial(
  f: FloatBuilder,
  [a, second, addend]: Value[],
  isNegative: Value,
): void {
  const { b } = f;
  const isProductInfinite = b.or(f.isSpecial(a), f.isSpecial(second));
  b.when(b.or(isProductInfinite, f.isSpecial(addend)), () => {
    const isInvalidProduct = b.or(
      b.and(f.isInfinite(a), f.isZero(second)),
      b.and(f.isZero(a), f.isInfinite(second)),
    );
    b.when(isInvalidProduct, () => f.returnInvalid());
    f.returnIfNaN(a, second, addend);
    b.when(isProductInfinite, () => {
      const isOpposed = b.ne(isNegative, f.isNegative(addend));
      b.when(b.and(isOpposed, f.isSpecial(addend)), () => f.returnInvalid());
      f.returnSigned(isNegative, f.format.infinity);
    });
    f.return(addend);
  });
}

/** Ends the function when the product is zero: the addend is the result, but for the sign of a zero. */
function returnIfProductZero(
  f: FloatBuilder,
  [a, second, addend]: Value[],
  isNegative: Value,
  mode: Value,
): void {
  const { b } = f;
  b.when(b.or(f.isZero(a), f.isZero(second)), () => {
    const isOpposed = b.ne(isNegative, f.isNegative(addend));
    b.when(b.and(f.isZero(addend), isOpposed), () => {
      f.return(f.signBitIf(b.eq(mode, b.i32(RoundingMode.DOWN))));
    });
    f.return(addend);
  });
}

/** Builds exact fused multiply-add. */
export function buildMultiplyAdd(
  operations: FormatOperations,
  format: FloatFormat,
  state: FloatState,
): Region {
  return buildFloatFunction(operations.multiplyAdd.exact, format, state, (f) => {
    const { b } = f;
    const operands = [f.operand(0), f.operand(1), f.operand(2)];
    const mode = b.parameter(3);
    const [a, second, addend] = operands;
    const isNegative = b.xor(f.isNegative(a), f.isNegative(second));
    returnIfSpecial(f, operands, isNegative);
    returnIfProductZero(f, operands, isNegative, mode);
    const product = productOf(f, a, second, isNegative);
    b.when(f.isZero(addend), () => returnWide(f, product, mode));
    const sum = addWide(f, product, addendOf(f, addend));
    b.when(isZeroWide(f, sum), () => {
      f.return(f.signBitIf(b.eq(mode, b.i32(RoundingMode.DOWN))));
    });
    returnWide(f, sum, mode);
  });
}
