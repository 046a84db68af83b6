/**
 * How lifters reach operands of each precision, so that the meaning of an instruction that several formats
 * have is written once.
 *
 * A number that is narrower than its register lies in the low bits under one bits. A register that holds
 * anything else reads as the canonical NaN. Source: RISC-V Unprivileged ISA, "NaN Boxing of Narrower Values".
 *
 * In a carrier that is wider than the format, numbers and constants are sign-extended: so they compare, as
 * integers, like those of the carrier's own width.
 */
import type { Value } from "../../../ir/region.ts";
import { asDouble, fromDouble } from "../../softfloat/exact_conversion.ts";
import {
  BINARY16,
  BINARY32,
  BINARY64,
  FloatFlag,
  type FloatFormat,
  type HostFormatName,
  RoundingMode,
} from "../../softfloat/format.ts";
import { carriedAs, carriedBits } from "../../softfloat/host_arithmetic.ts";
import { rangeOf, roundToNearest } from "../../softfloat/nearest_in_place.ts";
import {
  F16,
  F32,
  F64,
  F64_TO_F16,
  type FormatOperations,
  type ModalOperation,
  type RoundedOperation,
} from "../../softfloat/signatures.ts";
import { FLOAT_STATE, slot } from "../registers.ts";
import type { LiftContext } from "./lift_context.ts";

/** Names of float source registers. */
export type FloatSource = "rs1" | "rs2" | "rs3";

const REGISTER_BITS = 64;

function isHostFormat(format: FloatFormat): format is FloatFormat<HostFormatName> {
  return format.name !== "f16";
}

/** One of the precisions, as lifters use it. */
export class FloatAccess {
  /** Sizes and special values. */
  readonly format: FloatFormat;
  /** Arithmetic. */
  readonly operations: FormatOperations<ModalOperation>;
  /** The one bits above a number in a register. */
  readonly #box: bigint;

  /** Access to numbers of one format. */
  constructor(format: FloatFormat, operations: FormatOperations<ModalOperation>) {
    this.format = format;
    this.operations = operations;
    this.#box = (1n << BigInt(REGISTER_BITS)) - (1n << BigInt(format.width));
  }

  /** Bits of the number in a source register, in the format's carrier type. */
  read(context: LiftContext, field: FloatSource): Value {
    const register = context.f(field);
    if (this.#box === 0n) return register;
    const { b } = context;
    const isBoxed = b.geU(register, b.i64(this.#box));
    const bits = b.wrap(register);
    const carried = this.format.width === 16 ? b.op("i32.extend16_s", bits) : bits;
    return b.select(isBoxed, carried, this.constant(context, this.format.canonicalNaN));
  }

  /** Writes bits of a number, in its carrier, to the destination register. */
  write(context: LiftContext, bits: Value): void {
    this.writeLow(context, bits.type === "i32" ? context.b.zeroExtend(bits) : bits);
  }

  /** Writes the number in the low bits of an i64 to the destination register. */
  writeLow(context: LiftContext, bits: Value): void {
    context.setF(this.#box === 0n ? bits : context.b.or(bits, context.b.i64(this.#box)));
  }

  /** A constant of the carrier type. */
  constant({ b }: LiftContext, bits: bigint): Value {
    if (this.format.carrier === "i64") return b.i64(bits);
    return b.i32(Number(BigInt.asIntN(this.format.width, bits)));
  }

  /** The bits as a host double: exact, but the sign and payload of a NaN are lost. */
  asDouble({ b }: LiftContext, bits: Value): Value {
    return asDouble(b, bits, this.format);
  }

  /** A double that is a number of the format, in its carrier; not for NaNs. */
  fromDouble({ b }: LiftContext, double: Value): Value {
    if (isHostFormat(this.format)) return fromDouble(b, double, this.format);
    const bits = b.op("i64.reinterpret_f64", double);
    return b.call(F64_TO_F16.rounded, bits, b.i32(RoundingMode.NEAREST_EVEN));
  }

  /** The low bits of an i64, sign-extended. */
  signExtend({ b }: LiftContext, bits: Value): Value {
    if (this.format.width === 64) return bits;
    return this.format.width === 16 ? b.op("i64.extend16_s", bits) : b.signExtend32(bits);
  }

  /** Bits without the sign. */
  magnitudeOf(context: LiftContext, bits: Value): Value {
    return context.b.and(bits, this.constant(context, this.format.signBit - 1n));
  }

  /** 1 when the bits are a NaN. */
  isNaN(context: LiftContext, bits: Value): Value {
    const infinity = this.constant(context, this.format.infinity);
    return context.b.ltU(infinity, this.magnitudeOf(context, bits));
  }

  /** 1 when the bits are a signaling NaN. */
  isSignaling(context: LiftContext, bits: Value): Value {
    const { b } = context;
    const quiet = b.and(bits, this.constant(context, this.format.quietBit));
    return b.and(this.isNaN(context, bits), b.eqz(quiet));
  }
}

/** Half precision. */
export const HALF: FloatAccess = new FloatAccess(BINARY16, F16);
/** Single precision. */
export const SINGLE: FloatAccess = new FloatAccess(BINARY32, F32);
/** Double precision. */
export const DOUBLE: FloatAccess = new FloatAccess(BINARY64, F64);

function isHostOperation(operation: ModalOperation): operation is RoundedOperation {
  return "nearest" in operation;
}

/** Calls an operation in the shape that fits what is known of the rounding mode. */
export function callRounded(
  context: LiftContext,
  operation: ModalOperation,
  operands: () => Value[],
): Value {
  const { b } = context;
  if (isHostOperation(operation) && context.staticRoundingMode() === RoundingMode.NEAREST_EVEN) {
    const numbers = operands().map((bits, index) =>
      carriedAs(b, bits, operation.nearest.parameters[index])
    );
    const place = { state: FLOAT_STATE, hostFuses: context.hostFuses };
    return carriedBits(b, roundToNearest(b, operation, numbers, place));
  }
  const mode = context.roundingMode();
  return b.call(operation.rounded, ...operands(), mode);
}

/** Adds flags, which are 0 when none is due, to the accrued ones. */
export function raiseFlags({ b }: LiftContext, flags: Value): void {
  const before = b.getState(FLOAT_STATE.flags);
  const raised = b.or(before, flags);
  b.setState(FLOAT_STATE.flags, raised);
  b.setState(FLOAT_STATE.range, rangeOf(b, raised));
  b.setState(slot("fs_dirty"), b.or(b.getState(slot("fs_dirty")), b.ne(flags, b.i32(0))));
}

/** Adds the invalid flag when the i32 condition, which is 0 or 1, holds. */
export function raiseInvalidIf({ b }: LiftContext, condition: Value): void {
  const flags = b.mul(condition, b.i32(FloatFlag.INVALID));
  b.setState(slot("fflags"), b.or(b.getState(slot("fflags")), flags));
  b.setState(slot("fs_dirty"), b.or(b.getState(slot("fs_dirty")), condition));
}
