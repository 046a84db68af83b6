/**
 * Meaning of the bit manipulation instructions for cryptography that are not among the basic ones.
 *
 * Source: Unprivileged ISA, "B" Extension for Bit Manipulation, "Zbkb: Bit-manipulation for Cryptography".
 */
import { BITS_OF_BYTES, swapNeighbours } from "../bit_functions/neighbour_swap.ts";
import type { LiftContext } from "./lift_context.ts";

const WORD_BITS = 32;
const HALFWORD_BITS = 16;
const HALFWORD_MASK = 0xffff;
const BYTE_BITS = 8;
const BYTE_MASK = 0xff;

/** `pack` */
export function pack(c: LiftContext): void {
  const low = c.b.zeroExtend(c.w("rs1"));
  c.setX(c.b.or(low, c.b.shl(c.x("rs2"), c.b.i64(WORD_BITS))));
}

/** `packh` */
export function packh(c: LiftContext): void {
  const mask = c.b.i64(BYTE_MASK);
  const high = c.b.shl(c.b.and(c.x("rs2"), mask), c.b.i64(BYTE_BITS));
  c.setX(c.b.or(c.b.and(c.x("rs1"), mask), high));
}

/** `packw` */
export function packw(c: LiftContext): void {
  const low = c.b.and(c.w("rs1"), c.b.i32(HALFWORD_MASK));
  c.setW(c.b.or(low, c.b.shl(c.w("rs2"), c.b.i32(HALFWORD_BITS))));
}

/** `brev8` */
export function brev8(c: LiftContext): void {
  c.setX(swapNeighbours(c.b, c.x("rs1"), BITS_OF_BYTES));
}
