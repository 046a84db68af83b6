/**
 * Meaning of the address generation instructions.
 *
 * Source: Unprivileged ISA, "B" Extension for Bit Manipulation, "Zba: Address generation".
 */
import type { Value } from "../../../ir/region.ts";
import type { LiftContext } from "./lift_context.ts";

/** The low 32 bits of `rs1`, zero-extended. */
function unsignedWord(c: LiftContext): Value {
  return c.b.zeroExtend(c.w("rs1"));
}

function shiftAndAdd(c: LiftContext, index: Value, shift: number): void {
  c.setX(c.b.add(c.b.shl(index, c.b.i64(shift)), c.x("rs2")));
}

/** `add.uw` */
export function addUw(c: LiftContext): void {
  c.setX(c.b.add(unsignedWord(c), c.x("rs2")));
}

/** `sh1add` */
export function sh1add(c: LiftContext): void {
  shiftAndAdd(c, c.x("rs1"), 1);
}

/** `sh1add.uw` */
export function sh1addUw(c: LiftContext): void {
  shiftAndAdd(c, unsignedWord(c), 1);
}

/** `sh2add` */
export function sh2add(c: LiftContext): void {
  shiftAndAdd(c, c.x("rs1"), 2);
}

/** `sh2add.uw` */
export function sh2addUw(c: LiftContext): void {
  shiftAndAdd(c, unsignedWord(c), 2);
}

/** `sh3add` */
export function sh3add(c: LiftContext): void {
  shiftAndAdd(c, c.x("rs1"), 3);
}

/** `sh3add.uw` */
export function sh3addUw(c: LiftContext): void {
  shiftAndAdd(c, unsignedWord(c), 3);
}

/** `slli.uw` */
export function slliUw(c: LiftContext): void {
  c.setX(c.b.shl(unsignedWord(c), c.immediate()));
}
