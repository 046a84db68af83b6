/**
 * Meanings of the double-precision instructions.
 *
 * Source: RISC-V Unprivileged ISA, `"D" Extension for Double-Precision Floating-Point`.
 */
import { F32_TO_F64, F64_TO_F32, type IntegerName } from "../../softfloat/signatures.ts";
import type { Lifter } from "../instruction.ts";
import { FLOAT_STATE } from "../registers.ts";
import { callRounded, DOUBLE, SINGLE } from "./float_format.ts";
import {
  arithmetic,
  classify,
  compare,
  convertFromInteger,
  convertToInteger,
  extremum,
  injectSign,
  multiplyAdd,
} from "./float_operations.ts";

/** `fld`. */
export const fld: Lifter = (context) => {
  context.requireFloat();
  const address = context.b.add(context.x("rs1"), context.immediate());
  context.setF(context.b.load(address, { width: 64 }));
};

/** `fsd`. */
export const fsd: Lifter = (context) => {
  context.requireFloat();
  const { b } = context;
  b.store(b.add(context.x("rs1"), context.immediate()), context.f("rs2"), { width: 64 });
};

/** `fmadd.d`. */
export const fmaddD: Lifter = multiplyAdd(DOUBLE, { negateProduct: false, negateAddend: false });
/** `fmsub.d`. */
export const fmsubD: Lifter = multiplyAdd(DOUBLE, { negateProduct: false, negateAddend: true });
/** `fnmsub.d`. */
export const fnmsubD: Lifter = multiplyAdd(DOUBLE, { negateProduct: true, negateAddend: false });
/** `fnmadd.d`. */
export const fnmaddD: Lifter = multiplyAdd(DOUBLE, { negateProduct: true, negateAddend: true });

/** `fadd.d`. */
export const faddD: Lifter = arithmetic(DOUBLE, "add", "rs1", "rs2");
/** `fsub.d`. */
export const fsubD: Lifter = arithmetic(DOUBLE, "subtract", "rs1", "rs2");
/** `fmul.d`. */
export const fmulD: Lifter = arithmetic(DOUBLE, "multiply", "rs1", "rs2");
/** `fdiv.d`. */
export const fdivD: Lifter = arithmetic(DOUBLE, "divide", "rs1", "rs2");
/** `fsqrt.d`. */
export const fsqrtD: Lifter = arithmetic(DOUBLE, "squareRoot", "rs1");

/** `fsgnj.d`. */
export const fsgnjD: Lifter = injectSign(DOUBLE, "copy");
/** `fsgnjn.d`. */
export const fsgnjnD: Lifter = injectSign(DOUBLE, "negate");
/** `fsgnjx.d`. */
export const fsgnjxD: Lifter = injectSign(DOUBLE, "xor");
/** `fmin.d`. */
export const fminD: Lifter = extremum(DOUBLE, "minimum");
/** `fmax.d`. */
export const fmaxD: Lifter = extremum(DOUBLE, "maximum");

/** `fcvt.s.d`. */
export const fcvtSD: Lifter = (context) => {
  context.requireFloat();
  SINGLE.write(context, callRounded(context, F64_TO_F32, () => [context.f("rs1")]));
};

/** `fcvt.d.s`: exact unless it is a NaN, but a reserved rounding mode is still illegal. */
export const fcvtDS: Lifter = (context) => {
  context.requireFloat();
  context.roundingMode();
  const { b } = context;
  const bits = SINGLE.read(context, "rs1");
  const single = b.op("f32.reinterpret_i32", bits);
  const double = b.op("i64.reinterpret_f64", b.op("f64.promote_f32", single));
  const widen = { callee: F32_TO_F64, changes: [FLOAT_STATE.flags, FLOAT_STATE.range] };
  context.setF(b.callUnless(b.op("f32.eq", single, single), double, widen, bits));
};

/** Every 32-bit integer is a double, but a reserved rounding mode is still illegal. */
function convertFromWord(integer: IntegerName & ("i32" | "u32")): Lifter {
  const opcode = integer === "i32" ? "f64.convert_i32_s" : "f64.convert_i32_u";
  return (context) => {
    context.requireFloat();
    context.roundingMode();
    const { b } = context;
    context.setF(b.op("i64.reinterpret_f64", b.op(opcode, context.w("rs1"))));
  };
}

/** `fcvt.w.d`. */
export const fcvtWD: Lifter = convertToInteger(DOUBLE, "i32");
/** `fcvt.wu.d`. */
export const fcvtWuD: Lifter = convertToInteger(DOUBLE, "u32");
/** `fcvt.l.d`. */
export const fcvtLD: Lifter = convertToInteger(DOUBLE, "i64");
/** `fcvt.lu.d`. */
export const fcvtLuD: Lifter = convertToInteger(DOUBLE, "u64");
/** `fcvt.d.w`. */
export const fcvtDW: Lifter = convertFromWord("i32");
/** `fcvt.d.wu`. */
export const fcvtDWu: Lifter = convertFromWord("u32");
/** `fcvt.d.l`. */
export const fcvtDL: Lifter = convertFromInteger(DOUBLE, "i64");
/** `fcvt.d.lu`. */
export const fcvtDLu: Lifter = convertFromInteger(DOUBLE, "u64");

/** `fmv.x.d`. */
export const fmvXD: Lifter = (context) => {
  context.requireFloat();
  context.setX(context.f("rs1"));
};

/** `fmv.d.x`. */
export const fmvDX: Lifter = (context) => {
  context.requireFloat();
  context.setF(context.x("rs1"));
};

/** `feq.d`. */
export const feqD: Lifter = compare(DOUBLE, "eq");
/** `flt.d`. */
export const fltD: Lifter = compare(DOUBLE, "lt");
/** `fle.d`. */
export const fleD: Lifter = compare(DOUBLE, "le");
/** `fclass.d`. */
export const fclassD: Lifter = classify(DOUBLE);
