/**
 * Meaning of the single-bit instructions.
 *
 * Source: Unprivileged ISA, "B" Extension for Bit Manipulation, "Zbs: Single-bit instructions".
 */
import type { Value } from "../../../ir/region.ts";
import type { LiftContext } from "./lift_context.ts";

const ALL_ONES = -1;

/** Shifts take their amount modulo 64, as bit numbers here do. */
function bit(c: LiftContext, index: Value): Value {
  return c.b.shl(c.b.i64(1), index);
}

function clear(c: LiftContext, index: Value): void {
  c.setX(c.b.and(c.x("rs1"), c.b.xor(bit(c, index), c.b.i64(ALL_ONES))));
}

function extract(c: LiftContext, index: Value): void {
  c.setX(c.b.and(c.b.shrU(c.x("rs1"), index), c.b.i64(1)));
}

function invert(c: LiftContext, index: Value): void {
  c.setX(c.b.xor(c.x("rs1"), bit(c, index)));
}

function set(c: LiftContext, index: Value): void {
  c.setX(c.b.or(c.x("rs1"), bit(c, index)));
}

/** `bclr` */
export function bclr(c: LiftContext): void {
  clear(c, c.x("rs2"));
}

/** `bclri` */
export function bclri(c: LiftContext): void {
  clear(c, c.immediate());
}

/** `bext` */
export function bext(c: LiftContext): void {
  extract(c, c.x("rs2"));
}

/** `bexti` */
export function bexti(c: LiftContext): void {
  extract(c, c.immediate());
}

/** `binv` */
export function binv(c: LiftContext): void {
  invert(c, c.x("rs2"));
}

/** `binvi` */
export function binvi(c: LiftContext): void {
  invert(c, c.immediate());
}

/** `bset` */
export function bset(c: LiftContext): void {
  set(c, c.x("rs2"));
}

/** `bseti` */
export function bseti(c: LiftContext): void {
  set(c, c.immediate());
}
