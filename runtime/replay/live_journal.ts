/**
 * A run in which everything that enters is kept, so that it can be gone through again: up to the last moment that the
 * machine has come to, the same enters at the same moments and nothing else. From there on the run goes on.
 */
import type { Restore } from "../snapshot/state_keeper.ts";
import type { Outside, RepeatableJournal } from "./journal.ts";
import { type BreakEvent, type InputEvent, isBefore } from "./log_event.ts";

type Entering = InputEvent | BreakEvent;

interface Moment {
  readonly instructions: number;
  readonly nanoseconds: number;
}

/** What a live journal is made of. */
export interface LiveJournalParts {
  /** What enters. */
  readonly outside: Outside;
}

/** See the header of this file. */
export class LiveJournal implements RepeatableJournal {
  readonly #outside: Outside;
  readonly #entered: Entering[] = [];
  /** How many of them have entered before the present. */
  #passed = 0;
  /** The last moment that something has entered in, or that the machine was taken away from. */
  #frontier: Moment = { instructions: 0, nanoseconds: 0 };
  #isBehind = false;

  /** @param parts what enters */
  constructor({ outside }: LiveJournalParts) {
    this.#outside = outside;
  }

  /** See `Journal`: before the frontier it is known what happens. */
  get isReplay(): boolean {
    return this.#isBehind;
  }

  /** See `Journal`. */
  beginRound(instructions: number, nanoseconds: number): boolean {
    this.#giveAgain(instructions, nanoseconds);
    this.#isBehind = isEarlier({ instructions, nanoseconds }, this.#frontier);
    if (this.#isBehind) return true;
    this.#frontier = { instructions, nanoseconds };
    this.#letIn();
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

  /** See `Journal`: all that is known comes first. */
  nanosecondsLeft(instructions: number, nanoseconds: number): number {
    if (!this.#isBehind) return Infinity;
    const next = this.#entered.at(this.#passed) ?? this.#frontier;
    return next.instructions === instructions
      ? Math.max(0, next.nanoseconds - nanoseconds)
      : Infinity;
  }

  /** See `Journal`. */
  rest(): void {}

  /** See `Journal`. */
  finish(): null {
    return null;
  }

  /** See `Journal`. */
  close(): void {}

  /** See `RepeatableJournal`. */
  leave(instructions: number, nanoseconds: number): void {
    if (isEarlier(this.#frontier, { instructions, nanoseconds })) {
      this.#frontier = { instructions, nanoseconds };
    }
  }

  /** See `RepeatableJournal`. */
  save(): Restore {
    const passed = this.#passed;
    return () => {
      this.#passed = passed;
      this.#isBehind = true;
    };
  }

  /** See `RepeatableJournal`: what the guest does next is not known, but nothing forbids to find out. */
  lastPlace(): number {
    return Infinity;
  }

  #giveAgain(instructions: number, nanoseconds: number): void {
    for (; this.#passed < this.#entered.length; this.#passed++) {
      const event = this.#entered[this.#passed];
      if (isBefore(instructions, nanoseconds, event)) return;
      if (event.instructions !== instructions || event.nanoseconds !== nanoseconds) {
        throw new Error(`The way to instruction ${instructions} is another than before`);
      }
      this.#give(event);
    }
  }

  #letIn(): void {
    const bytes = this.#outside.takeInput();
    if (bytes.length > 0) this.#enter({ kind: "input", ...this.#frontier, bytes });
    for (let count = this.#outside.takeBreaks(); count > 0; count--) {
      this.#enter({ kind: "break", ...this.#frontier });
    }
  }

  #enter(event: Entering): void {
    this.#entered.push(event);
    this.#passed++;
    this.#give(event);
  }

  #give(event: Entering): void {
    if (event.kind === "input") this.#outside.giveInput(event.bytes);
    else this.#outside.giveBreak();
  }
}

function isEarlier(one: Moment, other: Moment): boolean {
  return one.instructions < other.instructions ||
    (one.instructions === other.instructions && one.nanoseconds < other.nanoseconds);
}
