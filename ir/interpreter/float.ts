/**
 * Meaning of every float opcode, and of the conversions between floats and integers, on bit patterns.
 *
 * Wasm leaves sign and payload of a computed NaN open; here every computed NaN is the canonical one, so a
 * lifter must not rely on any other.
 */
import type { Opcode } from "../opcodes.ts";
import { fusedMultiplyAdd } from "./fused.ts";
import type { PureFunction } from "./integer.ts";

/** Opcodes with a float operand or result. */
export type FloatOpcode = Extract<
  Opcode,
  | `f32.${string}`
  | `f64.${string}`
  | `${string}reinterpret${string}`
  | `${string}trunc_sat${string}`
>;

const CANONICAL_NAN_32 = 0x7fc0_0000n;
const CANONICAL_NAN_64 = 0x7ff8_0000_0000_0000n;
const MAGNITUDE_32 = 0x7fff_ffffn;
const MAGNITUDE_64 = 0x7fff_ffff_ffff_ffffn;
/** Significant bits of an f64. */
const DOUBLE_PRECISION = 53;

function fromBits32(bits: bigint): number {
  return new Float32Array(Int32Array.of(Number(bits)).buffer)[0];
}

function fromBits64(bits: bigint): number {
  return new Float64Array(BigInt64Array.of(bits).buffer)[0];
}

function toBits32(value: number): bigint {
  if (Number.isNaN(value)) return CANONICAL_NAN_32;
  return BigInt(new Int32Array(Float32Array.of(value).buffer)[0]);
}

function toBits64(value: number): bigint {
  if (Number.isNaN(value)) return CANONICAL_NAN_64;
  return new BigInt64Array(Float64Array.of(value).buffer)[0];
}

type Compute = (a: number, b: number) => number;
type Compare = (a: number, b: number) => boolean;

/**
 * Computing in double and rounding once more is exact for one basic operation on singles, because a double
 * has more than twice the bits of a single plus two.
 */
function single(compute: Compute): PureFunction {
  return (a, b) => toBits32(Math.fround(compute(fromBits32(a), fromBits32(b))));
}

function double(compute: Compute): PureFunction {
  return (a, b) => toBits64(compute(fromBits64(a), fromBits64(b)));
}

function compareSingle(compare: Compare): PureFunction {
  return (a, b) => compare(fromBits32(a), fromBits32(b)) ? 1n : 0n;
}

function compareDouble(compare: Compare): PureFunction {
  return (a, b) => compare(fromBits64(a), fromBits64(b)) ? 1n : 0n;
}

/** Rounds once to single: bits beyond a double's precision are first folded into its last bit. */
function roundToSingle(value: bigint): bigint {
  const magnitude = value < 0n ? -value : value;
  const excess = Math.max(0, magnitude.toString(2).length - DOUBLE_PRECISION);
  const kept = magnitude >> BigInt(excess);
  const lost = magnitude !== kept << BigInt(excess);
  const rounded = Math.fround(Number(lost ? kept | 1n : kept) * 2 ** excess);
  return toBits32(value < 0n ? -rounded : rounded);
}

function truncate(bits: bigint, lowest: bigint, highest: bigint): bigint {
  const value = fromBits64(bits);
  if (Number.isNaN(value)) return 0n;
  if (!Number.isFinite(value)) return value < 0 ? lowest : highest;
  const integer = BigInt(Math.trunc(value));
  return integer < lowest ? lowest : integer > highest ? highest : integer;
}

/** Half of the numbers that are halfway between integers are rounded up by the host, the others are even. */
function roundToNearest(value: number): number {
  const up = Math.round(value);
  const isTie = up - value === 0.5;
  return isTie && up % 2 !== 0 ? up - 1 : up;
}

function roundDouble(round: (value: number) => number): PureFunction {
  return (a) => toBits64(round(fromBits64(a)));
}

const add: Compute = (a, b) => a + b;
const subtract: Compute = (a, b) => a - b;
const multiply: Compute = (a, b) => a * b;
const divide: Compute = (a, b) => a / b;
const squareRoot: Compute = (a) => Math.sqrt(a);
const isEqual: Compare = (a, b) => a === b;
const isLess: Compare = (a, b) => a < b;
const isLessOrEqual: Compare = (a, b) => a <= b;

const SINGLE_FORMAT = { precision: 24, lowestExponent: -149 };
const DOUBLE_FORMAT = { precision: DOUBLE_PRECISION, lowestExponent: -1074 };

function fuseSingle(a: bigint, b: bigint, c: bigint): bigint {
  const [x, y, addend] = [a, b, c].map(fromBits32);
  return toBits32(Math.fround(fusedMultiplyAdd(x, y, addend, SINGLE_FORMAT)));
}

function fuseDouble(a: bigint, b: bigint, c: bigint): bigint {
  const [x, y, addend] = [a, b, c].map(fromBits64);
  return toBits64(fusedMultiplyAdd(x, y, addend, DOUBLE_FORMAT));
}

/** The table; the law of representation is that of the integer table. */
export const FLOAT_FUNCTIONS: Readonly<Record<FloatOpcode, PureFunction>> = {
  "f32.add": single(add),
  "f32.sub": single(subtract),
  "f32.mul": single(multiply),
  "f32.div": single(divide),
  "f32.sqrt": single(squareRoot),
  "f32.fma": fuseSingle,
  "f32.abs": (a) => a & MAGNITUDE_32,
  "f32.eq": compareSingle(isEqual),
  "f32.lt": compareSingle(isLess),
  "f32.le": compareSingle(isLessOrEqual),
  "f32.demote_f64": (a) => toBits32(Math.fround(fromBits64(a))),
  "f32.reinterpret_i32": (a) => a,
  "f32.convert_i32_s": roundToSingle,
  "f32.convert_i32_u": (a) => roundToSingle(BigInt.asUintN(32, a)),
  "f32.convert_i64_s": roundToSingle,
  "f32.convert_i64_u": (a) => roundToSingle(BigInt.asUintN(64, a)),
  "f64.add": double(add),
  "f64.sub": double(subtract),
  "f64.mul": double(multiply),
  "f64.div": double(divide),
  "f64.sqrt": double(squareRoot),
  "f64.fma": fuseDouble,
  "f64.abs": (a) => a & MAGNITUDE_64,
  "f64.ceil": roundDouble(Math.ceil),
  "f64.floor": roundDouble(Math.floor),
  "f64.trunc": roundDouble(Math.trunc),
  "f64.nearest": roundDouble(roundToNearest),
  "f64.eq": compareDouble(isEqual),
  "f64.lt": compareDouble(isLess),
  "f64.le": compareDouble(isLessOrEqual),
  "f64.promote_f32": (a) => toBits64(fromBits32(a)),
  "f64.reinterpret_i64": (a) => a,
  "f64.convert_i32_s": (a) => toBits64(Number(a)),
  "f64.convert_i32_u": (a) => toBits64(Number(BigInt.asUintN(32, a))),
  "f64.convert_i64_s": (a) => toBits64(Number(a)),
  "f64.convert_i64_u": (a) => toBits64(Number(BigInt.asUintN(64, a))),
  "i32.reinterpret_f32": (a) => a,
  "i64.reinterpret_f64": (a) => a,
  "i32.trunc_sat_f64_s": (a) => truncate(a, -(2n ** 31n), 2n ** 31n - 1n),
  "i64.trunc_sat_f64_s": (a) => truncate(a, -(2n ** 63n), 2n ** 63n - 1n),
  "i64.trunc_sat_f64_u": (a) => BigInt.asIntN(64, truncate(a, 0n, 2n ** 64n - 1n)),
};
