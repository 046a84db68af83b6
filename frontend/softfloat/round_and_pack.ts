/**
 * The last step of every exact operation: rounds a significand to the format's precision and encodes it.
 *
 * `(isNegative i32, exponent i32, significand i64, mode i32)`: the significand has its leading one at bit 62
 * and stands for `significand * 2^(exponent - bias - 62)`; bits lost before are jammed into it.
 *
 * The result is encoded by adding the significand, hidden bit included, to the exponent field less one: a
 * carry out of rounding then steps to the next exponent by itself, also from the subnormal numbers to the
 * smallest normal one and from the largest number to infinity. Source: IEEE 754, "Rounding-direction
 * attributes", "Overflow", "Underflow" (tininess after rounding, as RISC-V has it).
 */
import type { FunctionSignature, Region, Value } from "../../ir/region.ts";
import { buildFloatFunction, type FloatBuilder, type FloatState } from "./float_builder.ts";
import { FloatFlag, type FloatFormat, RoundingMode } from "./format.ts";

/** Position of the leading one of the significand that is rounded. */
export const LEADING_BIT = 62;

/** Signature of the function for a format. */
export function roundAndPackSignature({ name, carrier }: FloatFormat): FunctionSignature {
  return {
    name: `${name}_round_and_pack`,
    parameters: ["i32", "i32", "i64", "i32"],
    result: carrier,
  };
}

/** Ends a function with the rounded result. */
export function returnRounded(
  f: FloatBuilder,
  isNegative: Value,
  exponent: Value,
  significand: Value,
  mode: Value,
): void {
  const callee = roundAndPackSignature(f.format);
  f.b.return(f.b.call(callee, isNegative, exponent, significand, mode));
}

/** How the bits below the precision are treated. */
interface Rounding {
  /** Number of bits below the precision. */
  readonly discarded: number;
  /** All those bits. */
  readonly mask: bigint;
  /** Added before they are cut off; zero exactly when the mode rounds this sign toward zero. */
  readonly increment: Value;
}

function roundingOf(f: FloatBuilder, isNegative: Value, mode: Value): Rounding {
  const { b, format } = f;
  const discarded = LEADING_BIT + 1 - format.precision;
  const mask = (1n << BigInt(discarded)) - 1n;
  const half = 1n << BigInt(discarded - 1);
  const isAway = b.or(
    b.and(b.eq(mode, b.i32(RoundingMode.DOWN)), isNegative),
    b.and(b.eq(mode, b.i32(RoundingMode.UP)), b.eqz(isNegative)),
  );
  const isNearest = b.or(b.eqz(mode), b.eq(mode, b.i32(RoundingMode.NEAREST_AWAY)));
  const directed = b.select(isAway, b.i64(mask), b.i64(0));
  return { discarded, mask, increment: b.select(isNearest, b.i64(half), directed) };
}

/** Cuts the significand off at the precision. */
function round(f: FloatBuilder, significand: Value, mode: Value, rounding: Rounding): Value {
  const { b } = f;
  const sum = b.add(significand, rounding.increment);
  const cut = b.shrU(sum, b.i64(rounding.discarded));
  const isTie = b.eqz(b.and(sum, b.i64(rounding.mask)));
  const isTieToEven = b.and(isTie, b.eq(mode, b.i32(RoundingMode.NEAREST_EVEN)));
  return b.and(cut, b.xor(f.flag(isTieToEven), b.i64(-1)));
}

function returnOverflow(f: FloatBuilder, isNegative: Value, increment: Value): void {
  const { b, format } = f;
  f.raise(FloatFlag.OVERFLOW | FloatFlag.INEXACT);
  const isTowardZero = b.eqz(increment);
  const magnitude = b.select(
    isTowardZero,
    b.i64(format.infinity - 1n),
    b.i64(format.infinity),
  );
  f.return(b.or(magnitude, f.signBitIf(isNegative)));
}

/** Builds the function for a format. */
export function buildRoundAndPack(format: FloatFormat, state: FloatState): Region {
  return buildFloatFunction(roundAndPackSignature(format), format, state, (f) => {
    const { b } = f;
    const [isNegative, givenExponent, givenSignificand, mode] = [0, 1, 2, 3].map((index) =>
      b.parameter(index)
    );
    const rounding = roundingOf(f, isNegative, mode);
    const exponent = f.variable("exponent", givenExponent);
    const significand = f.variable("significand", givenSignificand);
    const inexactFlags = f.variable("flags", b.i32(FloatFlag.INEXACT));

    b.when(b.ltS(givenExponent, b.i32(1)), () => {
      const sum = b.add(givenSignificand, rounding.increment);
      const hasCarry = b.ltS(sum, b.i64(0));
      const isTiny = b.not(b.and(b.eqz(givenExponent), hasCarry));
      const underflow = b.i32(FloatFlag.INEXACT | FloatFlag.UNDERFLOW);
      f.set(inexactFlags, b.select(isTiny, underflow, b.i32(FloatFlag.INEXACT)));
      f.set(significand, f.shiftRightJam(givenSignificand, b.sub(b.i32(1), givenExponent)));
      f.set(exponent, b.i32(1));
    });
    b.when(b.geS(givenExponent, b.i32(format.topExponent)), () => {
      returnOverflow(f, isNegative, rounding.increment);
    });

    const rounded = round(f, f.get(significand), mode, rounding);
    const field = b.zeroExtend(b.sub(f.get(exponent), b.i32(1)));
    const magnitude = b.add(b.shl(field, b.i64(format.fractionBits)), rounded);
    b.when(b.geU(magnitude, b.i64(format.infinity)), () => {
      returnOverflow(f, isNegative, rounding.increment);
    });
    const isInexact = b.ne(b.and(f.get(significand), b.i64(rounding.mask)), b.i64(0));
    b.when(isInexact, () => f.raiseFlags(f.get(inexactFlags)));
    f.return(b.or(magnitude, f.signBitIf(isNegative)));
  });
}
