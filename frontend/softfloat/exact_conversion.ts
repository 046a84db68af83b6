/**
 * Conversions that are exact: every number of a format as the host's double, and back where it is known to be
 * one of the narrower format. They are one host operation or two; half precision, which the host does not know,
 * is a function. What the sign and payload of a NaN are afterwards is open.
 */
import { type Builder, buildFunction } from "../../ir/builder.ts";
import type { FunctionSignature, Region, Value } from "../../ir/region.ts";
import { BINARY16, BINARY64, type FloatFormat, type HostFormatName } from "./format.ts";

/** `(number)`: half precision as a double. */
export const F16_AS_DOUBLE: FunctionSignature = {
  name: "f16_as_double",
  parameters: ["i32"],
  result: "f64",
};

const POSITION_OF_HALF = BINARY64.fractionBits - BINARY16.fractionBits;
/** The exponent field of a half, read as that of a double, is too small by that much. */
const FIELD_DIFFERENCE = BigInt(BINARY64.bias - BINARY16.bias);

/** Half precision in the upper bits of a double is a number that is too small by a power of two. */
function halfAsDouble(b: Builder, carried: Value): Value {
  const bits = b.zeroExtend(carried);
  const magnitude = b.and(bits, b.i64(BINARY16.signBit - 1n));
  const raised = b.shl(magnitude, b.i64(POSITION_OF_HALF));
  const factor = b.i64((FIELD_DIFFERENCE + BigInt(BINARY64.bias)) * BINARY64.hiddenBit);
  const scaled = b.op(
    "f64.mul",
    b.op("f64.reinterpret_i64", raised),
    b.op("f64.reinterpret_i64", factor),
  );
  const isFinite = b.ltU(magnitude, b.i64(BINARY16.infinity));
  const special = b.or(raised, b.i64(BINARY64.infinity));
  const chosen = b.select(isFinite, b.op("i64.reinterpret_f64", scaled), special);
  const sign = b.and(bits, b.i64(BINARY16.signBit));
  const position = b.i64(BINARY64.signPosition - BINARY16.signPosition);
  return b.op("f64.reinterpret_i64", b.or(chosen, b.shl(sign, position)));
}

/** Builds the function that makes half precision a double. */
export function buildHalfAsDouble(): Region {
  return buildFunction(F16_AS_DOUBLE, (b) => b.return(halfAsDouble(b, b.parameter(0))));
}

/** A number in its format's carrier, of whose bits only the format's own count, as a double. */
export function asDouble(b: Builder, carried: Value, { name }: FloatFormat): Value {
  if (name === "f16") return b.callPure(F16_AS_DOUBLE, carried);
  if (name === "f64") return b.op("f64.reinterpret_i64", carried);
  return b.op("f64.promote_f32", b.op("f32.reinterpret_i32", carried));
}

/** A double that is a number of the format, in the format's carrier. */
export function fromDouble(
  b: Builder,
  double: Value,
  { name }: FloatFormat<HostFormatName>,
): Value {
  if (name === "f64") return b.op("i64.reinterpret_f64", double);
  return b.op("i32.reinterpret_f32", b.op("f32.demote_f64", double));
}
