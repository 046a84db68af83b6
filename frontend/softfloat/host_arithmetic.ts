/**
 * What functions on top of the host's float operations have in common: which results they may take, and the
 * exact errors of sums and products.
 */
import type { Builder } from "../../ir/builder.ts";
import type { FunctionSignature, Value } from "../../ir/region.ts";
import type { ValueType } from "../../ir/types.ts";
import type { FloatBuilder } from "./float_builder.ts";
import { FloatFlag, type HostFormatName, RoundingMode } from "./format.ts";

/** Builds a function of a format that the host computes in. */
export type HostFloatBuilder = FloatBuilder<HostFormatName>;

/** Bits of the carrier type as a number of the format. */
export function fromBits({ b, format }: HostFloatBuilder, carried: Value): Value {
  return format.carrier === "i32"
    ? b.op("f32.reinterpret_i32", carried)
    : b.op("f64.reinterpret_i64", carried);
}

/** A number of the format as bits, in an i64. */
export function toBits({ b, format }: HostFloatBuilder, number: Value): Value {
  return format.carrier === "i32"
    ? b.zeroExtend(b.op("i32.reinterpret_f32", number))
    : b.op("i64.reinterpret_f64", number);
}

/** A value in the shape in which functions on bits take and give it: a number as its bits. */
export function carriedBits(b: Builder, value: Value): Value {
  if (value.type === "f32") return b.op("i32.reinterpret_f32", value);
  return value.type === "f64" ? b.op("i64.reinterpret_f64", value) : value;
}

/** The reverse of {@linkcode carriedBits}. */
export function carriedAs(b: Builder, carried: Value, type: ValueType): Value {
  if (type === "f32") return b.op("f32.reinterpret_i32", carried);
  return type === "f64" ? b.op("f64.reinterpret_i64", carried) : carried;
}

/** 1 when a result is finite. */
export function isFinite(f: HostFloatBuilder, bits: Value): Value {
  return f.b.ltU(f.magnitude(bits), f.b.i64(f.format.infinity));
}

/** 1 when a result is finite and above the smallest normal number. */
export function isSafelyNormal(f: HostFloatBuilder, bits: Value): Value {
  const { b, format } = f;
  const lowest = format.hiddenBit + 1n;
  return b.ltU(b.sub(f.magnitude(bits), b.i64(lowest)), b.i64(format.infinity - lowest));
}

/** Raises inexact when the test says so, unless it is raised already; ends the function with the number. */
export function returnTested(f: HostFloatBuilder, number: Value, isInexact: () => Value): void {
  const { b } = f;
  b.when(f.isInexactClear(), () => {
    b.when(isInexact(), () => f.raise(FloatFlag.INEXACT));
  });
  b.return(number);
}

/** Ends the function with the exact one's result. */
export function returnExact(f: HostFloatBuilder, callee: FunctionSignature): void {
  const { b } = f;
  const operands = callee.parameters.slice(0, -1).map((_, index) =>
    carriedBits(b, b.parameter(index))
  );
  b.return(fromBits(f, b.call(callee, ...operands, b.i32(RoundingMode.NEAREST_EVEN))));
}

/**
 * The rounding error of a sum, as Knuth's two-sum gives it: exact for all operands whose sum is finite,
 * subnormal ones too.
 */
export function sumError(f: HostFloatBuilder, a: Value, second: Value, sum: Value): Value {
  const { b } = f;
  const prefix = f.format.name;
  const sub = (x: Value, y: Value): Value => b.op(`${prefix}.sub`, x, y);
  const secondPart = sub(sum, a);
  const firstPart = sub(sum, secondPart);
  return b.op(`${prefix}.add`, sub(a, firstPart), sub(second, secondPart));
}

/** 1 when a number of the format is not zero, or a NaN. */
export function isNotZero(f: HostFloatBuilder, number: Value): Value {
  const { b, format } = f;
  return b.eqz(b.op(`${format.name}.eq`, number, fromBits(f, f.carry(b.i64(0)))));
}

/** A single as a double. */
export function promote({ b }: HostFloatBuilder, single: Value): Value {
  return b.op("f64.promote_f32", single);
}

/** 1 when two doubles differ. */
export function areDifferent({ b }: HostFloatBuilder, x: Value, y: Value): Value {
  return b.eqz(b.op("f64.eq", x, y));
}

/** Products of two singles are exact in double precision: 24 bits each. */
export function singleProduct(f: HostFloatBuilder, a: Value, second: Value): Value {
  return f.b.op("f64.mul", promote(f, a), promote(f, second));
}

/**
 * `x * y - product`, signs left out, in units of the last place of the product of the two significands. The three
 * are normal doubles, and the third is one of the two nearest to the product of the others, or they are a
 * divisor, its quotient and what was divided: the difference is below 2^53 in magnitude then, and the low
 * 64 bits of both sides give it.
 */
export function productResidual(f: HostFloatBuilder, x: Value, y: Value, product: Value): Value {
  const { b, format } = f;
  const fieldSum = b.add(f.exponentField(x), f.exponentField(y));
  const offset = b.sub(f.exponentField(product), fieldSum);
  const scale = b.zeroExtend(b.add(offset, b.i32(format.bias + format.fractionBits)));
  const exact = b.mul(f.normalSignificand(x), f.normalSignificand(y));
  return b.sub(exact, b.shl(f.normalSignificand(product), scale));
}
