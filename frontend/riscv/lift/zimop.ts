/** Meaning of the may-be-operations that no extension has given another one. */
import type { LiftContext } from "./lift_context.ts";

/** `mop.r.N`, `mop.rr.N` */
export function writeZero(c: LiftContext): void {
  c.setX(c.b.i64(0));
}
