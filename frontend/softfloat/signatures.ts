/**
 * Names and types of the float functions, for those who call them.
 *
 * Numbers travel as their bits: i32 for single, i64 for double precision. `mode` is a `RoundingMode` as an
 * i32. Every function adds its exceptions to the accrued flags.
 */
import type { FunctionSignature } from "../../ir/region.ts";
import type { ValueType } from "../../ir/types.ts";
import { BINARY32, BINARY64, type FloatFormat } from "./format.ts";

/** An operation whose result depends on the rounding mode, in three shapes. */
export interface RoundedOperation {
  /** `(operands..., mode)`: for a mode known only at run time. */
  readonly rounded: FunctionSignature;
  /** `(operands...)`: rounds to nearest even; mostly one host operation. */
  readonly nearest: FunctionSignature;
  /** `(operands..., mode)`: integer arithmetic only; what the other two fall back on. */
  readonly exact: FunctionSignature;
}

/** Operations of one format. */
export interface FormatOperations {
  /** `(a, b)`. */
  readonly add: RoundedOperation;
  /** `(a, b)`. */
  readonly subtract: RoundedOperation;
  /** `(a, b)`. */
  readonly multiply: RoundedOperation;
  /** `(a, b)`. */
  readonly divide: RoundedOperation;
  /** `(a)`. */
  readonly squareRoot: RoundedOperation;
  /** `(a, b, c)`: a * b + c, rounded once. */
  readonly multiplyAdd: RoundedOperation;
  /** From a signed i64. */
  readonly fromSigned: RoundedOperation;
  /** From an unsigned i64. */
  readonly fromUnsigned: RoundedOperation;
}

function rounded(
  name: string,
  operands: readonly ValueType[],
  result: ValueType,
): RoundedOperation {
  const withMode: readonly ValueType[] = [...operands, "i32"];
  return {
    rounded: { name, parameters: withMode, result },
    nearest: { name: `${name}_nearest`, parameters: operands, result },
    exact: { name: `${name}_exact`, parameters: withMode, result },
  };
}

function formatOperations({ name, carrier }: FloatFormat): FormatOperations {
  const operation = (operation: string, count: number): RoundedOperation =>
    rounded(`${name}_${operation}`, new Array<ValueType>(count).fill(carrier), carrier);
  return {
    add: operation("add", 2),
    subtract: operation("sub", 2),
    multiply: operation("mul", 2),
    divide: operation("div", 2),
    squareRoot: operation("sqrt", 1),
    multiplyAdd: operation("fma", 3),
    fromSigned: rounded(`${name}_from_i64`, ["i64"], carrier),
    fromUnsigned: rounded(`${name}_from_u64`, ["i64"], carrier),
  };
}

/** Operations on single precision. */
export const F32: FormatOperations = formatOperations(BINARY32);
/** Operations on double precision. */
export const F64: FormatOperations = formatOperations(BINARY64);
/** Double to single precision. */
export const F64_TO_F32: RoundedOperation = rounded("f64_to_f32", ["i64"], "i32");
/** Single to double precision: exact. */
export const F32_TO_F64: FunctionSignature = {
  name: "f32_to_f64",
  parameters: ["i32"],
  result: "i64",
};

/** Integer types that floats convert to. */
export type IntegerName = "i32" | "u32" | "i64" | "u64";

function toInteger(name: IntegerName): FunctionSignature {
  return { name: `f64_to_${name}`, parameters: ["i64", "i32"], result: "i64" };
}

/**
 * `(a, mode) -> i64`: double precision to integer; a 32-bit result is sign-extended whatever its type.
 * Single precision goes through its exact, silent promotion.
 */
export const F64_TO_INTEGER: Readonly<Record<IntegerName, FunctionSignature>> = {
  i32: toInteger("i32"),
  u32: toInteger("u32"),
  i64: toInteger("i64"),
  u64: toInteger("u64"),
};
