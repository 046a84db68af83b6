/**
 * Rounding to an integer that stays a number of double precision, and conversion to an integer modulo a power
 * of two. Narrower formats go through their exact promotion.
 *
 * Source: RISC-V Unprivileged ISA, `"Zfa" Extension for Additional Floating-Point Instructions`.
 */
import { type Builder, buildFunction } from "../../ir/builder.ts";
import type { Opcode } from "../../ir/opcodes.ts";
import type { FunctionSignature, Region, Value } from "../../ir/region.ts";
import { buildFloatFunction, type FloatBuilder, type FloatState } from "./float_builder.ts";
import { BINARY64, FloatFlag, RoundingMode } from "./format.ts";

/** `(a, mode)`: the integer next to a number, with the number's sign; raises nothing. */
export const F64_TO_INTEGRAL: FunctionSignature = {
  name: "f64_to_integral",
  parameters: ["f64", "i32"],
  result: "f64",
};

/** `(a)`: integer part modulo 2^32, sign-extended; invalid where it is beyond the signed range. */
export const F64_TO_I32_MODULAR: FunctionSignature = {
  name: "f64_to_i32_modular",
  parameters: ["i64"],
  result: "i64",
};

/** The host's operation by rounding mode; it has none that rounds ties away from zero. */
const HOST_OPCODES: readonly (Opcode | undefined)[] = (() => {
  const opcodes: Opcode[] = [];
  opcodes[RoundingMode.NEAREST_EVEN] = "f64.nearest";
  opcodes[RoundingMode.TOWARD_ZERO] = "f64.trunc";
  opcodes[RoundingMode.DOWN] = "f64.floor";
  opcodes[RoundingMode.UP] = "f64.ceil";
  return opcodes;
})();

const HALF = 0.5;
const ONE = BigInt(BINARY64.bias) * BINARY64.hiddenBit;
const WORD_BITS = 32;
const TWO_TO_63 = 2 ** 63;

/** Appends the rounding of a double in a mode that is known, if it is; gives a double. */
export function roundToIntegral(
  b: Builder,
  double: Value,
  mode: Value,
  knownMode: number | null,
): Value {
  const opcode = knownMode === null ? undefined : HOST_OPCODES[knownMode];
  return opcode === undefined ? b.callPure(F64_TO_INTEGRAL, double, mode) : b.op(opcode, double);
}

/** Ends the function with the nearest integer, of two the one away from zero. */
function returnNearestAway(b: Builder, double: Value): void {
  const truncated = b.op("f64.trunc", double);
  const rest = b.op("f64.abs", b.op("f64.sub", double, truncated));
  b.when(b.op("f64.le", b.f64(HALF), rest), () => {
    const sign = b.and(b.op("i64.reinterpret_f64", double), b.i64(BINARY64.signBit));
    const step = b.op("f64.reinterpret_i64", b.or(sign, b.i64(ONE)));
    b.return(b.op("f64.add", truncated, step));
  });
  b.return(truncated);
}

/** Builds rounding in a mode known at run time only. */
export function buildToIntegral(): Region {
  return buildFunction(F64_TO_INTEGRAL, (b) => {
    const [double, mode] = [b.parameter(0), b.parameter(1)];
    const bodies = HOST_OPCODES.map((opcode) => () => b.return(b.op(opcode as Opcode, double)));
    b.dispatch(mode, bodies, () => returnNearestAway(b, double));
  });
}

/** Ends the function for a magnitude of at least 2^63, infinities and NaNs: few low bits are not zero. */
function returnFarWord(f: FloatBuilder, bits: Value): void {
  const { b } = f;
  const shift = b.sub(f.exponentField(bits), b.i32(BINARY64.bias + BINARY64.fractionBits));
  const shifted = b.shl(f.normalSignificand(bits), b.zeroExtend(shift));
  const magnitude = b.select(b.ltU(shift, b.i32(WORD_BITS)), shifted, b.i64(0));
  const word = b.select(f.isNegative(bits), b.sub(b.i64(0), magnitude), magnitude);
  f.raise(FloatFlag.INVALID);
  b.return(b.signExtend32(word));
}

/** Builds conversion to a word, modulo 2^32. */
export function buildToWordModular(state: FloatState): Region {
  return buildFloatFunction(F64_TO_I32_MODULAR, BINARY64, state, (f) => {
    const { b } = f;
    const bits = b.parameter(0);
    const double = b.op("f64.reinterpret_i64", bits);
    const isNear = b.op("f64.lt", b.op("f64.abs", double), b.f64(TWO_TO_63));
    b.when(b.eqz(isNear), () => returnFarWord(f, bits));
    const integer = b.op("i64.trunc_sat_f64_s", double);
    const word = b.signExtend32(integer);
    b.when(b.ne(word, integer), () => {
      f.raise(FloatFlag.INVALID);
      b.return(word);
    });
    const isExact = b.op("f64.eq", b.op("f64.convert_i64_s", integer), double);
    b.when(b.eqz(isExact), () => f.raise(FloatFlag.INEXACT));
    b.return(word);
  });
}
