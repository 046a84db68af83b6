/**
 * Exclusive sections as one vCPU makes them: what they cost it is counted like a lock, which they are to the others.
 * Contended is a section that another vCPU's stood in the way of; held means from when everybody stood still.
 */
import { beginExclusive, endExclusive, tryBeginExclusive } from "../atomics/exclusive.ts";
import {
  CountedLock,
  hartLockCounters,
  LockCounter,
  noteHold,
} from "../atomics/statistics_layout.ts";

/** See the header of this file. All methods are for the trampoline. */
export class ExclusiveSections {
  readonly #words: Int32Array;
  readonly #hart: number;
  readonly #serve: () => void;
  readonly #timesHolds: boolean;
  readonly #counters: Float64Array;
  #since = 0;

  /**
   * Sections of one vCPU.
   * @param serve answers requests of others
   */
  constructor(words: Int32Array, hart: number, serve: () => void, timesHolds: boolean) {
    this.#words = words;
    this.#hart = hart;
    this.#serve = serve;
    this.#timesHolds = timesHolds;
    this.#counters = hartLockCounters(words.buffer, hart, CountedLock.EXCLUSIVE);
  }

  /** Begins a section: every other vCPU stands in its trampoline afterwards. */
  begin(): void {
    if (!tryBeginExclusive(this.#words, this.#hart)) {
      this.#counters[LockCounter.CONTENDED]++;
      beginExclusive(this.#words, this.#hart, this.#serve);
    }
    this.#counters[LockCounter.ACQUISITIONS]++;
    if (this.#timesHolds) this.#since = performance.now();
  }

  /** Ends it. */
  end(): void {
    if (this.#timesHolds) noteHold(this.#counters, performance.now() - this.#since);
    endExclusive(this.#words, this.#hart);
  }
}
