/** Opens the journal of a power cycle, in the thread that runs the harts. */
import type { EndReasonCode } from "../devices/power_control.ts";
import { type Journal, OpenJournal, type Outside } from "./journal.ts";
import { BlockReader, type ByteSource } from "./log_blocks.ts";
import type { LogEvent } from "./log_event.ts";
import { EventReader } from "./log_format.ts";
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

/** Opens it; with null nothing is noted. */
export function openJournal(start: JournalStart | null, parts: JournalParts): Journal {
  if (start === null) return new OpenJournal(parts.outside);
  const { mode, path, offset, hash } = start;
  const digest = parts.digest();
  if (mode === "replay") {
    return new Replayer({ ...parts, digest, hash, log: openLog(path, offset) });
  }
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

  /** @param offset where the first block begins */
  constructor(file: ByteSource & Disposable, offset: number) {
    this.#file = file;
    this.#blocks = new BlockReader(file, offset);
  }

  /** See `EventSource`. */
  get offset(): number {
    return this.#blocks.offset;
  }

  /** See `EventSource`. */
  next(): LogEvent | null {
    for (;;) {
      const event = this.#events.next();
      if (event !== null) return event;
      const block = this.#blocks.next();
      if (block === null) return null;
      this.#events.feed(block);
    }
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}
