/**
 * What a disk does when the host fails it: QEMU's `werror` and `rerror`.
 *
 * A request that is to be made again is put back into its queue, and the queue is served no more until the machine has
 * stood still and goes on. What it had written by then it writes again.
 */

import type { ReadErrorPolicy, WriteErrorPolicy } from "../machine/drive_options.ts";
import { UserError } from "../machine/user_error.ts";

/** What the host's error is called when its disk is full. */
export const NO_SPACE = "ENOSPC";

/** What a disk tells of a failure. */
export interface DriveFailure {
  /** Slot of the disk. */
  readonly slot: number;
  /** What it was to do. */
  readonly operation: "read" | "write";
  /** What went wrong. */
  readonly cause: string;
  /** Is the host's disk full? */
  readonly isNoSpace: boolean;
  /** Does the disk wait until the machine has been paused and goes on? */
  readonly stops: boolean;
}

/** What becomes of a request that has failed. */
export type ErrorAction = "report" | "ignore" | "stop";

/** What a disk has for its failures. */
export interface ErrorHandling {
  /** Slot of the disk. */
  readonly slot: number;
  /** See `werror=`. */
  readonly werror: WriteErrorPolicy;
  /** See `rerror=`. */
  readonly rerror: ReadErrorPolicy;
  /** Tells the user. */
  readonly tell: (failure: DriveFailure) => void;
}

/** See the header of this file. */
export class ErrorDecision {
  readonly #handling: ErrorHandling;
  /** Was the user told of a fault of the image? The first says enough. */
  #hasTold = false;

  /** The decisions of one disk. */
  constructor(handling: ErrorHandling) {
    this.#handling = handling;
  }

  /** Decides about a request, and tells the user what he should know. */
  decide(error: unknown, operation: "read" | "write"): ErrorAction {
    const { slot, werror, rerror, tell } = this.#handling;
    const isNoSpace = isNoSpaceError(error);
    const cause = error instanceof UserError
      ? `${error.cause} (${error.fix})`
      : error instanceof Error
      ? error.message
      : String(error);
    const policy = operation === "read" ? rerror : werror;
    const action = policy === "enospc" ? (isNoSpace ? "stop" : "report") : policy;
    const stops = action === "stop";
    if (stops) tell({ slot, operation, cause, isNoSpace, stops });
    else if (error instanceof UserError && !this.#hasTold) {
      this.#hasTold = true;
      tell({ slot, operation, cause, isNoSpace, stops });
    }
    return action;
  }
}

/** Does an error say that the host's disk is full? */
export function isNoSpaceError(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === NO_SPACE;
}
