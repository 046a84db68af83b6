/** Opens the journal of a power cycle, in the thread that runs the harts. */
import type { EndReasonCode } from "../devices/power_control.ts";
import type { Restore } from "../snapshot/state_keeper.ts";
import { type Journal, OpenJournal, type Outside, type RepeatableJournal } from "./journal.ts";
import { LiveJournal } from "./live_journal.ts";
import { BlockReader, type ByteSource } from "./log_blocks.ts";
import type { LogEvent } from "./log_event.ts";
import { DamagedLogError, EventReader } from "./log_format.ts";
import { Recorder } from "./recorder.ts";
import { type EventSource, Replayer } from "./replayer.ts";
import type { StateDigest } from "./state_digest.ts";

/** What to do with a run. */
export type ReplayMode = "record" | "replay";

/** A log as main has opened it. */
export interface JournalStart {
  /** What to do with it. */
  readonly mode: ReplayMode;
  /** Path of the log. */
  readonly path: string;
  /** Where this power cycle begins, when it is replayed. */
  readonly offset: number;
  /** Hash of the power cycles before. */
  readonly hash: string;
}

/** What a journal needs of the machine. */
export interface JournalParts {
  /** What enters. */
  readonly outside: Outside;
  /** What the machine is like; only asked for when there is a log. */
  readonly digest: () => StateDigest;
  /** Where a hart stands, for messages. */
  readonly place: (hart: number) => string;
  /** Number of the hart that executed last. */
  readonly lastHart: () => number;
  /** Ends the machine as main does. */
  readonly end: (reason: EndReasonCode) => void;
}

/** A journal that is open. */
export interface OpenedJournal {
  /** What enters passes it. */
  readonly journal: Journal;
  /** The same when the run can be gone through again; else null. */
  readonly repeatable: RepeatableJournal | null;
}

/**
 * Opens it; with null there is no log.
 * @param keepsInput is what enters to be kept, so that the run can be gone through again?
 */
export function openJournal(
  start: JournalStart | null,
  parts: JournalParts,
  keepsInput: boolean,
): OpenedJournal {
  if (start?.mode === "record") {
    return { journal: openRecorder(start, parts), repeatable: null };
  }
  if (start === null && !keepsInput) {
    return { journal: new OpenJournal(parts.outside), repeatable: null };
  }
  const repeatable = start === null ? new LiveJournal(parts) : openReplayer(start, parts);
  return { journal: repeatable, repeatable };
}

function openReplayer({ path, offset, hash }: JournalStart, parts: JournalParts): Replayer {
  const digest = parts.digest();
  return new Replayer({ ...parts, digest, hash, log: openLog(path, offset) });
}

function openRecorder({ path, hash }: JournalStart, parts: JournalParts): Recorder {
  const digest = parts.digest();
  const file = Deno.openSync(path, { append: true });
  return new Recorder({ outside: parts.outside, digest, hash, file });
}

function openLog(path: string, offset: number): EventSource {
  const file = Deno.openSync(path);
  return new LogEvents(file, offset);
}

/** The events of a file, block by block. */
export class LogEvents implements EventSource {
  readonly #file: ByteSource & Disposable;
  readonly #blocks: BlockReader;
  readonly #events = new EventReader();
  /** Where the block begins whose events are read. */
  #blockOffset: number;

  /** @param offset where the first block begins */
  constructor(file: ByteSource & Disposable, offset: number) {
    this.#file = file;
    this.#blocks = new BlockReader(file, offset);
    this.#blockOffset = offset;
  }

  /** See `EventSource`. */
  get offset(): number {
    return this.#blocks.offset;
  }

  /** See `EventSource`. */
  next(): LogEvent | null {
    for (;;) {
      const event = this.#nextOfBlock();
      if (event !== null) return event;
      this.#blockOffset = this.#blocks.offset;
      const block = this.#blocks.next();
      if (block === null) return null;
      this.#events.feed(block);
    }
  }

  #nextOfBlock(): LogEvent | null {
    try {
      return this.#events.next();
    } catch (error) {
      if (!(error instanceof DamagedLogError)) throw error;
      throw new DamagedLogError(`in the block at byte ${this.#blockOffset} ${error.message}`);
    }
  }

  /** See `EventSource`. */
  save(): Restore {
    const [goBack, readAgain] = [this.#blocks.save(), this.#events.save()];
    const blockOffset = this.#blockOffset;
    return () => {
      goBack();
      readAgain();
      this.#blockOffset = blockOffset;
    };
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}
