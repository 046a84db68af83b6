/**
 * Meanings of the single-precision instructions.
 *
 * Source: RISC-V Unprivileged ISA, `"F" Extension for Single-Precision Floating-Point`.
 */
import type { Lifter } from "../instruction.ts";
import { box, SINGLE } from "./float_format.ts";
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

/** `flw`. */
export const flw: Lifter = (context) => {
  context.requireFloat();
  const { b } = context;
  const address = b.add(context.x("rs1"), context.immediate());
  context.setF(box(context, b.wrap(b.load(address, { width: 32 }))));
};

/** `fsw`: stores the low half of the register whatever it holds. */
export const fsw: Lifter = (context) => {
  context.requireFloat();
  const { b } = context;
  b.store(b.add(context.x("rs1"), context.immediate()), context.f("rs2"), { width: 32 });
};

/** `fmadd.s`. */
export const fmaddS: Lifter = multiplyAdd(SINGLE, { negateProduct: false, negateAddend: false });
/** `fmsub.s`. */
export const fmsubS: Lifter = multiplyAdd(SINGLE, { negateProduct: false, negateAddend: true });
/** `fnmsub.s`. */
export const fnmsubS: Lifter = multiplyAdd(SINGLE, { negateProduct: true, negateAddend: false });
/** `fnmadd.s`. */
export const fnmaddS: Lifter = multiplyAdd(SINGLE, { negateProduct: true, negateAddend: true });

/** `fadd.s`. */
export const faddS: Lifter = arithmetic(SINGLE, "add", "rs1", "rs2");
/** `fsub.s`. */
export const fsubS: Lifter = arithmetic(SINGLE, "subtract", "rs1", "rs2");
/** `fmul.s`. */
export const fmulS: Lifter = arithmetic(SINGLE, "multiply", "rs1", "rs2");
/** `fdiv.s`. */
export const fdivS: Lifter = arithmetic(SINGLE, "divide", "rs1", "rs2");
/** `fsqrt.s`. */
export const fsqrtS: Lifter = arithmetic(SINGLE, "squareRoot", "rs1");

/** `fsgnj.s`. */
export const fsgnjS: Lifter = injectSign(SINGLE, "copy");
/** `fsgnjn.s`. */
export const fsgnjnS: Lifter = injectSign(SINGLE, "negate");
/** `fsgnjx.s`. */
export const fsgnjxS: Lifter = injectSign(SINGLE, "xor");
/** `fmin.s`. */
export const fminS: Lifter = extremum(SINGLE, "minimum");
/** `fmax.s`. */
export const fmaxS: Lifter = extremum(SINGLE, "maximum");

/** `fcvt.w.s`. */
export const fcvtWS: Lifter = convertToInteger(SINGLE, "i32");
/** `fcvt.wu.s`. */
export const fcvtWuS: Lifter = convertToInteger(SINGLE, "u32");
/** `fcvt.l.s`. */
export const fcvtLS: Lifter = convertToInteger(SINGLE, "i64");
/** `fcvt.lu.s`. */
export const fcvtLuS: Lifter = convertToInteger(SINGLE, "u64");
/** `fcvt.s.w`. */
export const fcvtSW: Lifter = convertFromInteger(SINGLE, "i32");
/** `fcvt.s.wu`. */
export const fcvtSWu: Lifter = convertFromInteger(SINGLE, "u32");
/** `fcvt.s.l`. */
export const fcvtSL: Lifter = convertFromInteger(SINGLE, "i64");
/** `fcvt.s.lu`. */
export const fcvtSLu: Lifter = convertFromInteger(SINGLE, "u64");

/** `fmv.x.w`: the register's low half, boxed or not. */
export const fmvXW: Lifter = (context) => {
  context.requireFloat();
  context.setX(context.b.signExtend32(context.f("rs1")));
};

/** `fmv.w.x`. */
export const fmvWX: Lifter = (context) => {
  context.requireFloat();
  context.setF(box(context, context.w("rs1")));
};

/** `feq.s`. */
export const feqS: Lifter = compare(SINGLE, "eq");
/** `flt.s`. */
export const fltS: Lifter = compare(SINGLE, "lt");
/** `fle.s`. */
export const fleS: Lifter = compare(SINGLE, "le");
/** `fclass.s`. */
export const fclassS: Lifter = classify(SINGLE);
