/** Why a machine ended, from its shared words to what its user is told. */

import { EndReason, Machine } from "../atomics/shared_layout.ts";
import type { ExitReason, ExitStatus } from "./machine_interface.ts";

const WORD_SHIFT = 2;

const REASONS: ReadonlyMap<number, ExitReason> = new Map([
  [EndReason.POWER_OFF, "power-off"],
  [EndReason.RESET, "reset"],
  [EndReason.GUEST_EXIT, "guest-exit"],
  [EndReason.PANIC, "panic"],
  [EndReason.STOPPED, "stopped"],
  [EndReason.INTERNAL, "internal-error"],
]);

/** How the machine ended; its run state must say that it has. */
export function exitStatusOf(words: Int32Array): ExitStatus {
  // ORDER: sc loads after the run state; partner: the stores in `SharedPowerControl.end`.
  const reason = REASONS.get(Atomics.load(words, Machine.END_REASON.offset >> WORD_SHIFT));
  const code = Atomics.load(words, Machine.EXIT_CODE.offset >> WORD_SHIFT);
  switch (reason) {
    case undefined:
      return { reason: "internal-error", code: 0, message: "the machine ended without a reason" };
    case "guest-exit":
      return { reason, code };
    case "panic":
      return { reason, code: 0, message: "the guest reported that it failed" };
    default:
      return { reason, code: 0 };
  }
}
