/**
 * Meaning of the SHA-2 and SM3 instructions: exclusive ors of a word rotated by several distances; in the
 * message schedules of SHA-2 one of the words is shifted.
 *
 * Source: Unprivileged ISA, "Cryptography Extensions: Scalar & Entropy Source Instructions", "Zknh - NIST
 * Suite: Hash Function Instructions" and "Zksh - ShangMi Suite: SM3 Hash Function Instructions".
 */
import type { Value } from "../../../ir/region.ts";
import type { Lifter } from "../instruction.ts";
import type { LiftContext } from "./lift_context.ts";

/** Distances in bits. */
interface Mixture {
  /** Of the rotations to the right; 0 is the word itself. */
  readonly rotations: readonly number[];
  /** Of the shift to the right. */
  readonly shift?: number;
}

const WORD_BITS = 32;

function mix({ b }: LiftContext, word: Value, { rotations, shift }: Mixture): Value {
  const by = (distance: number): Value => word.type === "i32" ? b.i32(distance) : b.i64(distance);
  const parts = rotations.map((distance) => distance === 0 ? word : b.rotr(word, by(distance)));
  if (shift !== undefined) parts.push(b.shrU(word, by(shift)));
  return parts.reduce((x, y) => b.xor(x, y));
}

function ofWord(mixture: Mixture): Lifter {
  return (c) => c.setW(mix(c, c.w("rs1"), mixture));
}

function ofRegister(mixture: Mixture): Lifter {
  return (c) => c.setX(mix(c, c.x("rs1"), mixture));
}

/** A word, and rotated to the left by two distances. */
function ofWordLeft(first: number, second: number): Lifter {
  return ofWord({ rotations: [0, WORD_BITS - first, WORD_BITS - second] });
}

/** `sha256sum0` */
export const sha256sum0: Lifter = ofWord({ rotations: [2, 13, 22] });
/** `sha256sum1` */
export const sha256sum1: Lifter = ofWord({ rotations: [6, 11, 25] });
/** `sha256sig0` */
export const sha256sig0: Lifter = ofWord({ rotations: [7, 18], shift: 3 });
/** `sha256sig1` */
export const sha256sig1: Lifter = ofWord({ rotations: [17, 19], shift: 10 });
/** `sha512sum0` */
export const sha512sum0: Lifter = ofRegister({ rotations: [28, 34, 39] });
/** `sha512sum1` */
export const sha512sum1: Lifter = ofRegister({ rotations: [14, 18, 41] });
/** `sha512sig0` */
export const sha512sig0: Lifter = ofRegister({ rotations: [1, 8], shift: 7 });
/** `sha512sig1` */
export const sha512sig1: Lifter = ofRegister({ rotations: [19, 61], shift: 6 });
/** `sm3p0` */
export const sm3p0: Lifter = ofWordLeft(9, 17);
/** `sm3p1` */
export const sm3p1: Lifter = ofWordLeft(15, 23);
