/**
 * Conversion to an integer toward zero in place, which is what languages mean by it: one host operation and a
 * look at the operand, with the exact function for what that does not settle.
 *
 * An operand within the integer type's range raises inexact at most. Once that is raised, see
 * `nearest_in_place.ts`, nobody has to find out whether it is due.
 */
import type { Builder } from "../../ir/builder.ts";
import type { Value } from "../../ir/region.ts";
import type { FloatState } from "./float_builder.ts";
import { RoundingMode } from "./format.ts";
import { F64_TO_INTEGER, type IntegerName } from "./signatures.ts";

/** The smallest power of two beyond each type. */
const BEYOND: Readonly<Record<IntegerName, number>> = {
  i32: 2 ** 31,
  u32: 2 ** 32,
  i64: 2 ** 63,
  u64: 2 ** 64,
};

function isSigned(integer: IntegerName): boolean {
  return integer === "i32" || integer === "i64";
}

/** 1 when the operand is a number whose integer part the type holds. */
function isInRange(b: Builder, integer: IntegerName, operand: Value): Value {
  const beyond = b.f64(BEYOND[integer]);
  if (isSigned(integer)) return b.op("f64.lt", b.op("f64.abs", operand), beyond);
  const isPositive = b.op("f64.le", b.f64(0), operand);
  return b.and(isPositive, b.op("f64.lt", operand, beyond));
}

/** The integer part of an operand in range; a 32-bit one is sign-extended whatever its type. */
function integerPart(b: Builder, integer: IntegerName, operand: Value): Value {
  if (integer === "u64") return b.op("i64.trunc_sat_f64_u", operand);
  const whole = b.op("i64.trunc_sat_f64_s", operand);
  return integer === "u32" ? b.signExtend32(whole) : whole;
}

/** Appends the conversion of a double; gives an i64. */
export function truncate(
  b: Builder,
  integer: IntegerName,
  operand: Value,
  { flags, range, dirty }: FloatState,
): Value {
  const hasInexact = b.ne(b.getState(range), b.i32(0));
  const isSettled = b.and(hasInexact, isInRange(b, integer, operand));
  const changes = [flags, range, ...(dirty === null ? [] : [dirty])];
  return b.callUnless(
    isSettled,
    integerPart(b, integer, operand),
    { callee: F64_TO_INTEGER[integer], changes },
    b.op("i64.reinterpret_f64", operand),
    b.i32(RoundingMode.TOWARD_ZERO),
  );
}
