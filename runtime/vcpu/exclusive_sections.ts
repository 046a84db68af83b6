/**
 * Exclusive sections as one vCPU makes them: what they cost it is counted like a lock, which they are to the others.
 * Contended is a section that another vCPU's stood in the way of; held means from when everybody stood still.
 */
import type { ActivityLog } from "../atomics/activity_log.ts";
import { Activity } from "../atomics/shared_layout.ts";
import { beginExclusive, endExclusive, tryBeginExclusive } from "../atomics/exclusive.ts";
import {
  CountedLock,
  hartLockCounters,
  LockCounter,
  noteHold,
} from "../atomics/statistics_layout.ts";

/** What the sections of a vCPU are made of. */
export interface SectionParts {
  /** Shared memory. */
  readonly words: Int32Array;
  /** The hart. */
  readonly hart: number;
  /** Answers requests of others. */
  readonly serve: () => void;
  /** Is it measured how long they take? */
  readonly timesHolds: boolean;
  /** Where they are shown. */
  readonly log: ActivityLog;
}

/** See the header of this file. All methods are for the trampoline. */
export class ExclusiveSections {
  readonly #parts: SectionParts;
  readonly #counters: Float64Array;
  #since = 0;

  /** Sections of one vCPU. */
  constructor(parts: SectionParts) {
    this.#parts = parts;
    this.#counters = hartLockCounters(parts.words.buffer, parts.hart, CountedLock.EXCLUSIVE);
  }

  /** Begins a section: every other vCPU stands in its trampoline afterwards. */
  begin(): void {
    const { words, hart, serve, timesHolds, log } = this.#parts;
    log.begin(Activity.STOPS_OTHERS);
    if (!tryBeginExclusive(words, hart)) {
      this.#counters[LockCounter.CONTENDED]++;
      beginExclusive(words, hart, serve);
    }
    log.end();
    log.begin(Activity.WORKS_ALONE);
    this.#counters[LockCounter.ACQUISITIONS]++;
    if (timesHolds) this.#since = performance.now();
  }

  /** Ends it. */
  end(): void {
    const { words, hart, timesHolds, log } = this.#parts;
    if (timesHolds) noteHold(this.#counters, performance.now() - this.#since);
    endExclusive(words, hart);
    log.end();
  }
}
