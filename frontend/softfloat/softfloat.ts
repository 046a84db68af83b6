/**
 * All float functions: IEEE 754 arithmetic with exact results and flags in every rounding mode, as IR that is
 * compiled together with the guest's other functions.
 *
 * Three shapes of each operation, see `RoundedOperation`: `exact` in integer arithmetic, `nearest` with the
 * host's operations, and `rounded`, built here, which looks at the mode and calls one of the two. Half precision
 * has the last one only.
 */
import { buildFunction } from "../../ir/builder.ts";
import type { Region } from "../../ir/region.ts";
import { buildAdd, buildSubtract } from "./add.ts";
import {
  buildFromSigned,
  buildFromUnsigned,
  buildNarrow,
  buildToInteger,
  buildWiden,
} from "./convert.ts";
import { buildDivide, buildSquareRoot } from "./divide.ts";
import { buildHalfAsDouble } from "./exact_conversion.ts";
import type { FloatState } from "./float_builder.ts";
import { BINARY32, BINARY64, type FloatFormat, type HostFormatName } from "./format.ts";
import { halfFunctions } from "./half_precision.ts";
import { carriedAs, carriedBits } from "./host_arithmetic.ts";
import { buildToIntegral, buildToWordModular } from "./integral.ts";
import { buildMultiply } from "./multiply.ts";
import { buildMultiplyAdd } from "./multiply_add.ts";
import { buildNarrowNearest, buildNearest } from "./nearest.ts";
import { buildRoundAndPack } from "./round_and_pack.ts";
import {
  F16_TO_F32,
  F16_TO_F64,
  F32,
  F32_TO_F64,
  F64,
  F64_TO_F32,
  type FormatOperations,
  type RoundedOperation,
} from "./signatures.ts";

/** Chooses by the mode, the last parameter. */
function buildRounded({ rounded, nearest, exact }: RoundedOperation): Region {
  return buildFunction(rounded, (b) => {
    const operands = nearest.parameters.map((_, index) => b.parameter(index));
    const mode = b.parameter(operands.length);
    b.when(b.eqz(mode), () => {
      const numbers = operands.map((operand, index) =>
        carriedAs(b, operand, nearest.parameters[index])
      );
      b.return(carriedBits(b, b.call(nearest, ...numbers)));
    });
    b.return(b.call(exact, ...operands, mode));
  });
}

/** Builders of the exact operations of one format. */
const EXACT_BUILDERS = [
  buildAdd,
  buildSubtract,
  buildMultiply,
  buildDivide,
  buildSquareRoot,
  buildMultiplyAdd,
  buildFromSigned,
  buildFromUnsigned,
] as const;

function formatFunctions(
  operations: FormatOperations,
  format: FloatFormat<HostFormatName>,
  state: FloatState,
): Region[] {
  return [
    buildRoundAndPack(format, state),
    ...EXACT_BUILDERS.map((build) => build(operations, format, state)),
    ...buildNearest(operations, format, state),
    ...Object.values(operations).map(buildRounded),
  ];
}

/** Those of all float functions that are a few of the host's operations, mostly. */
export function shortFunctions(state: FloatState): Region[] {
  return [
    buildHalfAsDouble(),
    ...buildNearest(F32, BINARY32, state),
    ...buildNearest(F64, BINARY64, state),
    buildNarrowNearest(state),
  ];
}

/** Builds all float functions over the state that they keep flags in. */
export function softfloatFunctions(state: FloatState): Region[] {
  const arithmetic = { ...state, dirty: null };
  return [
    ...formatFunctions(F32, BINARY32, arithmetic),
    ...formatFunctions(F64, BINARY64, arithmetic),
    buildHalfAsDouble(),
    ...halfFunctions(arithmetic),
    buildNarrow(F64_TO_F32.exact, BINARY32, arithmetic),
    buildNarrowNearest(arithmetic),
    buildRounded(F64_TO_F32),
    ...[F32_TO_F64, F16_TO_F32, F16_TO_F64].map((widening) => buildWiden(widening, arithmetic)),
    buildToInteger("i32", state),
    buildToInteger("u32", state),
    buildToInteger("i64", state),
    buildToInteger("u64", state),
    buildToIntegral(),
    buildToWordModular(state),
  ];
}
