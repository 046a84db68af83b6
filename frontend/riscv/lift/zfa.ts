/**
 * Meaning of the additional float instructions that are not variants of others.
 *
 * Source: Unprivileged ISA, `"Zfa" Extension for Additional Floating-Point Instructions`.
 */
import { FloatFlag } from "../../softfloat/format.ts";
import { F64_TO_I32_MODULAR, roundToIntegral } from "../../softfloat/integral.ts";
import { FLOAT_IMMEDIATES } from "../float_immediates.ts";
import type { Lifter } from "../instruction.ts";
import { FLOAT_STATE } from "../registers.ts";
import { type FloatAccess, raiseFlags, raiseInvalidIf } from "./float_format.ts";
import type { LiftContext } from "./lift_context.ts";

const ENTRY_BITS = 16;

/** `fli`. */
export function loadImmediate(access: FloatAccess): Lifter {
  const { name, width } = access.format;
  return (context) => {
    context.requireFloat();
    const { b } = context;
    const upper = context.tableEntry("rs1", FLOAT_IMMEDIATES[name]);
    access.writeLow(context, b.shl(upper, b.i64(width - ENTRY_BITS)));
  };
}

/** `fround`, and `froundnx`, which raises inexact. */
export function round(access: FloatAccess, { isExact }: { isExact: boolean }): Lifter {
  return (context) => {
    context.requireFloat();
    const { b } = context;
    const mode = context.roundingMode();
    const bits = access.read(context, "rs1");
    const double = access.asDouble(context, bits);
    const rounded = roundToIntegral(b, double, mode, context.staticRoundingMode());
    const isSignaling = access.isSignaling(context, bits);
    if (isExact) {
      const isChanged = b.or(b.op("f64.lt", double, rounded), b.op("f64.lt", rounded, double));
      const inexact = b.mul(isChanged, b.i32(FloatFlag.INEXACT));
      raiseFlags(context, b.or(inexact, b.mul(isSignaling, b.i32(FloatFlag.INVALID))));
    } else raiseInvalidIf(context, isSignaling);
    const isNaN = access.isNaN(context, bits);
    const canonical = access.constant(context, access.format.canonicalNaN);
    access.write(context, b.select(isNaN, canonical, access.fromDouble(context, rounded)));
  };
}

/** `fcvtmod.w.d`: the function is for what is not an exact word. */
export function fcvtmodWD(context: LiftContext): void {
  context.requireFloat();
  const { b } = context;
  const bits = context.f("rs1");
  const double = b.op("f64.reinterpret_i64", bits);
  const word = b.op("i32.trunc_sat_f64_s", double);
  const isExact = b.op("f64.eq", b.op("f64.convert_i32_s", word), double);
  const { flags, range, dirty } = FLOAT_STATE;
  const changes = [flags, range, ...(dirty === null ? [] : [dirty])];
  const callee = { callee: F64_TO_I32_MODULAR, changes };
  context.setX(b.callUnless(isExact, b.signExtend(word), callee, bits));
}
