/**
 * Meaning of the carry-less multiplication instructions.
 *
 * Source: Unprivileged ISA, "B" Extension for Bit Manipulation, "Zbc: Carry-less multiplication".
 */
import { CARRYLESS_LOW, CARRYLESS_REVERSED } from "../bit_functions/carryless_multiply.ts";
import type { LiftContext } from "./lift_context.ts";

/** `clmul` */
export function clmul(c: LiftContext): void {
  c.setX(c.b.callPure(CARRYLESS_LOW, c.x("rs1"), c.x("rs2")));
}

/** `clmulr` */
export function clmulr(c: LiftContext): void {
  c.setX(c.b.callPure(CARRYLESS_REVERSED, c.x("rs1"), c.x("rs2")));
}

/** `clmulh` */
export function clmulh(c: LiftContext): void {
  const reversed = c.b.callPure(CARRYLESS_REVERSED, c.x("rs1"), c.x("rs2"));
  c.setX(c.b.shrU(reversed, c.b.i64(1)));
}
