/**
 * What a log of a run holds: everything that came from outside, and what the machine was like in between.
 *
 * A moment is where a run stands: the instructions of all harts, and nanoseconds of counted time. Time alone moves
 * while all harts wait, so both are needed. Events of a power cycle stand in the order in which they happened.
 */

import type { EndReasonCode } from "../devices/power_control.ts";

/** Bytes of console input that the guest could see from this moment on. */
export interface InputEvent {
  /** Says which event it is. */
  readonly kind: "input";
  /** Instructions of all harts. */
  readonly instructions: number;
  /** Counted time. */
  readonly nanoseconds: number;
  /** The bytes. */
  readonly bytes: Uint8Array;
}

/** A break condition on the serial line. */
export interface BreakEvent {
  /** Says which event it is. */
  readonly kind: "break";
  /** Instructions of all harts. */
  readonly instructions: number;
  /** Counted time. */
  readonly nanoseconds: number;
}

/** What the machine was like, in hashes: `state_digest.ts`. */
export interface CheckEvent {
  /** Says which event it is. */
  readonly kind: "check";
  /** Instructions of all harts. */
  readonly instructions: number;
  /** Counted time. */
  readonly nanoseconds: number;
  /** One hash for each part. */
  readonly digest: readonly number[];
}

/** How a power cycle ended. */
export interface EndEvent {
  /** Says which event it is. */
  readonly kind: "end";
  /** Instructions of all harts. */
  readonly instructions: number;
  /** Counted time. */
  readonly nanoseconds: number;
  /** Was it main's doing? Else the guest's. */
  readonly isFromOutside: boolean;
  /** Why. */
  readonly reason: EndReasonCode;
  /** The guest's exit code. */
  readonly code: number;
  /** What the machine was like; empty when the end came from outside, where it is somewhere in a turn. */
  readonly digest: readonly number[];
}

/** One entry of a log. */
export type LogEvent = InputEvent | BreakEvent | CheckEvent | EndEvent;

/** Is moment `a` before the event? */
export function isBefore(instructions: number, nanoseconds: number, event: LogEvent): boolean {
  return instructions < event.instructions ||
    (instructions === event.instructions && nanoseconds < event.nanoseconds);
}
