/**
 * Names and types of the float functions, for those who call them.
 *
 * Numbers travel as their bits: i32 for half and single, i64 for double precision; where host arithmetic is all that
 * is done to them, as the host's f32 and f64. `mode` is a `RoundingMode` as an i32. Every function adds its
 * exceptions to the accrued flags. Whoever calls one that gives a float writes a float register, and so marks
 * float state dirty itself; conversions to integers do it when they change the flags.
 */
import type { Opcode } from "../../ir/opcodes.ts";
import type { FunctionSignature } from "../../ir/region.ts";
import type { ValueType } from "../../ir/types.ts";
import { BINARY16, BINARY32, BINARY64, type FloatFormat, type HostFormatName } from "./format.ts";

/** The host operation that rounds to nearest even. */
export interface HostOperation {
  /** Its opcode. */
  readonly opcode: Opcode;
  /**
   * Which flags it may raise: inexact alone; overflow and invalid as well, where tiny results are exact;
   * or any.
   */
  readonly flags: "inexact" | "overflow" | "any";
  /** Does it take a host that fuses multiplication and addition? */
  readonly needsFusing: boolean;
}

/** An operation whose result depends on the rounding mode. */
export interface ModalOperation {
  /** `(operands..., mode)`: for any mode, also one known only at run time. */
  readonly rounded: FunctionSignature;
}

/** An operation that the host has too, in three shapes. */
export interface RoundedOperation extends ModalOperation {
  /** `(operands...)`, as the host's numbers: rounds to nearest even; mostly one host operation. */
  readonly nearest: FunctionSignature;
  /** `(operands..., mode)`: integer arithmetic only; what the other two fall back on. */
  readonly exact: FunctionSignature;
  /** The host's own operation. */
  readonly host: HostOperation;
}

/** Operations of one format. */
export interface FormatOperations<Operation extends ModalOperation = RoundedOperation> {
  /** `(a, b)`. */
  readonly add: Operation;
  /** `(a, b)`. */
  readonly subtract: Operation;
  /** `(a, b)`. */
  readonly multiply: Operation;
  /** `(a, b)`. */
  readonly divide: Operation;
  /** `(a)`. */
  readonly squareRoot: Operation;
  /** `(a, b, c)`: a * b + c, rounded once. */
  readonly multiplyAdd: Operation;
  /** From a signed i64. */
  readonly fromSigned: Operation;
  /** From an unsigned i64. */
  readonly fromUnsigned: Operation;
}

/** Type of an operand or result: as the host's number, and as bits. */
interface Carried {
  readonly number: ValueType;
  readonly bits: ValueType;
}

const INTEGER: Carried = { number: "i64", bits: "i64" };

function carriedOf({ name, carrier }: FloatFormat<HostFormatName>): Carried {
  return { number: name, bits: carrier };
}

function rounded(
  name: string,
  operands: readonly Carried[],
  result: Carried,
  host: HostOperation,
): RoundedOperation {
  const withMode: readonly ValueType[] = [...operands.map(({ bits }) => bits), "i32"];
  const numbers = operands.map(({ number }) => number);
  return {
    rounded: { name, parameters: withMode, result: result.bits },
    nearest: { name: `${name}_nearest`, parameters: numbers, result: result.number },
    exact: { name: `${name}_exact`, parameters: withMode, result: result.bits },
    host,
  };
}

function formatOperations(format: FloatFormat<HostFormatName>): FormatOperations {
  const { name } = format;
  const carried = carriedOf(format);
  const operation = (
    operation: "add" | "sub" | "mul" | "div" | "sqrt",
    count: number,
    flags: HostOperation["flags"],
  ): RoundedOperation => {
    const operands = new Array<Carried>(count).fill(carried);
    return rounded(`${name}_${operation}`, operands, carried, {
      opcode: `${name}.${operation}`,
      flags,
      needsFusing: false,
    });
  };
  const conversion = (integer: string, sign: "s" | "u"): RoundedOperation =>
    rounded(`${name}_from_${integer}`, [INTEGER], carried, {
      opcode: `${name}.convert_i64_${sign}`,
      flags: "inexact",
      needsFusing: false,
    });
  return {
    add: operation("add", 2, "overflow"),
    subtract: operation("sub", 2, "overflow"),
    multiply: operation("mul", 2, "any"),
    divide: operation("div", 2, "any"),
    squareRoot: operation("sqrt", 1, "any"),
    multiplyAdd: rounded(`${name}_fma`, [carried, carried, carried], carried, {
      opcode: `${name}.fma`,
      flags: "any",
      needsFusing: true,
    }),
    fromSigned: conversion("i64", "s"),
    fromUnsigned: conversion("u64", "u"),
  };
}

/** Operations on single precision. */
export const F32: FormatOperations = formatOperations(BINARY32);
/** Operations on double precision. */
export const F64: FormatOperations = formatOperations(BINARY64);
/** Double to single precision. */
export const F64_TO_F32: RoundedOperation = rounded(
  "f64_to_f32",
  [carriedOf(BINARY64)],
  carriedOf(BINARY32),
  { opcode: "f32.demote_f64", flags: "any", needsFusing: false },
);

function halfOperation(name: string, ...operands: ValueType[]): ModalOperation {
  return { rounded: { name: `f16_${name}`, parameters: [...operands, "i32"], result: "i32" } };
}

/** Operations on half precision: see `half_precision.ts`. */
export const F16: FormatOperations<ModalOperation> = {
  add: halfOperation("add", "i32", "i32"),
  subtract: halfOperation("sub", "i32", "i32"),
  multiply: halfOperation("mul", "i32", "i32"),
  divide: halfOperation("div", "i32", "i32"),
  squareRoot: halfOperation("sqrt", "i32"),
  multiplyAdd: halfOperation("fma", "i32", "i32", "i32"),
  fromSigned: halfOperation("from_i64", "i64"),
  fromUnsigned: halfOperation("from_u64", "i64"),
};
/** Double to half precision. */
export const F64_TO_F16: ModalOperation = halfOperation("from_f64", "i64");
/** Single to half precision. */
export const F32_TO_F16: ModalOperation = halfOperation("from_f32", "i32");

/** Conversion to a format that holds all numbers of the other one. */
export interface Widening {
  /** The narrower format. */
  readonly source: FloatFormat;
  /** The wider format. */
  readonly target: FloatFormat<HostFormatName>;
  /** The function that does it; only NaNs need it. */
  readonly signature: FunctionSignature;
}

function widening(source: FloatFormat, target: FloatFormat<HostFormatName>): Widening {
  const name = `${source.name}_to_${target.name}`;
  return { source, target, signature: { name, parameters: ["i32"], result: target.carrier } };
}

/** Single to double precision. */
export const F32_TO_F64: Widening = widening(BINARY32, BINARY64);
/** Half to single precision. */
export const F16_TO_F32: Widening = widening(BINARY16, BINARY32);
/** Half to double precision. */
export const F16_TO_F64: Widening = widening(BINARY16, BINARY64);

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
