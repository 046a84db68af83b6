/**
 * THE table of IR opcodes: name, operand types, result, effect, meaning. Builder, printer, parser, verifier,
 * reference interpreter and backend are all checked against it.
 *
 * Numeric opcodes mean what the Wasm instruction of the same name means, with two exceptions that keep them
 * total: the divisor of `div`/`rem` must not be zero and the quotient must not overflow (a lifter selects a
 * harmless divisor first), and the `mulh` family, which Wasm lacks.
 */
import type { ValueType } from "./types.ts";

/**
 * What an opcode does besides computing its result; decides what a pass may move, merge or drop.
 *
 * - `pure`: nothing; may be dropped, duplicated, evaluated later.
 * - `read`: reads guest state, a variable or a decoded field; ordered against writes of the same.
 * - `write`: writes guest state or a variable.
 * - `access`: guest memory access: may leave at the current instruction boundary, which observes all state.
 * - `leave`: conditional departure; observes all state.
 * - `call`: anything; observes and may change all state that is not promotable, and memory.
 * - `marker`: no run-time work.
 */
export type Effect = "pure" | "read" | "write" | "access" | "leave" | "call" | "marker";

/** Which attribute an operation of this opcode carries. */
export type AttributeKind =
  | "none"
  | "constant"
  | "slot"
  | "variable"
  | "field"
  | "memory"
  | "order"
  | "callee"
  | "boundary"
  | "offset";

/** One row of the opcode table. */
export interface OpcodeRow {
  /** Operand types; `null` where the attribute gives them: the slot, the variable, the callee. */
  readonly operands: readonly ValueType[] | null;
  /** Result type; `null` when the attribute or signature gives it. */
  readonly result: ValueType | "void" | null;
  /** See {@linkcode Effect}. */
  readonly effect: Effect;
  /** See {@linkcode AttributeKind}. */
  readonly attribute: AttributeKind;
  /** One sentence. */
  readonly meaning: string;
}

function row(
  operands: readonly ValueType[] | null,
  result: OpcodeRow["result"],
  effect: Effect,
  attribute: AttributeKind,
  meaning: string,
): OpcodeRow {
  return { operands, result, effect, attribute, meaning };
}

const pure = (operands: readonly ValueType[], result: ValueType, meaning: string): OpcodeRow =>
  row(operands, result, "pure", "none", meaning);

const I32_2 = ["i32", "i32"] as const;
const I64_2 = ["i64", "i64"] as const;
const F32_2 = ["f32", "f32"] as const;
const F64_2 = ["f64", "f64"] as const;
const F32_3 = ["f32", "f32", "f32"] as const;
const F64_3 = ["f64", "f64", "f64"] as const;

/** The table. */
export const OPCODES = {
  "i32.const": row([], "i32", "pure", "constant", "The constant, as a signed 32-bit number."),
  "i64.const": row([], "i64", "pure", "constant", "The constant, as a signed 64-bit number."),

  "i32.add": pure(I32_2, "i32", "Sum, wrapping."),
  "i32.sub": pure(I32_2, "i32", "Difference, wrapping."),
  "i32.mul": pure(I32_2, "i32", "Low half of the product."),
  "i32.and": pure(I32_2, "i32", "Bitwise and."),
  "i32.or": pure(I32_2, "i32", "Bitwise or."),
  "i32.xor": pure(I32_2, "i32", "Bitwise exclusive or."),
  "i32.shl": pure(I32_2, "i32", "Left shift by the amount modulo 32."),
  "i32.shr_s": pure(I32_2, "i32", "Arithmetic right shift by the amount modulo 32."),
  "i32.shr_u": pure(I32_2, "i32", "Logical right shift by the amount modulo 32."),
  "i32.rotl": pure(I32_2, "i32", "Left rotation."),
  "i32.rotr": pure(I32_2, "i32", "Right rotation."),
  "i32.div_s": pure(I32_2, "i32", "Signed quotient; divisor not zero, no overflow."),
  "i32.div_u": pure(I32_2, "i32", "Unsigned quotient; divisor not zero."),
  "i32.rem_s": pure(I32_2, "i32", "Signed remainder; divisor not zero."),
  "i32.rem_u": pure(I32_2, "i32", "Unsigned remainder; divisor not zero."),
  "i32.clz": pure(["i32"], "i32", "Leading zero bits; 32 for zero."),
  "i32.ctz": pure(["i32"], "i32", "Trailing zero bits; 32 for zero."),
  "i32.popcnt": pure(["i32"], "i32", "Number of one bits."),
  "i32.eqz": pure(["i32"], "i32", "1 when zero, else 0."),
  "i32.eq": pure(I32_2, "i32", "1 when equal."),
  "i32.ne": pure(I32_2, "i32", "1 when not equal."),
  "i32.lt_s": pure(I32_2, "i32", "1 when less, signed."),
  "i32.lt_u": pure(I32_2, "i32", "1 when less, unsigned."),
  "i32.ge_s": pure(I32_2, "i32", "1 when greater or equal, signed."),
  "i32.ge_u": pure(I32_2, "i32", "1 when greater or equal, unsigned."),
  "i32.extend8_s": pure(["i32"], "i32", "Low 8 bits, sign-extended."),
  "i32.extend16_s": pure(["i32"], "i32", "Low 16 bits, sign-extended."),
  "i32.select": pure(
    ["i32", "i32", "i32"],
    "i32",
    "Second operand when the first is not 0, else the third.",
  ),

  "i64.add": pure(I64_2, "i64", "Sum, wrapping."),
  "i64.sub": pure(I64_2, "i64", "Difference, wrapping."),
  "i64.mul": pure(I64_2, "i64", "Low half of the product."),
  "i64.mulh_s": pure(I64_2, "i64", "High half of the signed product."),
  "i64.mulh_u": pure(I64_2, "i64", "High half of the unsigned product."),
  "i64.mulh_su": pure(I64_2, "i64", "High half of the product of a signed and an unsigned factor."),
  "i64.and": pure(I64_2, "i64", "Bitwise and."),
  "i64.or": pure(I64_2, "i64", "Bitwise or."),
  "i64.xor": pure(I64_2, "i64", "Bitwise exclusive or."),
  "i64.shl": pure(I64_2, "i64", "Left shift by the amount modulo 64."),
  "i64.shr_s": pure(I64_2, "i64", "Arithmetic right shift by the amount modulo 64."),
  "i64.shr_u": pure(I64_2, "i64", "Logical right shift by the amount modulo 64."),
  "i64.rotl": pure(I64_2, "i64", "Left rotation."),
  "i64.rotr": pure(I64_2, "i64", "Right rotation."),
  "i64.div_s": pure(I64_2, "i64", "Signed quotient; divisor not zero, no overflow."),
  "i64.div_u": pure(I64_2, "i64", "Unsigned quotient; divisor not zero."),
  "i64.rem_s": pure(I64_2, "i64", "Signed remainder; divisor not zero."),
  "i64.rem_u": pure(I64_2, "i64", "Unsigned remainder; divisor not zero."),
  "i64.clz": pure(["i64"], "i64", "Leading zero bits; 64 for zero."),
  "i64.ctz": pure(["i64"], "i64", "Trailing zero bits; 64 for zero."),
  "i64.popcnt": pure(["i64"], "i64", "Number of one bits."),
  "i64.eqz": pure(["i64"], "i32", "1 when zero, else 0."),
  "i64.eq": pure(I64_2, "i32", "1 when equal."),
  "i64.ne": pure(I64_2, "i32", "1 when not equal."),
  "i64.lt_s": pure(I64_2, "i32", "1 when less, signed."),
  "i64.lt_u": pure(I64_2, "i32", "1 when less, unsigned."),
  "i64.ge_s": pure(I64_2, "i32", "1 when greater or equal, signed."),
  "i64.ge_u": pure(I64_2, "i32", "1 when greater or equal, unsigned."),
  "i64.extend8_s": pure(["i64"], "i64", "Low 8 bits, sign-extended."),
  "i64.extend16_s": pure(["i64"], "i64", "Low 16 bits, sign-extended."),
  "i64.extend32_s": pure(["i64"], "i64", "Low 32 bits, sign-extended."),
  "i64.extend_i32_s": pure(["i32"], "i64", "Sign extension."),
  "i64.extend_i32_u": pure(["i32"], "i64", "Zero extension."),
  "i32.wrap_i64": pure(["i64"], "i32", "Low 32 bits."),
  "i64.select": pure(
    ["i32", "i64", "i64"],
    "i64",
    "Second operand when the first is not 0, else the third.",
  ),

  "f32.add": pure(F32_2, "f32", "Sum, rounded to nearest even."),
  "f32.sub": pure(F32_2, "f32", "Difference, rounded to nearest even."),
  "f32.mul": pure(F32_2, "f32", "Product, rounded to nearest even."),
  "f32.div": pure(F32_2, "f32", "Quotient, rounded to nearest even."),
  "f32.sqrt": pure(["f32"], "f32", "Square root, rounded to nearest even."),
  "f32.fma": pure(F32_3, "f32", "Product of two plus the third, rounded once; not on every host."),
  "f32.abs": pure(["f32"], "f32", "Magnitude."),
  "f32.eq": pure(F32_2, "i32", "1 when equal; NaN is unequal."),
  "f32.lt": pure(F32_2, "i32", "1 when less."),
  "f32.le": pure(F32_2, "i32", "1 when less or equal."),
  "f32.demote_f64": pure(["f64"], "f32", "Conversion, rounded to nearest even."),
  "f32.reinterpret_i32": pure(["i32"], "f32", "The same bits."),
  "f32.convert_i32_s": pure(["i32"], "f32", "Conversion of a signed integer."),
  "f32.convert_i32_u": pure(["i32"], "f32", "Conversion of an unsigned integer."),
  "f32.convert_i64_s": pure(["i64"], "f32", "Conversion of a signed integer."),
  "f32.convert_i64_u": pure(["i64"], "f32", "Conversion of an unsigned integer."),
  "f64.add": pure(F64_2, "f64", "Sum, rounded to nearest even."),
  "f64.sub": pure(F64_2, "f64", "Difference, rounded to nearest even."),
  "f64.mul": pure(F64_2, "f64", "Product, rounded to nearest even."),
  "f64.div": pure(F64_2, "f64", "Quotient, rounded to nearest even."),
  "f64.sqrt": pure(["f64"], "f64", "Square root, rounded to nearest even."),
  "f64.fma": pure(F64_3, "f64", "Product of two plus the third, rounded once; not on every host."),
  "f64.abs": pure(["f64"], "f64", "Magnitude."),
  "f64.ceil": pure(["f64"], "f64", "Integer at or above."),
  "f64.floor": pure(["f64"], "f64", "Integer at or below."),
  "f64.trunc": pure(["f64"], "f64", "Integer at or next toward zero."),
  "f64.nearest": pure(["f64"], "f64", "Nearest integer; of two, the even one."),
  "f64.eq": pure(F64_2, "i32", "1 when equal; NaN is unequal."),
  "f64.lt": pure(F64_2, "i32", "1 when less."),
  "f64.le": pure(F64_2, "i32", "1 when less or equal."),
  "f64.promote_f32": pure(["f32"], "f64", "Exact conversion."),
  "f64.reinterpret_i64": pure(["i64"], "f64", "The same bits."),
  "f64.convert_i32_s": pure(["i32"], "f64", "Conversion of a signed integer, exact."),
  "f64.convert_i32_u": pure(["i32"], "f64", "Conversion of an unsigned integer, exact."),
  "f64.convert_i64_s": pure(["i64"], "f64", "Conversion of a signed integer."),
  "f64.convert_i64_u": pure(["i64"], "f64", "Conversion of an unsigned integer."),
  "i32.reinterpret_f32": pure(["f32"], "i32", "The same bits."),
  "i64.reinterpret_f64": pure(["f64"], "i64", "The same bits."),
  "i32.trunc_sat_f64_s": pure(["f64"], "i32", "Toward zero, saturating; 0 for NaN."),
  "i64.trunc_sat_f64_s": pure(["f64"], "i64", "Toward zero, saturating; 0 for NaN."),
  "i64.trunc_sat_f64_u": pure(["f64"], "i64", "Toward zero, saturating; 0 for NaN."),

  "state.get": row([], null, "read", "slot", "Element of the guest state, its index known."),
  "state.set": row(null, "void", "write", "slot", "Sets the element."),
  "state.get_at": row(
    ["i32"],
    null,
    "read",
    "slot",
    "Element of a register file, its index an operand.",
  ),
  "state.set_at": row(null, "void", "write", "slot", "Sets the element: operands index, value."),
  "var.get": row([], null, "read", "variable", "Value of a variable of this region."),
  "var.set": row(null, "void", "write", "variable", "Sets the variable."),
  "field.i32": row([], "i32", "read", "field", "Field of the decoded-instruction record."),
  "field.i64": row([], "i64", "read", "field", "Field of the record, sign-extended."),

  "guest.boundary": row([], "void", "marker", "boundary", "A guest instruction starts here."),
  "guest.pc": row([], "i64", "read", "none", "Address of the instruction in the decoded record."),
  "guest.next_pc": row(
    [],
    "i64",
    "read",
    "none",
    "Address after the instruction in the decoded record.",
  ),
  "guest.pc_relative": row(
    [],
    "i64",
    "pure",
    "offset",
    "Address at a fixed distance from the region's origin.",
  ),
  "guest.encoding": row(
    [],
    "i64",
    "call",
    "none",
    "Bits of the current instruction, zero-extended.",
  ),

  "guest.load": row(
    ["i64"],
    "i64",
    "access",
    "memory",
    "Loads from a virtual address, extended to 64 bits.",
  ),
  "guest.store": row(
    ["i64", "i64"],
    "void",
    "access",
    "memory",
    "Stores the low bits: address, value.",
  ),
  "guest.rmw": row(
    ["i64", "i64"],
    "i64",
    "access",
    "memory",
    "Atomic update; gives the old value, sign-extended.",
  ),
  "guest.cmpxchg": row(
    ["i64", "i64", "i64"],
    "i64",
    "access",
    "memory",
    "Atomic compare and swap: address, expected, replacement; gives the old value, sign-extended.",
  ),
  "guest.load_reserved": row(
    ["i64"],
    "i64",
    "access",
    "memory",
    "Loads, sign-extended, and reserves.",
  ),
  "guest.store_conditional": row(
    ["i64", "i64"],
    "i64",
    "access",
    "memory",
    "Stores if still reserved; 0 on success, else 1.",
  ),
  "guest.fence": row([], "void", "call", "order", "Orders the accesses around it."),

  "phys.in_ram": row(
    ["i64"],
    "i32",
    "pure",
    "none",
    "1 when 8 bytes at the physical address lie in RAM.",
  ),
  "phys.load": row(
    ["i64"],
    "i64",
    "call",
    "memory",
    "Atomic load from RAM at a physical address known to be in RAM, zero-extended.",
  ),
  "phys.cmpxchg": row(
    ["i64", "i64", "i64"],
    "i64",
    "call",
    "memory",
    "Atomic compare and swap in RAM at a physical address; gives the old value.",
  ),
  "lines.get": row([], "i32", "read", "none", "Interrupt lines of this hart, one atomic load."),
  "lines.or": row(["i32"], "void", "call", "none", "Raises interrupt lines of this hart."),
  "lines.and": row(
    ["i32"],
    "void",
    "call",
    "none",
    "Keeps only these interrupt lines of this hart.",
  ),

  "call": row(null, null, "call", "callee", "Calls a named function."),
  "call_unless": row(
    null,
    null,
    "call",
    "callee",
    "Second operand when the first is not 0, which is usual; else the function's result from the others.",
  ),
  "trap_if": row(
    ["i32", "i32", "i64"],
    "void",
    "leave",
    "none",
    "When the first operand is not 0: exception with cause and value.",
  ),
  "leave_if": row(
    ["i32"],
    "void",
    "leave",
    "none",
    "When not 0: the instruction completes, then control returns to the trampoline.",
  ),
} as const satisfies Record<string, OpcodeRow>;

/** Name of an opcode. */
export type Opcode = keyof typeof OPCODES;

/** A row with its name. */
export interface NamedOpcodeRow extends OpcodeRow {
  /** The opcode; the same string object every time, which a name put together from parts is not. */
  readonly opcode: Opcode;
}

const ROWS: ReadonlyMap<string, NamedOpcodeRow> = new Map(
  Object.entries(OPCODES).map(([name, row]) => [name, { ...row, opcode: name as Opcode }]),
);

/**
 * The row of an opcode.
 * @throws {RangeError} when there is no such opcode.
 */
export function opcodeRow(opcode: Opcode): NamedOpcodeRow {
  const row = ROWS.get(opcode);
  if (row === undefined) throw new RangeError(`Cannot find opcode "${opcode}"`);
  return row;
}

/** Atomic updates of `guest.rmw`. */
export const RMW_OPERATIONS = [
  "add",
  "swap",
  "and",
  "or",
  "xor",
  "min_s",
  "max_s",
  "min_u",
  "max_u",
] as const;
/** One of {@linkcode RMW_OPERATIONS}. */
export type RmwOperation = typeof RMW_OPERATIONS[number];
