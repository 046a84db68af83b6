/** What the process's exit code says about the machine. */

import type { ExitStatus } from "../machine/machine_interface.ts";

/** Exit codes with a fixed meaning. */
export const ExitCode = {
  SUCCESS: 0,
  CONFIGURATION: 1,
  USAGE: 2,
  PANIC: 3,
  INTERNAL: 4,
  DIVERGED: 5,
} as const;

/** Largest code that a process can end with: the guest's larger ones become this, never success. */
const LARGEST = 255;

/** The exit code after a machine ended. */
export function exitCodeOf(status: ExitStatus): number {
  switch (status.reason) {
    case "power-off":
    case "reset":
    case "stopped":
    case "aborted":
      return ExitCode.SUCCESS;
    case "guest-exit":
      return status.code >= 0 && status.code <= LARGEST ? status.code : LARGEST;
    case "panic":
      return ExitCode.PANIC;
    case "replay-diverged":
      return ExitCode.DIVERGED;
    case "internal-error":
      return ExitCode.INTERNAL;
  }
}
