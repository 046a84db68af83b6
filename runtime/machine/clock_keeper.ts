/**
 * The clock keeper: a loop in an I/O worker that tells running vCPUs when a timer deadline has passed.
 *
 * REQUIREMENT. A running vCPU looks at its pending word only, so somebody must post TIMER at each deadline,
 * and a deadline set while the keeper sleeps must not be slept past.
 *
 * SOLUTION. One round: read the kick word; find the nearest deadline, posting TIMER for those that have
 * passed; publish it; look again; sleep on the kick word until then. A writer stores its compare value, then
 * reads the published deadline and kicks if its own is earlier. All four accesses are sequentially
 * consistent: either the second look sees the new compare value or the writer sees the published deadline.
 * A deadline is posted once until its compare value changes: the hart's own look at the time then agrees,
 * because the time the keeper saw is published before the post (see `clock.ts`).
 *
 * While guest time stands still the keeper sleeps until a kick. What it found passed with a time from around the
 * stop may not have passed for the harts, which go on from the stop: after a change of the clock's epoch nothing
 * counts as posted.
 *
 * LIMITATION. Posting to an idle hart, which times out by itself, is harmless but costs a wake-up.
 */

import { Machine, Pending, RunState } from "../atomics/shared_layout.ts";
import { post } from "../atomics/pending.ts";
import type { LockUse } from "../atomics/lock_use.ts";
import type { TimedDevice } from "../devices/timed_device.ts";
import { type GuestClock, TICKS_PER_MS } from "./clock.ts";

const WORD_SHIFT = 2;
const CLOCK_KICK = Machine.CLOCK_KICK.offset >> WORD_SHIFT;
const RUN_STATE = Machine.RUN_STATE.offset >> WORD_SHIFT;
/** Longest sleep: the shared low half of the time must be seen often enough to stay unambiguous. */
const LONGEST_SLEEP_MS = 30_000;
const TIMERS_PER_HART = 2;

/** The keeper's private view of all deadlines. */
export class ClockKeeper {
  readonly #words: Int32Array;
  readonly #clock: GuestClock;
  readonly #devices: readonly TimedDevice[];
  readonly #hartCount: number;
  /** Compare value that was posted last, for each timer: it is not posted again. */
  readonly #posted: Float64Array;
  /** The clock's epoch for which they were posted. */
  #epoch = 0;
  readonly #bigLock: LockUse | null;

  /**
   * Makes a keeper that has posted nothing yet.
   * @param words shared memory; the hart count must be set
   * @param clock this worker's clock
   * @param devices devices with deadlines of their own, as this worker's instances
   * @param bigLock the lock of all devices, which timers are too; null in machines without
   */
  constructor(
    words: Int32Array,
    clock: GuestClock,
    devices: readonly TimedDevice[],
    bigLock: LockUse | null = null,
  ) {
    this.#words = words;
    this.#clock = clock;
    this.#devices = devices;
    this.#bigLock = bigLock;
    // ORDER: sc load of a constant; written by main before any worker started.
    this.#hartCount = Atomics.load(words, Machine.HART_COUNT.offset >> WORD_SHIFT);
    this.#posted = new Float64Array(this.#hartCount * TIMERS_PER_HART).fill(-1);
  }

  /** Keeps the clock until the machine has ended. Blocks its thread. */
  run(): void {
    // ORDER: sc load; partner: the run state store before the kick of whoever ends the machine.
    while (Atomics.load(this.#words, RUN_STATE) !== RunState.ENDED) {
      // ORDER: sc load before the deadlines; partner: add and notify after a deadline was published.
      const kick = Atomics.load(this.#words, CLOCK_KICK);
      const sleepMs = this.#clock.isStopped ? LONGEST_SLEEP_MS : this.#lockedRound();
      // ORDER: sc load after `kick`; partner: the run state store before the kick of whoever ends it.
      if (Atomics.load(this.#words, RUN_STATE) === RunState.ENDED) return;
      // ORDER: sleeps only while nobody kicked since the load above; partner: kickKeeper().
      if (sleepMs > 0) Atomics.wait(this.#words, CLOCK_KICK, kick, sleepMs);
    }
  }

  #lockedRound(): number {
    this.#bigLock?.enter();
    try {
      return this.round();
    } finally {
      this.#bigLock?.leave();
    }
  }

  /** Serves every deadline that has passed. @returns milliseconds until the next one, bounded. */
  round(): number {
    this.#forgetOldEpoch();
    const latest = this.#clock.timeTicks() + LONGEST_SLEEP_MS * TICKS_PER_MS;
    const deadline = Math.min(latest, this.#serve());
    this.#clock.publishKeeperDeadline(deadline);
    // ORDER: the compare values are read again after the published deadline; partner: a compare value's writer.
    const sure = Math.min(deadline, this.#serve());
    if (sure < deadline) this.#clock.publishKeeperDeadline(sure);
    return Math.max(0, sure - this.#clock.timeTicks()) / TICKS_PER_MS;
  }

  #forgetOldEpoch(): void {
    const { epoch } = this.#clock;
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    this.#posted.fill(-1);
  }

  /** Posts what has passed. @returns the nearest deadline still to come, in ticks. */
  #serve(): number {
    const now = this.#clock.timeTicks();
    let nearest = this.#serveDevices(now);
    for (let hart = 0; hart < this.#hartCount; hart++) {
      nearest = Math.min(nearest, this.#serveTimer(hart, 0, this.#clock.machineTimer(hart), now));
      nearest = Math.min(
        nearest,
        this.#serveTimer(hart, 1, this.#clock.supervisorTimer(hart), now),
      );
    }
    return nearest;
  }

  #serveTimer(hart: number, timer: number, compare: number, now: number): number {
    const index = hart * TIMERS_PER_HART + timer;
    if (compare > now) {
      this.#posted[index] = -1;
      return compare;
    }
    if (this.#posted[index] !== compare) {
      this.#posted[index] = compare;
      post(this.#words, hart, Pending.TIMER);
    }
    return Infinity;
  }

  #serveDevices(now: number): number {
    let nearest = Infinity;
    for (const device of this.#devices) {
      device.expire();
      nearest = Math.min(nearest, now + device.millisecondsLeft() * TICKS_PER_MS);
    }
    return nearest;
  }
}
