/**
 * Meaning of every integer opcode, as one function each. The reference interpreter evaluates with this table
 * and constant folding folds with it, so there is one semantics.
 *
 * Law of representation: a value of any type is a bigint holding the signed reading of its bits, in
 * `-2^31..2^31-1` or `-2^63..2^63-1`. Operands must keep the law; results do.
 */
import type { Opcode } from "../opcodes.ts";

/** Opcodes between integers: all of `i32.*` and `i64.*` that touch no float and are no constants. */
export type IntegerOpcode = Exclude<
  Extract<Opcode, `i32.${string}` | `i64.${string}`>,
  `${string}.const` | `${string}reinterpret${string}` | `${string}trunc_sat${string}`
>;

/** Evaluates an opcode on up to three operands; unused ones are ignored. */
export type PureFunction = (a: bigint, b: bigint, c: bigint) => bigint;

const HIGH_HALF = 64n;

function s32(value: bigint): bigint {
  return BigInt.asIntN(32, value);
}

function s64(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

function u32(value: bigint): bigint {
  return BigInt.asUintN(32, value);
}

function u64(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

function flag(condition: boolean): bigint {
  return condition ? 1n : 0n;
}

function leadingZeros(unsigned: bigint, bits: number): bigint {
  return BigInt(unsigned === 0n ? bits : bits - unsigned.toString(2).length);
}

function trailingZeros(unsigned: bigint, bits: number): bigint {
  if (unsigned === 0n) return BigInt(bits);
  let count = 0n;
  for (let rest = unsigned; (rest & 1n) === 0n; rest >>= 1n) count++;
  return count;
}

function ones(unsigned: bigint): bigint {
  let count = 0n;
  for (let rest = unsigned; rest !== 0n; rest &= rest - 1n) count++;
  return count;
}

function quotient(a: bigint, b: bigint, bits: number): bigint {
  const result = a / b;
  if (result !== BigInt.asIntN(bits, result)) throw new RangeError("Cannot divide: overflow");
  return result;
}

function remainder(a: bigint, b: bigint): bigint {
  return a % b;
}

/**
 * The table. Division by zero and an overflowing signed quotient throw `RangeError`: the opcode table makes
 * them a mistake of whoever built the operation.
 */
export const INTEGER_FUNCTIONS: Readonly<Record<IntegerOpcode, PureFunction>> = {
  "i32.add": (a, b) => s32(a + b),
  "i32.sub": (a, b) => s32(a - b),
  "i32.mul": (a, b) => s32(a * b),
  "i32.and": (a, b) => a & b,
  "i32.or": (a, b) => a | b,
  "i32.xor": (a, b) => a ^ b,
  "i32.shl": (a, b) => s32(a << (b & 31n)),
  "i32.shr_s": (a, b) => a >> (b & 31n),
  "i32.shr_u": (a, b) => s32(u32(a) >> (b & 31n)),
  "i32.rotl": (a, b) => s32((u32(a) << (b & 31n)) | (u32(a) >> (32n - (b & 31n)))),
  "i32.rotr": (a, b) => s32((u32(a) >> (b & 31n)) | (u32(a) << (32n - (b & 31n)))),
  "i32.div_s": (a, b) => quotient(a, b, 32),
  "i32.div_u": (a, b) => s32(u32(a) / u32(b)),
  "i32.rem_s": (a, b) => remainder(a, b),
  "i32.rem_u": (a, b) => s32(remainder(u32(a), u32(b))),
  "i32.clz": (a) => leadingZeros(u32(a), 32),
  "i32.ctz": (a) => trailingZeros(u32(a), 32),
  "i32.popcnt": (a) => ones(u32(a)),
  "i32.eqz": (a) => flag(a === 0n),
  "i32.eq": (a, b) => flag(a === b),
  "i32.ne": (a, b) => flag(a !== b),
  "i32.lt_s": (a, b) => flag(a < b),
  "i32.lt_u": (a, b) => flag(u32(a) < u32(b)),
  "i32.ge_s": (a, b) => flag(a >= b),
  "i32.ge_u": (a, b) => flag(u32(a) >= u32(b)),
  "i32.extend8_s": (a) => BigInt.asIntN(8, a),
  "i32.extend16_s": (a) => BigInt.asIntN(16, a),
  "i32.select": (a, b, c) => a !== 0n ? b : c,
  "i32.wrap_i64": (a) => s32(a),

  "i64.add": (a, b) => s64(a + b),
  "i64.sub": (a, b) => s64(a - b),
  "i64.mul": (a, b) => s64(a * b),
  "i64.mulh_s": (a, b) => (a * b) >> HIGH_HALF,
  "i64.mulh_u": (a, b) => s64((u64(a) * u64(b)) >> HIGH_HALF),
  "i64.mulh_su": (a, b) => (a * u64(b)) >> HIGH_HALF,
  "i64.and": (a, b) => a & b,
  "i64.or": (a, b) => a | b,
  "i64.xor": (a, b) => a ^ b,
  "i64.shl": (a, b) => s64(a << (b & 63n)),
  "i64.shr_s": (a, b) => a >> (b & 63n),
  "i64.shr_u": (a, b) => s64(u64(a) >> (b & 63n)),
  "i64.rotl": (a, b) => s64((u64(a) << (b & 63n)) | (u64(a) >> (64n - (b & 63n)))),
  "i64.rotr": (a, b) => s64((u64(a) >> (b & 63n)) | (u64(a) << (64n - (b & 63n)))),
  "i64.div_s": (a, b) => quotient(a, b, 64),
  "i64.div_u": (a, b) => s64(u64(a) / u64(b)),
  "i64.rem_s": (a, b) => remainder(a, b),
  "i64.rem_u": (a, b) => s64(remainder(u64(a), u64(b))),
  "i64.clz": (a) => leadingZeros(u64(a), 64),
  "i64.ctz": (a) => trailingZeros(u64(a), 64),
  "i64.popcnt": (a) => ones(u64(a)),
  "i64.eqz": (a) => flag(a === 0n),
  "i64.eq": (a, b) => flag(a === b),
  "i64.ne": (a, b) => flag(a !== b),
  "i64.lt_s": (a, b) => flag(a < b),
  "i64.lt_u": (a, b) => flag(u64(a) < u64(b)),
  "i64.ge_s": (a, b) => flag(a >= b),
  "i64.ge_u": (a, b) => flag(u64(a) >= u64(b)),
  "i64.extend8_s": (a) => BigInt.asIntN(8, a),
  "i64.extend16_s": (a) => BigInt.asIntN(16, a),
  "i64.extend32_s": (a) => s32(a),
  "i64.extend_i32_s": (a) => a,
  "i64.extend_i32_u": (a) => u32(a),
  "i64.select": (a, b, c) => a !== 0n ? b : c,
};
