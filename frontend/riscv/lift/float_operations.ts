/**
 * Meanings of the instructions that single and double precision have alike.
 *
 * Source: RISC-V Unprivileged ISA, "Single-Precision Floating-Point Computational Instructions" and the
 * sections after it.
 */
import type { Value } from "../../../ir/region.ts";
import {
  F64_TO_INTEGER,
  type FormatOperations,
  type IntegerName,
  type RoundedOperation,
} from "../../softfloat/signatures.ts";
import { truncate } from "../../softfloat/truncation_in_place.ts";
import type { Lifter } from "../instruction.ts";
import { FLOAT_STATE } from "../registers.ts";
import { callRounded, type FloatAccess, type FloatSource, raiseInvalidIf } from "./float_format.ts";
import type { LiftContext } from "./lift_context.ts";

/** Arithmetic on the given source registers, in order. */
export function arithmetic(
  access: FloatAccess,
  name: keyof FormatOperations,
  ...sources: FloatSource[]
): Lifter {
  return (context) => {
    context.requireFloat();
    const operands = (): Value[] => sources.map((field) => access.read(context, field));
    access.write(context, callRounded(context, access.operations[name], operands));
  };
}

/** Fused multiply-add, with the signs of product and addend changed or not. */
export function multiplyAdd(
  access: FloatAccess,
  { negateProduct, negateAddend }: { negateProduct: boolean; negateAddend: boolean },
): Lifter {
  return (context) => {
    context.requireFloat();
    const operand = (field: FloatSource, isNegated: boolean): Value => {
      const bits = access.read(context, field);
      const sign = access.constant(context, access.format.signBit);
      return isNegated ? context.b.xor(bits, sign) : bits;
    };
    const operands = (): Value[] => [
      operand("rs1", negateProduct),
      operand("rs2", false),
      operand("rs3", negateAddend),
    ];
    access.write(context, callRounded(context, access.operations.multiplyAdd, operands));
  };
}

/** How a sign injection forms the result's sign from the signs of `rs1` and `rs2`. */
export type SignRule = "copy" | "negate" | "xor";

/** Magnitude of `rs1` with a sign that `rs2` decides. */
export function injectSign(access: FloatAccess, rule: SignRule): Lifter {
  return (context) => {
    context.requireFloat();
    const { b } = context;
    const sign = access.constant(context, access.format.signBit);
    const a = access.read(context, "rs1");
    const other = access.read(context, "rs2");
    if (rule === "xor") return access.write(context, b.xor(a, b.and(other, sign)));
    const source = rule === "negate" ? b.xor(other, sign) : other;
    const magnitude = b.and(a, access.constant(context, access.format.signBit - 1n));
    access.write(context, b.or(magnitude, b.and(source, sign)));
  };
}

/** Bits without the sign. */
function magnitudeOf(context: LiftContext, { format, constant }: FloatAccess, bits: Value): Value {
  return context.b.and(bits, constant(context, format.signBit - 1n));
}

/** 1 when the bits are a NaN. */
function isNaN(context: LiftContext, access: FloatAccess, bits: Value): Value {
  const infinity = access.constant(context, access.format.infinity);
  return context.b.ltU(infinity, magnitudeOf(context, access, bits));
}

/** 1 when the bits are a signaling NaN. */
function isSignaling(context: LiftContext, access: FloatAccess, bits: Value): Value {
  const { b } = context;
  const quiet = b.and(bits, access.constant(context, access.format.quietBit));
  return b.and(isNaN(context, access, bits), b.eqz(quiet));
}

/**
 * Smaller or larger operand. A NaN loses against a number; minus zero is below plus zero.
 *
 * As signed integers, encoded numbers of which at most one is negative order as their values do, and two
 * negative ones in reverse.
 */
export function extremum(access: FloatAccess, which: "minimum" | "maximum"): Lifter {
  return (context) => {
    context.requireFloat();
    const { b } = context;
    const [first, second] = [access.read(context, "rs1"), access.read(context, "rs2")];
    const zero = access.constant(context, 0n);
    const areBothNegative = b.ltS(b.and(first, second), zero);
    const isFirstBelow = b.xor(b.ltS(first, second), b.and(areBothNegative, b.ne(first, second)));
    const chosen = which === "minimum"
      ? b.select(isFirstBelow, first, second)
      : b.select(isFirstBelow, second, first);
    const isFirstNaN = isNaN(context, access, first);
    const isSecondNaN = isNaN(context, access, second);
    const canonical = access.constant(context, access.format.canonicalNaN);
    const withFirstNaN = b.select(isSecondNaN, canonical, second);
    const result = b.select(isFirstNaN, withFirstNaN, b.select(isSecondNaN, first, chosen));
    const signaling = [first, second].map((bits) => isSignaling(context, access, bits));
    raiseInvalidIf(context, b.or(signaling[0], signaling[1]));
    access.write(context, result);
  };
}

/** Comparison into an integer register. Order comparisons with any NaN are invalid. */
export function compare(access: FloatAccess, relation: "eq" | "lt" | "le"): Lifter {
  return (context) => {
    context.requireFloat();
    const { b } = context;
    const bits = [access.read(context, "rs1"), access.read(context, "rs2")];
    const [first, second] = bits.map((operand) => access.asDouble(context, operand));
    const invalid = bits.map((operand) =>
      relation === "eq" ? isSignaling(context, access, operand) : isNaN(context, access, operand)
    );
    raiseInvalidIf(context, b.or(invalid[0], invalid[1]));
    context.setX(b.zeroExtend(b.op(`f64.${relation}`, first, second)));
  };
}

/** Bit numbers of the result of a classification. */
const Class = {
  NEGATIVE_INFINITY: 0,
  NEGATIVE_NORMAL: 1,
  NEGATIVE_SUBNORMAL: 2,
  NEGATIVE_ZERO: 3,
  POSITIVE_ZERO: 4,
  POSITIVE_SUBNORMAL: 5,
  POSITIVE_NORMAL: 6,
  POSITIVE_INFINITY: 7,
  SIGNALING_NAN: 8,
  QUIET_NAN: 9,
} as const;

/** Which of ten classes the number belongs to, as one bit. */
export function classify(access: FloatAccess): Lifter {
  return (context) => {
    context.requireFloat();
    const { b } = context;
    const { format } = access;
    const bits = access.read(context, "rs1");
    const magnitude = magnitudeOf(context, access, bits);
    const below = (bound: bigint, ifBelow: Value, otherwise: Value): Value =>
      b.select(b.ltU(magnitude, access.constant(context, bound)), ifBelow, otherwise);
    const isNegative = b.ltS(bits, access.constant(context, 0n));
    const bySign = (negative: number, positive: number): Value =>
      b.select(isNegative, b.i32(1 << negative), b.i32(1 << positive));
    const nan = below(
      format.canonicalNaN,
      b.i32(1 << Class.SIGNALING_NAN),
      b.i32(1 << Class.QUIET_NAN),
    );
    const infinity = below(
      format.infinity + 1n,
      bySign(Class.NEGATIVE_INFINITY, Class.POSITIVE_INFINITY),
      nan,
    );
    const normal = below(
      format.infinity,
      bySign(Class.NEGATIVE_NORMAL, Class.POSITIVE_NORMAL),
      infinity,
    );
    const subnormal = below(
      format.hiddenBit,
      bySign(Class.NEGATIVE_SUBNORMAL, Class.POSITIVE_SUBNORMAL),
      normal,
    );
    const zero = below(1n, bySign(Class.NEGATIVE_ZERO, Class.POSITIVE_ZERO), subnormal);
    context.setX(b.zeroExtend(zero));
  };
}

/** Float to integer. */
export function convertToInteger(access: FloatAccess, integer: IntegerName): Lifter {
  return (context) => {
    context.requireFloat();
    const mode = context.roundingMode();
    const double = access.asDouble(context, access.read(context, "rs1"));
    if (context.roundsTowardZeroStatically()) {
      return context.setX(truncate(context.b, integer, double, FLOAT_STATE));
    }
    const bits = context.b.op("i64.reinterpret_f64", double);
    context.setX(context.b.call(F64_TO_INTEGER[integer], bits, mode));
  };
}

/** The source integer register as an i64 of the named integer type. */
function integerOperand(context: LiftContext, integer: IntegerName): Value {
  if (integer === "i64" || integer === "u64") return context.x("rs1");
  const word = context.w("rs1");
  return integer === "i32" ? context.b.signExtend(word) : context.b.zeroExtend(word);
}

/** Integer to float, where the format cannot hold every integer. */
export function convertFromInteger(access: FloatAccess, integer: IntegerName): Lifter {
  const { fromSigned, fromUnsigned } = access.operations;
  const operation: RoundedOperation = integer === "u64" ? fromUnsigned : fromSigned;
  return (context) => {
    context.requireFloat();
    const operands = (): Value[] => [integerOperand(context, integer)];
    access.write(context, callRounded(context, operation, operands));
  };
}
