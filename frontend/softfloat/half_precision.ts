/**
 * Half precision by way of the host's doubles, exact in every mode: the operation in double precision, then
 * one rounding of its result by the exact conversion.
 *
 * That conversion has to see, of the true result, on which side of every boundary of rounding it lies, and
 * whether it is on one. The boundaries are the multiples of half a unit: numbers of at most 12 bits.
 * - Sums are exact: from 2^-24 to 2^16 are 41 bits. So are products: 22 bits, and never tiny.
 * - A quotient that is no boundary m differs from it by `|a - m * b| / b`, a relative 2^-24 at least, and a
 *   root by about as much; the host's rounding error is 2^-53. Quotients and roots that are boundaries are
 *   exact.
 * - The sum of product and addend may need more bits. It is rounded to odd: an even result with an error goes
 *   one step in the error's direction, so that no inexact sum ends on a boundary or crosses one.
 * - Integers that a double cannot hold are beyond the range, whatever the mode.
 *
 * Source for the third: Boldo and Melquiond, "When double rounding is odd".
 */
import type { FunctionSignature, Region, Value } from "../../ir/region.ts";
import { buildNarrow } from "./convert.ts";
import { asDouble } from "./exact_conversion.ts";
import { buildFloatFunction, FloatBuilder, type FloatState } from "./float_builder.ts";
import {
  BINARY16,
  BINARY32,
  BINARY64,
  FloatFlag,
  type FloatFormat,
  RoundingMode,
} from "./format.ts";
import { sumError } from "./host_arithmetic.ts";
import { buildRoundAndPack } from "./round_and_pack.ts";
import { F16, F32_TO_F16, F64_TO_F16, type ModalOperation } from "./signatures.ts";

/** A function being built. */
interface HalfCall {
  readonly f: FloatBuilder<"f16">;
  /** The same for doubles. */
  readonly double: FloatBuilder<"f64">;
  /** Operands as bits in i64. */
  readonly operands: readonly Value[];
  /** Operands as doubles. */
  readonly numbers: readonly Value[];
  readonly mode: Value;
}

/** What is special about an operation: how its exact results come about. */
interface HalfOperation {
  readonly operation: ModalOperation;
  /** The result in double precision, good enough for the rounding that follows. */
  readonly compute: (call: HalfCall) => Value;
  /** The signs of the two terms where a zero may be their difference. */
  readonly termSigns?: (call: HalfCall) => readonly [Value, Value];
  /** Ends the function where a NaN comes about, though operands are NaNs. */
  readonly returnIfInvalid?: (call: HalfCall) => void;
  /** Raises what an infinite result raises. */
  readonly raiseForInfinity?: (call: HalfCall) => void;
}

function host(opcode: "f64.add" | "f64.sub" | "f64.mul" | "f64.div" | "f64.sqrt") {
  return ({ f, numbers }: HalfCall): Value => f.b.op(opcode, ...numbers);
}

function product({ f, numbers: [a, second] }: HalfCall): Value {
  return f.b.op("f64.mul", a, second);
}

/** Sum of product and addend, rounded to odd. */
function oddSum(call: HalfCall): Value {
  const { double, numbers } = call;
  const { b } = double;
  const [first, second] = [product(call), numbers[2]];
  const sum = b.op("f64.add", first, second);
  const error = sumError(double, first, second, sum);
  const [bits, errorBits] = [sum, error].map((number) => b.op("i64.reinterpret_f64", number));
  const isAway = double.isNegative(b.xor(b.xor(bits, errorBits), b.i64(-1)));
  const step = b.select(isAway, b.i64(1), b.i64(-1));
  const isOdd = b.wrap(b.and(bits, b.i64(1)));
  const isExact = b.op("f64.eq", error, b.f64(0));
  const stays = b.or(isOdd, isExact);
  const odd = b.add(bits, b.select(stays, b.i64(0), step));
  return b.op("f64.reinterpret_i64", b.select(double.isSpecial(bits), bits, odd));
}

function isProductInvalid({ f, operands: [a, second] }: HalfCall): Value {
  const { b } = f;
  return b.or(
    b.and(f.isInfinite(a), f.isZero(second)),
    b.and(f.isZero(a), f.isInfinite(second)),
  );
}

const OPERATIONS: readonly HalfOperation[] = [
  {
    operation: F16.add,
    compute: host("f64.add"),
    termSigns: ({ f, operands: [a, second] }) => [f.isNegative(a), f.isNegative(second)],
  },
  {
    operation: F16.subtract,
    compute: host("f64.sub"),
    termSigns: ({ f, operands: [a, second] }) => [f.isNegative(a), f.b.not(f.isNegative(second))],
  },
  { operation: F16.multiply, compute: product },
  {
    operation: F16.divide,
    compute: host("f64.div"),
    raiseForInfinity: ({ f, operands: [a] }) => {
      f.b.when(f.b.not(f.isSpecial(a)), () => f.raise(FloatFlag.DIVIDE_BY_ZERO));
    },
  },
  { operation: F16.squareRoot, compute: host("f64.sqrt") },
  {
    operation: F16.multiplyAdd,
    compute: oddSum,
    termSigns: ({ f, operands: [a, second, addend] }) => [
      f.b.xor(f.isNegative(a), f.isNegative(second)),
      f.isNegative(addend),
    ],
    returnIfInvalid: (call) => call.f.b.when(isProductInvalid(call), () => call.f.returnInvalid()),
  },
];

function startCall(f: FloatBuilder<"f16">, state: FloatState, count: number): HalfCall {
  const { b } = f;
  const indices = Array.from({ length: count }, (_, index) => index);
  return {
    f,
    double: new FloatBuilder(b, BINARY64, state),
    operands: indices.map((index) => f.operand(index)),
    numbers: indices.map((index) => asDouble(b, b.parameter(index), BINARY16)),
    mode: b.parameter(count),
  };
}

function returnSpecial(call: HalfCall, bits: Value, row: HalfOperation): void {
  const { f, double, operands } = call;
  f.b.when(double.isNaN(bits), () => {
    row.returnIfInvalid?.(call);
    f.returnIfNaN(...operands);
    f.returnInvalid();
  });
  row.raiseForInfinity?.(call);
  f.returnSigned(double.isNegative(bits), BINARY16.infinity);
}

/** A zero sum of unlike terms is minus zero only when rounding down. */
function returnIfZeroSum(
  { f, double, mode }: HalfCall,
  bits: Value,
  signs: readonly Value[],
): void {
  const { b } = f;
  const areUnlike = b.ne(signs[0], signs[1]);
  b.when(b.and(areUnlike, double.isZero(bits)), () => {
    f.return(f.signBitIf(b.eq(mode, b.i32(RoundingMode.DOWN))));
  });
}

function buildThroughDouble(row: HalfOperation, state: FloatState): Region {
  const signature = row.operation.rounded;
  return buildFloatFunction(signature, BINARY16, state, (f) => {
    const { b } = f;
    const call = startCall(f, state, signature.parameters.length - 1);
    const bits = b.op("i64.reinterpret_f64", row.compute(call));
    b.when(call.double.isSpecial(bits), () => returnSpecial(call, bits, row));
    if (row.termSigns !== undefined) returnIfZeroSum(call, bits, row.termSigns(call));
    returnNarrowed(f, bits, call.mode);
  });
}

function returnNarrowed({ b }: FloatBuilder, double: Value, mode: Value): void {
  b.return(b.call(F64_TO_F16.rounded, double, mode));
}

function buildFromInteger(
  { rounded }: ModalOperation,
  opcode: "f64.convert_i64_s" | "f64.convert_i64_u",
  state: FloatState,
): Region {
  return buildFloatFunction(rounded, BINARY16, state, (f) => {
    const { b } = f;
    const double = b.op(opcode, b.parameter(0));
    returnNarrowed(f, b.op("i64.reinterpret_f64", double), b.parameter(1));
  });
}

function buildFromSingle(signature: FunctionSignature, state: FloatState): Region {
  return buildFloatFunction(signature, BINARY32, state, (f) => {
    const { b } = f;
    const bits = f.operand(0);
    b.when(f.isNaN(bits), () => {
      b.when(f.isSignaling(bits), () => f.raise(FloatFlag.INVALID));
      f.returnConstant(BINARY16.canonicalNaN);
    });
    const double = asDouble(b, b.parameter(0), BINARY32);
    returnNarrowed(f, b.op("i64.reinterpret_f64", double), b.parameter(1));
  });
}

/** Builds the functions of half precision. */
export function halfFunctions(state: FloatState): Region[] {
  const half: FloatFormat = BINARY16;
  return [
    buildRoundAndPack(half, state),
    buildNarrow(F64_TO_F16.rounded, half, state),
    buildFromSingle(F32_TO_F16.rounded, state),
    buildFromInteger(F16.fromSigned, "f64.convert_i64_s", state),
    buildFromInteger(F16.fromUnsigned, "f64.convert_i64_u", state),
    ...OPERATIONS.map((row) => buildThroughDouble(row, state)),
  ];
}
