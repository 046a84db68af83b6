/**
 * What a hart is doing, for whoever asks from outside: in a shared word always, and with its history where a trace is
 * made (`event_ring.ts`).
 *
 * A hart executes guest code unless it says otherwise. What it does instead has a begin and an end and may nest, as a
 * lock that is taken in an exclusive section. Executing itself is no event: it is what is between the others.
 */
import { EventPhase, type EventRing } from "./event_ring.ts";
import { Activity, type Happening, Vcpu, vcpuWord } from "./shared_layout.ts";

/** Where the guest is. */
export interface ProgramCounter {
  /** Low half of its address. */
  readonly pcLow: number;
  /** High half. */
  readonly pcHigh: number;
}

/** Activities that may nest in each other, more than there are. */
const DEEPEST = 8;

/** See the header of this file. For the vCPU's thread alone. */
export class ActivityLog {
  readonly #words: Int32Array;
  readonly #word: number;
  readonly #ring: EventRing | null;
  readonly #at: ProgramCounter;
  /** Activities that have begun, each in the one before; their details behind them. */
  readonly #open = new Int32Array(2 * DEEPEST);
  #depth = 0;
  #isWaiting = false;

  /**
   * The log of a hart that executes.
   * @param ring where its history goes; null when no trace is made
   */
  constructor(words: Int32Array, hart: number, ring: EventRing | null, at: ProgramCounter) {
    this.#words = words;
    this.#word = vcpuWord(hart, Vcpu.ACTIVITY) >> 2;
    this.#ring = ring;
    this.#at = at;
    this.#publish();
  }

  /** Something begins that takes time. */
  begin(activity: Activity, detail = 0): void {
    this.#open[2 * this.#depth] = activity;
    this.#open[2 * this.#depth + 1] = detail;
    this.#depth++;
    this.#publish();
    this.#record(EventPhase.BEGIN, activity, detail, 0);
  }

  /** What began last is over. */
  end(): void {
    this.#depth--;
    this.#record(EventPhase.END, this.#open[2 * this.#depth], this.#open[2 * this.#depth + 1], 0);
    this.#publish();
  }

  /**
   * The hart waits, or executes: outside of everything that has begun. Says nothing when it did so already.
   * @returns whether it did something else before
   */
  settle(activity: Activity): boolean {
    const before = this.#isWaiting ? this.#open[0] : Activity.EXECUTES;
    if (before === activity) return false;
    if (this.#isWaiting) this.end();
    this.#isWaiting = activity !== Activity.EXECUTES;
    if (this.#isWaiting) this.begin(activity);
    return true;
  }

  /** Something happened. */
  note(happening: Happening, first = 0, second = 0): void {
    this.#record(EventPhase.INSTANT, happening, first, second);
  }

  #publish(): void {
    const top = 2 * (this.#depth - 1);
    const activity = this.#depth === 0 ? Activity.EXECUTES : this.#open[top];
    const detail = this.#depth === 0 ? 0 : this.#open[top + 1];
    // ORDER: sc stores of words that are only shown, and looked at by the watchdog; partner: their loads there.
    Atomics.store(this.#words, this.#word + 1, detail);
    Atomics.store(this.#words, this.#word, activity);
  }

  #record(phase: EventPhase, kind: number, first: number, second: number): void {
    this.#ring?.record(phase, kind, this.#at.pcLow, this.#at.pcHigh, first, second);
  }
}
