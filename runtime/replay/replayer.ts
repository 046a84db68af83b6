/**
 * A run that is given what another one was given, at the same moments, and nothing else. Wherever the log has hashes
 * it is compared; at the first difference the machine ends, and main is told where that is.
 *
 * A log without an end is that of a recorder that was killed: the replay stops where the log does.
 */
import { EndReason } from "../atomics/shared_layout.ts";
import type { EndReasonCode } from "../devices/power_control.ts";
import { type CheckEvent, type EndEvent, isBefore, type LogEvent } from "./log_event.ts";
import { DamagedLogError } from "./log_format.ts";
import type { Restore } from "../snapshot/state_keeper.ts";
import type { Ending, JournalReport, Outside, RepeatableJournal } from "./journal.ts";
import { RollingHash } from "./mixing_hash.ts";
import { addToHash } from "./recorder.ts";
import type { StateDigest } from "./state_digest.ts";

/** Where events come from. */
export interface EventSource extends Disposable {
  /** Where it is. @returns goes back there */
  save(): Restore;
  /** The next event, or null after the last one. Throws {@linkcode DamagedLogError}. */
  next(): LogEvent | null;
  /** Where the next power cycle begins. */
  readonly offset: number;
}

/** What a replayer is made of. */
export interface ReplayerParts {
  /** What enters; the host's side of it is not asked. */
  readonly outside: Outside;
  /** What the machine is like. */
  readonly digest: StateDigest;
  /** The log. */
  readonly log: EventSource;
  /** Hash of the power cycles before. */
  readonly hash: string;
  /** Where a hart stands, for messages. */
  readonly place: (hart: number) => string;
  /** Number of the hart that executed last. */
  readonly lastHart: () => number;
  /** Ends the machine as main does. */
  readonly end: (reason: EndReasonCode) => void;
}

/** See the header of this file. */
export class Replayer implements RepeatableJournal {
  /** See `Journal`. */
  readonly isReplay = true;
  readonly #parts: ReplayerParts;
  #hash: RollingHash;
  /** What comes next; null after the end. */
  #event: LogEvent | null = null;
  #isOver = false;
  #events = 0;
  /** Instructions at which everything was as recorded. */
  #agreedAt = 0;
  #divergence: string | undefined;
  #note: string | undefined;
  #restarts = false;

  /** A replay of one power cycle. */
  constructor(parts: ReplayerParts) {
    this.#parts = parts;
    this.#hash = new RollingHash(parts.hash);
    this.#advance();
  }

  /** See `Journal`. */
  beginRound(instructions: number, nanoseconds: number): boolean {
    while (!this.#isOver) {
      const event = this.#event;
      if (event === null) this.#endOfLog(instructions);
      else if (isBefore(instructions, nanoseconds, event)) return true;
      else if (this.#hasPassed(event, instructions, nanoseconds)) this.#passed(event, instructions);
      else if (event.kind !== "end") this.#take(event);
      else return !this.endsAt(instructions, nanoseconds);
    }
    return false;
  }

  /** See `Journal`. */
  endsAt(instructions: number, nanoseconds: number): boolean {
    const event = this.#event;
    if (this.#isOver) return true;
    if (event?.kind !== "end" || !event.isFromOutside) return false;
    if (event.instructions !== instructions || event.nanoseconds !== nanoseconds) return false;
    this.#isOver = true;
    this.#restarts = true;
    addToHash(this.#hash, event);
    const hasFailed = event.reason === EndReason.INTERNAL;
    if (hasFailed) this.#note = "here the recording was ended by a defect of the emulator";
    this.#parts.end(hasFailed ? EndReason.STOPPED : event.reason);
    return true;
  }

  /** See `Journal`. */
  instructionsLeft(instructions: number): number {
    const event = this.#event;
    if (event?.kind !== "end" || event.instructions <= instructions) return Infinity;
    return event.instructions - instructions;
  }

  /** See `Journal`. */
  nanosecondsLeft(instructions: number, nanoseconds: number): number {
    const event = this.#event;
    if (event === null) return 0;
    return event.instructions === instructions
      ? Math.max(0, event.nanoseconds - nanoseconds)
      : Infinity;
  }

  /** See `Journal`: nothing will ever wake the harts, while the log goes on. */
  rest(): void {
    if (this.#isOver || this.#event === null) return;
    this.#diverge(
      `all harts wait for ever, and the recording goes on at instruction ${this.#event.instructions}`,
    );
  }

  /** See `Journal`. */
  finish(instructions: number, nanoseconds: number, ending: Ending): JournalReport {
    if (!this.#isOver && !ending.isFromOutside) this.#compareEnd(instructions, nanoseconds, ending);
    return {
      instructions,
      events: this.#events,
      hash: this.#hash.text,
      offset: this.#parts.log.offset,
      restarts: this.#restarts,
      ...(this.#divergence === undefined ? {} : { divergence: this.#divergence }),
      ...(this.#note === undefined ? {} : { note: this.#note }),
    };
  }

  /** See `Journal`. */
  close(): void {
    this.#parts.log[Symbol.dispose]();
  }

  /** See `RepeatableJournal`: the log knows all moments. */
  leave(): void {}

  /** See `RepeatableJournal`. */
  save(): Restore {
    const { log, digest } = this.#parts;
    const [goBack, look] = [log.save(), digest.save()];
    const [event, events, agreedAt] = [this.#event, this.#events, this.#agreedAt];
    const { text } = this.#hash;
    return () => {
      goBack();
      look();
      [this.#event, this.#events, this.#agreedAt] = [event, events, agreedAt];
      this.#hash = new RollingHash(text);
    };
  }

  /**
   * See `RepeatableJournal`: up to the last event of this power cycle. Behind the instruction by which the guest ended
   * itself there is no machine any more.
   */
  lastPlace(): number {
    const { log } = this.#parts;
    const goBack = log.save();
    let last = this.#event;
    try {
      for (let next = last; next !== null; next = next.kind === "end" ? null : log.next()) {
        last = next;
      }
    } catch (error) {
      if (!(error instanceof DamagedLogError)) throw error;
    }
    goBack();
    if (last === null) return this.#agreedAt;
    return last.kind === "end" && !last.isFromOutside ? last.instructions - 1 : last.instructions;
  }

  #advance(): void {
    try {
      this.#event = this.#parts.log.next();
    } catch (error) {
      if (!(error instanceof DamagedLogError)) throw error;
      this.#event = null;
      this.#diverge(`the log is damaged: ${error.message}`);
    }
  }

  #take(event: Exclude<LogEvent, { readonly kind: "end" }>): void {
    if (event.kind === "check") {
      if (this.#compare(event)) this.#advance();
      return;
    }
    this.#events++;
    if (event.kind === "input") this.#parts.outside.giveInput(event.bytes);
    else this.#parts.outside.giveBreak();
    this.#advance();
  }

  #compare(event: CheckEvent | EndEvent): boolean {
    const digest = this.#parts.digest.take();
    const at = digest.findIndex((hash, index) => hash !== event.digest[index]);
    if (at >= 0) {
      const { hart, what } = this.#parts.digest.partAt(at);
      this.#diverge(`${what} differs at instruction ${event.instructions}`, hart ?? undefined);
      return false;
    }
    this.#agreedAt = event.instructions;
    addToHash(this.#hash, event);
    return true;
  }

  #compareEnd(instructions: number, nanoseconds: number, ending: Ending): void {
    const event = this.#event;
    if (event === null) return this.#endOfLog(instructions);
    const isThere = event.instructions === instructions && event.nanoseconds === nanoseconds;
    if (!isThere || event.kind !== "end" || !isSameEnd(event, ending)) {
      return this.#diverge(
        `the guest ended the machine at instruction ${instructions}, where the recording has not ` +
          `(its next event is ${NAMES[event.kind]} at instruction ${event.instructions})`,
      );
    }
    this.#isOver = true;
    if (event.digest.length > 0) this.#compare(event);
    else addToHash(this.#hash, event);
  }

  #hasPassed(event: LogEvent, instructions: number, nanoseconds: number): boolean {
    if (event.instructions === instructions && event.kind === "end") {
      return event.nanoseconds < nanoseconds;
    }
    return event.instructions !== instructions || event.nanoseconds !== nanoseconds;
  }

  #passed(event: LogEvent, instructions: number): void {
    this.#diverge(
      `the recording has ${
        NAMES[event.kind]
      } at instruction ${event.instructions}, where no round of ` +
        `turns begins; one begins at instruction ${instructions}`,
    );
  }

  #diverge(what: string, hart = this.#parts.lastHart()): void {
    this.#isOver = true;
    this.#divergence =
      `the replay is not what was recorded: ${what} (hart ${hart} is at pc ${
        this.#parts.place(hart)
      }; ` +
      `all was as recorded at instruction ${this.#agreedAt})`;
    this.#parts.end(EndReason.STOPPED);
  }

  #endOfLog(instructions: number): void {
    this.#isOver = true;
    this.#note =
      `the recording was cut off: it was replayed to instruction ${instructions}, where the log ends`;
    this.#parts.end(EndReason.STOPPED);
  }
}

/** A guest that ended itself in the moment in which main did it is the same. */
function isSameEnd(event: EndEvent, { reason, code }: Ending): boolean {
  return event.isFromOutside || (event.reason === reason && event.code === code);
}

const NAMES: Readonly<Record<LogEvent["kind"], string>> = {
  input: "input",
  break: "a break",
  check: "a check",
  end: "its end",
};
