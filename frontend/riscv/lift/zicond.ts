/**
 * Meaning of the conditional operations.
 *
 * Source: Unprivileged ISA, "Zicond" Extension for Integer Conditional Operations.
 */
import type { LiftContext } from "./lift_context.ts";

/** `czero.eqz` */
export function czeroEqz(c: LiftContext): void {
  c.setX(c.b.select(c.b.eqz(c.x("rs2")), c.b.i64(0), c.x("rs1")));
}

/** `czero.nez` */
export function czeroNez(c: LiftContext): void {
  c.setX(c.b.select(c.b.eqz(c.x("rs2")), c.x("rs1"), c.b.i64(0)));
}
