/**
 * Meaning of the AES instructions. A state of 16 bytes stands in two registers, column by column; what an
 * instruction computes is the half of the next state that the first operand's columns become.
 *
 * Source: Unprivileged ISA, "Cryptography Extensions: Scalar & Entropy Source Instructions", "Zknd - NIST
 * Suite: AES Decryption" and "Zkne - NIST Suite: AES Encryption"; FIPS 197.
 */
import type { Value } from "../../../ir/region.ts";
import { AES_RESTORE, AES_SUBSTITUTE } from "../bit_functions/byte_substitution.ts";
import type { LiftContext } from "./lift_context.ts";

const COLUMN_BITS = 32;
const BYTE_BITS = 8;
const TOP_BIT_OF_BYTE = 7;
/** In each byte the lowest bit, or all others. */
const LOWEST_BITS = 0x0101_0101_0101_0101n;
const OTHER_BITS = 0xfefe_fefe_fefe_fefen;
/** The field's polynomial without its highest term. */
const REDUCTION = 0x1b;

/** Of each column the rows in which rotated and not rotated columns are, by the state's half. */
interface RowShift {
  /** Bytes of the own half, and of its columns exchanged. */
  readonly own: bigint;
  readonly ownExchanged: bigint;
  /** The same of the other half. */
  readonly other: bigint;
  readonly otherExchanged: bigint;
}

const SHIFT_ROWS: RowShift = {
  own: 0x0000_00ff_0000_00ffn,
  ownExchanged: 0xff00_0000_0000_ff00n,
  other: 0x00ff_0000_00ff_0000n,
  otherExchanged: 0x0000_ff00_ff00_0000n,
};
const INVERSE_SHIFT_ROWS: RowShift = {
  own: SHIFT_ROWS.own,
  ownExchanged: SHIFT_ROWS.otherExchanged,
  other: SHIFT_ROWS.other,
  otherExchanged: SHIFT_ROWS.ownExchanged,
};

function shiftRows(c: LiftContext, shift: RowShift): Value {
  const { b } = c;
  const exchanged = (half: Value): Value => b.rotl(half, b.i64(COLUMN_BITS));
  const [own, other] = [c.x("rs1"), c.x("rs2")];
  const ownBytes = b.or(
    b.and(own, b.i64(shift.own)),
    b.and(exchanged(own), b.i64(shift.ownExchanged)),
  );
  const otherBytes = b.or(
    b.and(other, b.i64(shift.other)),
    b.and(exchanged(other), b.i64(shift.otherExchanged)),
  );
  return b.or(ownBytes, otherBytes);
}

/** Each byte times x. */
function timesX({ b }: LiftContext, bytes: Value): Value {
  const carries = b.and(b.shrU(bytes, b.i64(TOP_BIT_OF_BYTE)), b.i64(LOWEST_BITS));
  const shifted = b.and(b.shl(bytes, b.i64(1)), b.i64(OTHER_BITS));
  return b.xor(shifted, b.mul(carries, b.i64(REDUCTION)));
}

/** Each column rotated by bytes toward the lower end. */
function rotateColumns({ b }: LiftContext, columns: Value, bytes: 1 | 2 | 3): Value {
  const distance = bytes * BYTE_BITS;
  const low = (1n << BigInt(COLUMN_BITS - distance)) - 1n;
  const stays = low | (low << BigInt(COLUMN_BITS));
  const right = b.and(b.shrU(columns, b.i64(distance)), b.i64(stays));
  const left = b.and(b.shl(columns, b.i64(COLUMN_BITS - distance)), b.i64(~stays));
  return b.or(right, left);
}

function mixColumns(c: LiftContext, columns: Value): Value {
  const { b } = c;
  const next = rotateColumns(c, columns, 1);
  const doubled = timesX(c, b.xor(columns, next));
  const others = b.xor(rotateColumns(c, columns, 2), rotateColumns(c, columns, 3));
  return b.xor(doubled, b.xor(next, others));
}

/** The matrix is that of `mixColumns` times one that takes `v` to `v + 4 * (v + v two rows on)`. */
function unmixColumns(c: LiftContext, columns: Value): Value {
  const { b } = c;
  const sum = b.xor(columns, rotateColumns(c, columns, 2));
  return mixColumns(c, b.xor(columns, timesX(c, timesX(c, sum))));
}

function substituted(c: LiftContext): Value {
  return c.b.callPure(AES_SUBSTITUTE, shiftRows(c, SHIFT_ROWS));
}

function restored(c: LiftContext): Value {
  return c.b.callPure(AES_RESTORE, shiftRows(c, INVERSE_SHIFT_ROWS));
}

/** `aes64es` */
export function aes64es(c: LiftContext): void {
  c.setX(substituted(c));
}

/** `aes64esm` */
export function aes64esm(c: LiftContext): void {
  c.setX(mixColumns(c, substituted(c)));
}

/** `aes64ds` */
export function aes64ds(c: LiftContext): void {
  c.setX(restored(c));
}

/** `aes64dsm` */
export function aes64dsm(c: LiftContext): void {
  c.setX(unmixColumns(c, restored(c)));
}

/** `aes64im` */
export function aes64im(c: LiftContext): void {
  c.setX(unmixColumns(c, c.x("rs1")));
}

/** Round that takes the word as it is; greater ones are reserved. */
const LAST_ROUND = 10;
/** From this round on the constant is a reduced power. */
const FIRST_REDUCED_ROUND = 8;

/** The power of x that a round adds. */
function roundConstant({ b }: LiftContext, round: Value): Value {
  const isReduced = b.geU(round, b.i32(FIRST_REDUCED_ROUND));
  const first = b.select(isReduced, b.i32(REDUCTION), b.i32(1));
  const power = b.shl(first, b.and(round, b.i32(FIRST_REDUCED_ROUND - 1)));
  return b.select(b.eq(round, b.i32(LAST_ROUND)), b.i32(0), power);
}

/** `aes64ks1i` */
export function aes64ks1i(c: LiftContext): void {
  const { b } = c;
  const round = c.field("imm");
  c.illegalIf(b.ltU(b.i32(LAST_ROUND), round));
  const word = b.wrap(b.shrU(c.x("rs1"), b.i64(COLUMN_BITS)));
  const rotation = b.select(b.eq(round, b.i32(LAST_ROUND)), b.i32(0), b.i32(BYTE_BITS));
  const rotated = b.zeroExtend(b.rotr(word, rotation));
  const bytes = b.callPure(AES_SUBSTITUTE, rotated);
  const result = b.zeroExtend(b.xor(b.wrap(bytes), roundConstant(c, round)));
  c.setX(b.or(result, b.shl(result, b.i64(COLUMN_BITS))));
}

/** `aes64ks2` */
export function aes64ks2(c: LiftContext): void {
  const { b } = c;
  const columns = b.i64(COLUMN_BITS);
  const key = c.x("rs2");
  const low = b.xor(b.shrU(c.x("rs1"), columns), b.zeroExtend(b.wrap(key)));
  const high = b.xor(low, b.shrU(key, columns));
  c.setX(b.or(low, b.shl(high, columns)));
}
