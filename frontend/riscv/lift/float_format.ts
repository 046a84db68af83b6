/**
 * How lifters reach single- and double-precision operands, so that the meaning of an instruction that both
 * formats have is written once.
 *
 * A single lies in the low half of its register under 32 one bits. A register that holds anything else reads
 * as the canonical NaN. Source: RISC-V Unprivileged ISA, "NaN Boxing of Narrower Values".
 */
import type { Value } from "../../../ir/region.ts";
import { BINARY32, BINARY64, FloatFlag, type FloatFormat } from "../../softfloat/format.ts";
import { carriedAs, carriedBits } from "../../softfloat/host_arithmetic.ts";
import { roundToNearest } from "../../softfloat/nearest_in_place.ts";
import {
  F32,
  F64,
  type FormatOperations,
  type RoundedOperation,
} from "../../softfloat/signatures.ts";
import { FLOAT_STATE, slot } from "../registers.ts";
import type { LiftContext } from "./lift_context.ts";

/** Names of float source registers. */
export type FloatSource = "rs1" | "rs2" | "rs3";

/** One of the two precisions, as lifters use it. */
export interface FloatAccess {
  /** Sizes and special values. */
  readonly format: FloatFormat;
  /** Arithmetic. */
  readonly operations: FormatOperations;
  /** Bits of the number in a source register, in the format's carrier type. */
  read(context: LiftContext, field: FloatSource): Value;
  /** Writes bits of a number to the destination register. */
  write(context: LiftContext, bits: Value): void;
  /** A constant of the carrier type. */
  constant(context: LiftContext, bits: bigint): Value;
  /** The bits as a host double: exact, but the sign and payload of a NaN are lost. */
  asDouble(context: LiftContext, bits: Value): Value;
}

const BOX = 0xffff_ffff_0000_0000n;
const SINGLE_BITS = 32;

/** Puts the bits of a single under one bits. */
export function box({ b }: LiftContext, bits: Value): Value {
  return b.or(b.zeroExtend(bits), b.i64(BOX));
}

/** Single precision. */
export const SINGLE: FloatAccess = {
  format: BINARY32,
  operations: F32,
  read(context, field) {
    const { b } = context;
    const register = context.f(field);
    const isBoxed = b.geU(register, b.i64(BOX));
    return b.select(isBoxed, b.wrap(register), this.constant(context, BINARY32.canonicalNaN));
  },
  write(context, bits) {
    context.setF(box(context, bits));
  },
  constant({ b }, bits) {
    return b.i32(Number(BigInt.asIntN(SINGLE_BITS, bits)));
  },
  asDouble({ b }, bits) {
    return b.op("f64.promote_f32", b.op("f32.reinterpret_i32", bits));
  },
};

/** Double precision. */
export const DOUBLE: FloatAccess = {
  format: BINARY64,
  operations: F64,
  read(context, field) {
    return context.f(field);
  },
  write(context, bits) {
    context.setF(bits);
  },
  constant({ b }, bits) {
    return b.i64(bits);
  },
  asDouble({ b }, bits) {
    return b.op("f64.reinterpret_i64", bits);
  },
};

/** Calls an operation in the shape that fits what is known of the rounding mode. */
export function callRounded(
  context: LiftContext,
  operation: RoundedOperation,
  operands: () => Value[],
): Value {
  const { b } = context;
  if (context.roundsToNearestStatically()) {
    const numbers = operands().map((bits, index) =>
      carriedAs(b, bits, operation.nearest.parameters[index])
    );
    const place = { state: FLOAT_STATE, hostFuses: context.hostFuses };
    return carriedBits(b, roundToNearest(b, operation, numbers, place));
  }
  const mode = context.roundingMode();
  return b.call(operation.rounded, ...operands(), mode);
}

/** Adds the invalid flag when the i32 condition, which is 0 or 1, holds. */
export function raiseInvalidIf({ b }: LiftContext, condition: Value): void {
  const flags = b.mul(condition, b.i32(FloatFlag.INVALID));
  b.setState(slot("fflags"), b.or(b.getState(slot("fflags")), flags));
  b.setState(slot("fs_dirty"), b.or(b.getState(slot("fs_dirty")), condition));
}
