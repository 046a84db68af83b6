/**
 * Meaning of the instruction-fetch fence.
 *
 * Source: Unprivileged ISA, "Zifencei" Extension for Instruction-Fetch Fence.
 */
import { ExitReason } from "../../../ir/exit_reason.ts";
import type { LiftContext } from "./lift_context.ts";

/** `fence.i` */
export function fenceI(c: LiftContext): void {
  c.b.exit(ExitReason.FLUSH_INSTRUCTIONS, c.nextPc());
}
