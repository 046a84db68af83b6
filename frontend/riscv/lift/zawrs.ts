/**
 * Meaning of the waits on a reservation set. Stores of other harts tell nobody, so a wait ends soon, as it may
 * for any reason: it is the same hint as `pause`. No wait is long enough for `mstatus.TW` to matter.
 *
 * Source: Unprivileged ISA, "Zawrs" Extension for Wait-on-Reservation-Set instructions.
 */
import { ExitReason } from "../../../ir/exit_reason.ts";
import type { LiftContext } from "./lift_context.ts";

/** `wrs.nto`, `wrs.sto` */
export function waitOnReservation(c: LiftContext): void {
  c.b.exit(ExitReason.YIELD, c.nextPc());
}
