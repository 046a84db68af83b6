/**
 * What a run has to do with the world: lets it in and forgets it ({@linkcode OpenJournal}), lets it in and notes it
 * (`recorder.ts`), or lets in what was noted (`replayer.ts`).
 *
 * A moment is given as instructions of all harts and nanoseconds of counted time. The thread that runs the harts asks
 * at the start of each round of turns, where the order of everything that follows depends on nothing else.
 */

import type { EndReasonCode } from "../devices/power_control.ts";
import type { Restore } from "../snapshot/state_keeper.ts";

/** What enters and leaves a machine. */
export interface Outside {
  /** Takes what the host has for the guest: bytes of console input, none when there is no room for them. */
  takeInput(): Uint8Array;
  /** Takes the break conditions that the host asked for. @returns how many */
  takeBreaks(): number;
  /** Shows bytes of console input to the guest. */
  giveInput(bytes: Uint8Array): void;
  /** Shows the guest a break condition. */
  giveBreak(): void;
}

/** How a power cycle ended. */
export interface Ending {
  /** Was it main's doing? Else the guest's. */
  readonly isFromOutside: boolean;
  /** Why. */
  readonly reason: EndReasonCode;
  /** The guest's exit code. */
  readonly code: number;
}

/** What main is told of a power cycle that was recorded or replayed. */
export interface JournalReport {
  /** Instructions of all harts. */
  readonly instructions: number;
  /** Events that came from outside. */
  readonly events: number;
  /** Hash over everything that was looked at, this power cycle and those before. */
  readonly hash: string;
  /** Where the next power cycle begins in the log. */
  readonly offset: number;
  /** Does another power cycle follow because main had asked for it? */
  readonly restarts: boolean;
  /** How a replay differed from what was recorded. */
  readonly divergence?: string;
  /** What else is to be said. */
  readonly note?: string;
}

/** See the header of this file. */
export interface Journal {
  /** Is it the log that says what happens? Real time means nothing then. */
  readonly isReplay: boolean;
  /** A round of turns begins. @returns false when the run is over */
  beginRound(instructions: number, nanoseconds: number): boolean;
  /** Does the run end at this moment, in the middle of a turn? It then has ended the machine. */
  endsAt(instructions: number, nanoseconds: number): boolean;
  /** Instructions until {@linkcode Journal.endsAt} has to be asked. */
  instructionsLeft(instructions: number): number;
  /** How long nothing comes from outside while all harts wait, in nanoseconds. */
  nanosecondsLeft(instructions: number, nanoseconds: number): number;
  /** All harts wait for what comes from outside, or for real time. */
  rest(): void;
  /** The machine has ended. @returns what main is to be told */
  finish(instructions: number, nanoseconds: number, ending: Ending): JournalReport | null;
  /** Nothing more comes, also after a failure. */
  close(): void;
}

/** A journal of a run that can be gone through again. */
export interface RepeatableJournal extends Journal {
  /** The machine is taken away from this moment, the last one that it has come to or an earlier one. */
  leave(instructions: number, nanoseconds: number): void;
  /** Keeps what comes next. @returns makes it come again */
  save(): Restore;
  /** Instructions up to which the run can be gone through now, the machine not having ended. */
  lastPlace(): number;
}

/** A run that nobody notes. */
export class OpenJournal implements Journal {
  /** See `Journal`. */
  readonly isReplay = false;
  readonly #outside: Outside;

  /** @param outside what enters */
  constructor(outside: Outside) {
    this.#outside = outside;
  }

  /** See `Journal`. */
  beginRound(): boolean {
    const bytes = this.#outside.takeInput();
    if (bytes.length > 0) this.#outside.giveInput(bytes);
    for (let count = this.#outside.takeBreaks(); count > 0; count--) this.#outside.giveBreak();
    return true;
  }

  /** See `Journal`. */
  endsAt(): boolean {
    return false;
  }

  /** See `Journal`. */
  instructionsLeft(): number {
    return Infinity;
  }

  /** See `Journal`. */
  nanosecondsLeft(): number {
    return Infinity;
  }

  /** See `Journal`. */
  rest(): void {}

  /** See `Journal`. */
  finish(): null {
    return null;
  }

  /** See `Journal`. */
  close(): void {}
}
