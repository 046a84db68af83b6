/**
 * `-icount shift=auto`: the time of an instruction follows the speed of the host, so that counted time keeps up with
 * real time.
 *
 * Now and then both are compared. Where counted time is ahead and its lead grows, instructions become shorter by a
 * factor of two; where it lags and falls behind further, longer. A lead or lag that shrinks is left alone. Within
 * {@linkcode TOLERANCE_MS} nothing changes, so that the factor does not swing.
 */
import { MAX_ICOUNT_SHIFT } from "./options.ts";
import type { VirtualTime } from "./virtual_time.ts";

/** Shift of the start: eight nanoseconds for each instruction. */
export const FIRST_ADAPTIVE_SHIFT = 3;
const PERIOD_MS = 100;
const TOLERANCE_MS = 100;
/** A gap of this length between two looks was no work: a pause, or a process that was stopped. */
const LONGEST_PERIOD_MS = 2000;
const NANOSECONDS_PER_MS = 1_000_000;

/** See the header of this file. */
export class AdaptiveShift {
  readonly #time: VirtualTime;
  readonly #now: () => number;
  #looked: number;
  /** Milliseconds of real time minus counted time that the lead is measured from. */
  #origin: number;
  #lead = 0;

  /** @param now real time in milliseconds */
  constructor(time: VirtualTime, now: () => number = () => performance.now()) {
    this.#time = time;
    this.#now = now;
    this.#looked = now();
    this.#origin = this.#looked - this.#countedMs();
  }

  /** Compares, if that is due; while no hart runs. */
  adjust(): void {
    const now = this.#now();
    const passed = now - this.#looked;
    if (passed < PERIOD_MS) return;
    this.#looked = now;
    if (passed > LONGEST_PERIOD_MS) this.#origin += passed;
    const before = this.#lead;
    this.#lead = this.#countedMs() - (now - this.#origin);
    const { shift } = this.#time;
    if (this.#lead > TOLERANCE_MS && this.#lead > before) this.#time.shift = Math.max(0, shift - 1);
    if (this.#lead < -TOLERANCE_MS && this.#lead < before) {
      this.#time.shift = Math.min(MAX_ICOUNT_SHIFT, shift + 1);
    }
  }

  #countedMs(): number {
    return this.#time.nanoseconds / NANOSECONDS_PER_MS;
  }
}
