/**
 * Identities of integer operations with one constant or two equal operands, as data: opcode to rule. A rule
 * gives a value of the operation's type that is never worse than the operation, or null when it does not
 * apply. No two rules stand for one opcode, so there is no order among them.
 */
import type { Opcode } from "../ir/opcodes.ts";
import type { Operation, Value } from "../ir/region.ts";
import { constantOf } from "./constants.ts";
import type { Rewriter } from "./rewriter.ts";

/** See the header of this file. */
export type Identity = (operation: Operation, rewriter: Rewriter) => Value | null;

type Width = "i32" | "i64";

const WIDTHS: readonly Width[] = ["i32", "i64"];

/** Offsets of a region stay well inside what a number of 32 bits holds. */
const LARGEST_OFFSET = 2n ** 31n;

function isValue(value: Value, constant: bigint): boolean {
  return constantOf(value) === constant;
}

function zero(operation: Operation, rewriter: Rewriter): Value {
  return rewriter.constant(operation.type as Width, 0n);
}

function one(operation: Operation, rewriter: Rewriter): Value {
  return rewriter.constant(operation.type as Width, 1n);
}

/** `x + 0`, `0 + x`, an address plus a constant. */
function add({ operands: [a, b] }: Operation, rewriter: Rewriter): Value | null {
  if (isValue(b, 0n)) return a;
  if (isValue(a, 0n)) return b;
  return movedAddress(a, constantOf(b), rewriter) ?? movedAddress(b, constantOf(a), rewriter);
}

function movedAddress(address: Value, by: bigint | null, rewriter: Rewriter): Value | null {
  if (by === null || address.opcode !== "guest.pc_relative") return null;
  const offset = BigInt((address.attribute as { offset: number }).offset) + by;
  if (offset <= -LARGEST_OFFSET || offset >= LARGEST_OFFSET) return null;
  return rewriter.emit("guest.pc_relative", "i64", [], { offset: Number(offset) });
}

/** `x - 0`, `x - x` */
function sub(operation: Operation, rewriter: Rewriter): Value | null {
  const [a, b] = operation.operands;
  if (isValue(b, 0n)) return a;
  return a === b ? zero(operation, rewriter) : null;
}

/** `x * 0`, `x * 1` */
function mul(operation: Operation, rewriter: Rewriter): Value | null {
  const [a, b] = operation.operands;
  if (isValue(a, 0n) || isValue(b, 0n)) return zero(operation, rewriter);
  if (isValue(b, 1n)) return a;
  return isValue(a, 1n) ? b : null;
}

/** `x & 0`, `x & -1`, `x & x` */
function and(operation: Operation, rewriter: Rewriter): Value | null {
  const [a, b] = operation.operands;
  if (isValue(a, 0n) || isValue(b, 0n)) return zero(operation, rewriter);
  if (isValue(b, -1n) || a === b) return a;
  return isValue(a, -1n) ? b : null;
}

/** `x | 0`, `x | -1`, `x | x` */
function or({ operands: [a, b], type }: Operation, rewriter: Rewriter): Value | null {
  if (isValue(a, -1n) || isValue(b, -1n)) return rewriter.constant(type as Width, -1n);
  if (isValue(b, 0n) || a === b) return a;
  return isValue(a, 0n) ? b : null;
}

/** `x ^ 0`, `x ^ x` */
function xor(operation: Operation, rewriter: Rewriter): Value | null {
  const [a, b] = operation.operands;
  if (a === b) return zero(operation, rewriter);
  if (isValue(b, 0n)) return a;
  return isValue(a, 0n) ? b : null;
}

/** A shift or rotation by a multiple of the width. */
function shift({ operands: [a, b], type }: Operation): Value | null {
  const amount = constantOf(b);
  const bits = type === "i32" ? 32n : 64n;
  return amount !== null && amount % bits === 0n ? a : null;
}

/** `x / 1` */
function div({ operands: [a, b] }: Operation): Value | null {
  return isValue(b, 1n) ? a : null;
}

/** `x % 1` */
function rem(operation: Operation, rewriter: Rewriter): Value | null {
  return isValue(operation.operands[1], 1n) ? zero(operation, rewriter) : null;
}

/** A comparison that `x` passes with itself. */
function reflexive(operation: Operation, rewriter: Rewriter): Value | null {
  return operation.operands[0] === operation.operands[1] ? one(operation, rewriter) : null;
}

/** `x >= x`, `(x | c) >= c` */
function geU(operation: Operation, rewriter: Rewriter): Value | null {
  const [a, b] = operation.operands;
  const bound = constantOf(b);
  const holdsBound = a.opcode.endsWith(".or") && bound !== null && isValue(a.operands[1], bound);
  return holdsBound ? one(operation, rewriter) : reflexive(operation, rewriter);
}

/** A comparison that `x` fails with itself. */
function irreflexive(operation: Operation, rewriter: Rewriter): Value | null {
  return operation.operands[0] === operation.operands[1] ? zero(operation, rewriter) : null;
}

/** A selection by a constant or between equal values. */
function select({ operands: [condition, whenTrue, whenFalse] }: Operation): Value | null {
  if (whenTrue === whenFalse) return whenTrue;
  const constant = constantOf(condition);
  if (constant === null) return null;
  return constant !== 0n ? whenTrue : whenFalse;
}

const BY_NAME: Readonly<Record<string, Identity>> = {
  add,
  sub,
  mul,
  and,
  or,
  xor,
  shl: shift,
  shr_s: shift,
  shr_u: shift,
  rotl: shift,
  rotr: shift,
  div_s: div,
  div_u: div,
  rem_s: rem,
  rem_u: rem,
  eq: reflexive,
  ge_s: reflexive,
  ge_u: geU,
  ne: irreflexive,
  lt_s: irreflexive,
  lt_u: irreflexive,
  select,
};

/** The bits of a number, or the number of bits, that were just reinterpreted the other way. */
function reinterpreted({ operands: [value], type }: Operation): Value | null {
  const isReverse = value.opcode.includes(".reinterpret_") && value.operands[0].type === type;
  return isReverse ? value.operands[0] : null;
}

const REINTERPRETATIONS: readonly Opcode[] = [
  "f32.reinterpret_i32",
  "f64.reinterpret_i64",
  "i32.reinterpret_f32",
  "i64.reinterpret_f64",
];

/** The identity of each opcode that has one. */
export const IDENTITIES: ReadonlyMap<string, Identity> = new Map([
  ...WIDTHS.flatMap((width) =>
    Object.entries(BY_NAME).map(([name, identity]) => [`${width}.${name}`, identity] as const)
  ),
  ...REINTERPRETATIONS.map((opcode) => [opcode, reinterpreted] as const),
]);
