/**
 * Meaning of the crossbar permutations.
 *
 * Source: Unprivileged ISA, "B" Extension for Bit Manipulation, "Zbkx: Crossbar permutations".
 */
import { CROSSBAR_4, CROSSBAR_8 } from "../bit_functions/crossbar.ts";
import type { LiftContext } from "./lift_context.ts";

/** `xperm4` */
export function xperm4(c: LiftContext): void {
  c.setX(c.b.callPure(CROSSBAR_4, c.x("rs1"), c.x("rs2")));
}

/** `xperm8` */
export function xperm8(c: LiftContext): void {
  c.setX(c.b.callPure(CROSSBAR_8, c.x("rs1"), c.x("rs2")));
}
