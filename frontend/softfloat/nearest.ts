/**
 * Rounding to nearest even with the host's own operations.
 *
 * The host's result is right whenever it is a number; what it does not give are the flags. A result is taken
 * only when no flag but inexact can be due, and then, unless inexact is raised already, an exact test tells
 * whether it is. Everything else goes to the exact function.
 *
 * Which results are taken:
 * - sums: all finite ones. Overflow gives infinity, invalid gives a NaN, and a tiny sum is exact.
 * - all others: finite ones whose magnitude is above the smallest normal number. The smallest normal number
 *   itself may have been rounded up from a tiny value; above it nothing tiny can end. Zeros where an operand
 *   is zero are exact.
 */
import type { FunctionSignature, Region, Value } from "../../ir/region.ts";
import { buildFloatFunction, type FloatState } from "./float_builder.ts";
import { BINARY32, type FloatFormat, type HostFormatName } from "./format.ts";
import {
  areDifferent,
  fromBits,
  type HostFloatBuilder,
  isFinite,
  isNotZero,
  isSafelyNormal,
  productResidual,
  promote,
  returnExact,
  returnTested,
  singleProduct,
  sumError,
  toBits,
} from "./host_arithmetic.ts";
import { buildDoubleMultiplyAdd, buildSingleMultiplyAdd } from "./multiply_add_nearest.ts";
import { F64_TO_F32, type FormatOperations, type RoundedOperation } from "./signatures.ts";

const INTEGER_BITS = 64;

/** An operation that the host has in both formats. */
type HostOperation = "add" | "sub" | "mul" | "div" | "sqrt";

/** One function being built: operands and result, as the host's numbers and as bits. */
interface NearestCall {
  readonly f: HostFloatBuilder;
  /** Operands as numbers of the format. */
  readonly numbers: readonly Value[];
  /** Result as a number of the format. */
  readonly result: Value;
  /** Bits of the operands as i64. */
  readonly operands: readonly Value[];
  /** Bits of the result as i64. */
  readonly bits: Value;
}

/** Tells, as an i32, whether an accepted result is not exact. */
type InexactTest = (call: NearestCall) => Value;

function startCall(f: HostFloatBuilder, operation: HostOperation, count: number): NearestCall {
  const { b, format } = f;
  const numbers = Array.from({ length: count }, (_, index) => b.parameter(index));
  const result = b.op(`${format.name}.${operation}`, ...numbers);
  const operands = numbers.map((number) => toBits(f, number));
  return { f, numbers, result, operands, bits: toBits(f, result) };
}

// --- tests for exactness ----------------------------------------------------------------------------

function isSumInexact({ f, numbers: [a, second], result }: NearestCall): Value {
  return isNotZero(f, sumError(f, a, second, result));
}

function isDifferenceInexact({ f, numbers: [a, second], result }: NearestCall): Value {
  const { b, format } = f;
  const zero = fromBits(f, f.carry(b.i64(0)));
  return isNotZero(f, sumError(f, a, b.op(`${format.name}.sub`, zero, second), result));
}

function isSingleProductInexact({ f, numbers: [a, second], result }: NearestCall): Value {
  return areDifferent(f, singleProduct(f, a, second), promote(f, result));
}

function isSingleQuotientInexact({ f, numbers: [a, divisor], result }: NearestCall): Value {
  return areDifferent(f, singleProduct(f, result, divisor), promote(f, a));
}

function isSingleRootInexact({ f, numbers: [a], result }: NearestCall): Value {
  return areDifferent(f, singleProduct(f, result, result), promote(f, a));
}

function hasResidual(f: HostFloatBuilder, x: Value, y: Value, product: Value): Value {
  return f.b.ne(productResidual(f, x, y, product), f.b.i64(0));
}

function isDoubleProductInexact({ f, operands: [a, second], bits }: NearestCall): Value {
  return hasResidual(f, a, second, bits);
}

function isDoubleQuotientInexact({ f, operands: [a, divisor], bits }: NearestCall): Value {
  return hasResidual(f, bits, divisor, a);
}

function isDoubleRootInexact({ f, operands: [a], bits }: NearestCall): Value {
  return hasResidual(f, bits, bits, a);
}

// --- functions --------------------------------------------------------------------------------------

/** One row of the table of host operations. */
interface HostRow {
  readonly name: "add" | "subtract" | "multiply" | "divide" | "squareRoot";
  readonly operation: HostOperation;
  /** How many leading operands make a zero result exact by being zero; 0 where no result is tiny. */
  readonly zeroOperands: number;
  readonly single: InexactTest;
  readonly double: InexactTest;
}

const HOST_ROWS: readonly HostRow[] = [
  {
    name: "add",
    operation: "add",
    zeroOperands: 0,
    single: isSumInexact,
    double: isSumInexact,
  },
  {
    name: "subtract",
    operation: "sub",
    zeroOperands: 0,
    single: isDifferenceInexact,
    double: isDifferenceInexact,
  },
  {
    name: "multiply",
    operation: "mul",
    zeroOperands: 2,
    single: isSingleProductInexact,
    double: isDoubleProductInexact,
  },
  {
    name: "divide",
    operation: "div",
    zeroOperands: 1,
    single: isSingleQuotientInexact,
    double: isDoubleQuotientInexact,
  },
  {
    name: "squareRoot",
    operation: "sqrt",
    zeroOperands: 1,
    single: isSingleRootInexact,
    double: isDoubleRootInexact,
  },
];

/** 1 when no operand is zero or subnormal. */
function areNormal({ f, operands }: NearestCall): Value {
  const { b } = f;
  return operands.map((bits) => b.ne(f.exponentField(bits), b.i32(0))).reduce((x, y) =>
    b.and(x, y)
  );
}

/** Builds addition or subtraction. */
function buildSum(call: NearestCall, test: InexactTest): void {
  const { f, result, bits } = call;
  f.b.when(isFinite(f, bits), () => returnTested(f, result, () => test(call)));
}

/** Builds an operation with a result that may underflow. */
function buildScaled(call: NearestCall, row: HostRow, exact: FunctionSignature): void {
  const { f, result, bits, operands } = call;
  const { b } = f;
  b.when(isSafelyNormal(f, bits), () => {
    returnTested(f, result, () => {
      if (f.format === BINARY32) return row.single(call);
      b.when(b.eqz(areNormal(call)), () => returnExact(f, exact));
      return row.double(call);
    });
  });
  const zeros = operands.slice(0, row.zeroOperands).map((operand) => f.isZero(operand));
  const hasZero = zeros.reduce((x, y) => b.or(x, y));
  b.when(b.and(f.isZero(bits), hasZero), () => b.return(result));
}

function buildHostOperation(
  row: HostRow,
  { exact, nearest }: RoundedOperation,
  format: FloatFormat<HostFormatName>,
  state: FloatState,
): Region {
  return buildFloatFunction(nearest, format, state, (f) => {
    const call = startCall(f, row.operation, nearest.parameters.length);
    if (row.zeroOperands === 0) buildSum(call, row.double);
    else buildScaled(call, row, exact);
    returnExact(f, exact);
  });
}

/** Builds double to single precision. */
export function buildNarrowNearest(state: FloatState): Region {
  return buildFloatFunction(F64_TO_F32.nearest, BINARY32, state, (f) => {
    const { b } = f;
    const double = b.parameter(0);
    const result = b.op("f32.demote_f64", double);
    const bits = toBits(f, result);
    b.when(isSafelyNormal(f, bits), () => {
      returnTested(f, result, () => areDifferent(f, double, promote(f, result)));
    });
    b.when(b.op("f64.eq", double, b.f64(0)), () => b.return(result));
    returnExact(f, F64_TO_F32.exact);
  });
}

function buildFromInteger(
  { nearest }: RoundedOperation,
  isSigned: boolean,
  format: FloatFormat<HostFormatName>,
  state: FloatState,
): Region {
  return buildFloatFunction(nearest, format, state, (f) => {
    const { b } = f;
    const value = b.parameter(0);
    const result = b.op(`${format.name}.convert_i64_${isSigned ? "s" : "u"}`, value);
    returnTested(f, result, () => {
      const negated = b.sub(b.i64(0), value);
      const magnitude = isSigned ? b.select(b.ltS(value, b.i64(0)), negated, value) : value;
      const zeros = b.add(b.op("i64.clz", magnitude), b.op("i64.ctz", magnitude));
      return b.ltS(zeros, b.i64(INTEGER_BITS - format.precision));
    });
  });
}

/** Builds the functions of one format that round to nearest even. */
export function buildNearest(
  operations: FormatOperations,
  format: FloatFormat<HostFormatName>,
  state: FloatState,
): Region[] {
  return [
    ...HOST_ROWS.map((row) => buildHostOperation(row, operations[row.name], format, state)),
    format === BINARY32
      ? buildSingleMultiplyAdd(operations.multiplyAdd, state)
      : buildDoubleMultiplyAdd(operations.multiplyAdd, state),
    buildFromInteger(operations.fromSigned, true, format, state),
    buildFromInteger(operations.fromUnsigned, false, format, state),
  ];
}
