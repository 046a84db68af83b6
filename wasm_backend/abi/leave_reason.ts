/**
 * Why control came back to the trampoline. Reasons below {@linkcode FIRST_BACKEND_REASON} are the
 * frontend's (`ir/exit_reason.ts`).
 */
import { ExitReason, FIRST_BACKEND_REASON } from "../../ir/exit_reason.ts";

/** Reasons of the backend. */
export const LeaveReason = {
  /** The budget is used up. */
  BUDGET: FIRST_BACKEND_REASON,
  /** The instruction at pc is to be executed by the cold tier: a fault, a device, a rare form. */
  COLD_STEP: ExitReason.SINGLE_STEP,
  /** The region's code has changed: its slot must not be entered again. */
  DEAD: FIRST_BACKEND_REASON + 2,
  /** The region's pages are not mapped as when it was built. */
  UNMAPPED: FIRST_BACKEND_REASON + 3,
  /** Check mode: a region has returned and is to be compared. */
  CHECK: FIRST_BACKEND_REASON + 4,
  /** The same instruction is to be tried again, after a look at the pending word. */
  RETRY: FIRST_BACKEND_REASON + 5,
  /** A load-reserved needs a page armed. */
  ARM_PAGE: FIRST_BACKEND_REASON + 6,
  /** A load-reserved needs its window run exclusively. */
  EXCLUSIVE_WINDOW: FIRST_BACKEND_REASON + 7,
} as const;

/** Returned by a region instead of a guest address: the trampoline finds pc and reason in memory. */
export const LEAVE = 1n;
