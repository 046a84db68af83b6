/**
 * Meanings of the instructions that the precisions have alike: each makes the lifter of one of them.
 *
 * Source: RISC-V Unprivileged ISA, "Single-Precision Floating-Point Computational Instructions" and the
 * sections after it.
 */
import type { Value } from "../../../ir/region.ts";
import { RoundingMode } from "../../softfloat/format.ts";
import {
  F64_TO_INTEGER,
  type FormatOperations,
  type IntegerName,
  type ModalOperation,
  type Widening,
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

/** What becomes of a NaN operand: the other operand is the result, or a NaN is. */
export type NaNRule = "prefer numbers" | "propagate";

/**
 * Smaller or larger operand; minus zero is below plus zero.
 *
 * As signed integers, encoded numbers of which at most one is negative order as their values do, and two
 * negative ones in reverse.
 */
export function extremum(
  access: FloatAccess,
  which: "minimum" | "maximum",
  rule: NaNRule = "prefer numbers",
): Lifter {
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
    const isFirstNaN = access.isNaN(context, first);
    const isSecondNaN = access.isNaN(context, second);
    const canonical = access.constant(context, access.format.canonicalNaN);
    const [ifFirst, ifSecond] = rule === "propagate"
      ? [canonical, canonical]
      : [b.select(isSecondNaN, canonical, second), first];
    const result = b.select(isFirstNaN, ifFirst, b.select(isSecondNaN, ifSecond, chosen));
    const signaling = [first, second].map((bits) => access.isSignaling(context, bits));
    raiseInvalidIf(context, b.or(signaling[0], signaling[1]));
    access.write(context, result);
  };
}

/** A comparison: which one, and whether every NaN makes it invalid or only a signaling one. */
export interface Comparison {
  /** The relation. */
  readonly relation: "eq" | "lt" | "le";
  /** Is it quiet about quiet NaNs? */
  readonly isQuiet: boolean;
}

/** Comparison into an integer register. */
export function compare(access: FloatAccess, { relation, isQuiet }: Comparison): Lifter {
  return (context) => {
    context.requireFloat();
    const { b } = context;
    const bits = [access.read(context, "rs1"), access.read(context, "rs2")];
    const [first, second] = bits.map((operand) => access.asDouble(context, operand));
    const invalid = bits.map((operand) =>
      isQuiet ? access.isSignaling(context, operand) : access.isNaN(context, operand)
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
    const magnitude = access.magnitudeOf(context, bits);
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
    if (context.staticRoundingMode() === RoundingMode.TOWARD_ZERO) {
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

/** Every integer of the type is a number of double precision, but a reserved rounding mode is still illegal. */
function convertExactly(integer: "i32" | "u32"): Lifter {
  const opcode = integer === "i32" ? "f64.convert_i32_s" : "f64.convert_i32_u";
  return (context) => {
    context.requireFloat();
    context.roundingMode();
    const { b } = context;
    context.setF(b.op("i64.reinterpret_f64", b.op(opcode, context.w("rs1"))));
  };
}

/** Integer to float. */
export function convertFromInteger(access: FloatAccess, integer: IntegerName): Lifter {
  const isWord = integer === "i32" || integer === "u32";
  if (isWord && access.format.name === "f64") return convertExactly(integer);
  const { fromSigned, fromUnsigned } = access.operations;
  const operation: ModalOperation = integer === "u64" ? fromUnsigned : fromSigned;
  return (context) => {
    context.requireFloat();
    const operands = (): Value[] => [integerOperand(context, integer)];
    access.write(context, callRounded(context, operation, operands));
  };
}

/** To a format that does not hold every number of the source. */
export function narrow(
  target: FloatAccess,
  source: FloatAccess,
  operation: ModalOperation,
): Lifter {
  return (context) => {
    context.requireFloat();
    const operands = (): Value[] => [source.read(context, "rs1")];
    target.write(context, callRounded(context, operation, operands));
  };
}

/**
 * To a format that holds every number of the source: only NaNs need the function. A reserved rounding mode is
 * still illegal.
 */
export function widen(
  target: FloatAccess,
  source: FloatAccess,
  { signature }: Widening,
): Lifter {
  return (context) => {
    context.requireFloat();
    context.roundingMode();
    const { b } = context;
    const bits = source.read(context, "rs1");
    const double = source.asDouble(context, bits);
    const isNumber = b.op("f64.eq", double, double);
    const callee = { callee: signature, changes: [FLOAT_STATE.flags, FLOAT_STATE.range] };
    const number = target.fromDouble(context, double);
    target.write(context, b.callUnless(isNumber, number, callee, bits));
  };
}

/** Load into a float register. */
export function load(access: FloatAccess): Lifter {
  return (context) => {
    context.requireFloat();
    const address = context.b.add(context.x("rs1"), context.immediate());
    access.writeLow(context, context.b.load(address, { width: access.format.width }));
  };
}

/** Store of the low bits of a float register, whatever it holds. */
export function store({ format: { width } }: FloatAccess): Lifter {
  return (context) => {
    context.requireFloat();
    const { b } = context;
    b.store(b.add(context.x("rs1"), context.immediate()), context.f("rs2"), { width });
  };
}

/** The low bits of a float register, boxed or not, to an integer register. */
export function moveToInteger(access: FloatAccess): Lifter {
  return (context) => {
    context.requireFloat();
    context.setX(access.signExtend(context, context.f("rs1")));
  };
}

/** The low bits of an integer register to a float register. */
export function moveFromInteger(access: FloatAccess): Lifter {
  return (context) => {
    context.requireFloat();
    access.writeLow(context, context.x("rs1"));
  };
}
