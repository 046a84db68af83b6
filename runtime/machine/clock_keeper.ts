/**
 * The clock keeper: a loop in a worker of its own that serves devices which act at a time without a guest access.
 *
 * REQUIREMENT. A deadline that is set while the keeper sleeps must not be slept past. Timers of harts are not its
 * business: each hart looks at its own (`clock.ts`).
 *
 * SOLUTION. One round: read the kick word; let the devices do what is due; sleep on the kick word until the nearest
 * deadline. Whoever changes a deadline kicks afterwards: a change that the round missed came after the word was read.
 *
 * While guest time stands still the keeper sleeps until a kick.
 */

import { Machine, RunState } from "../atomics/shared_layout.ts";
import type { LockUse } from "../atomics/lock_use.ts";
import type { TimedDevice } from "../devices/timed_device.ts";
import type { GuestClock } from "./clock.ts";

const WORD_SHIFT = 2;
const CLOCK_KICK = Machine.CLOCK_KICK.offset >> WORD_SHIFT;
const RUN_STATE = Machine.RUN_STATE.offset >> WORD_SHIFT;
/** Longest sleep: the shared low half of the time must be seen often enough to stay unambiguous. */
const LONGEST_SLEEP_MS = 30_000;

/** See the header of this file. */
export class ClockKeeper {
  readonly #words: Int32Array;
  readonly #clock: GuestClock;
  readonly #devices: readonly TimedDevice[];
  readonly #bigLock: LockUse | null;

  /**
   * Makes a keeper.
   * @param words shared memory
   * @param clock this worker's clock
   * @param devices devices with deadlines of their own, as this worker's instances
   * @param bigLock the lock of all devices; null in machines without
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
  }

  /** Keeps the clock until the machine has ended. Blocks its thread. */
  run(): void {
    // ORDER: sc load; partner: the run state store before the kick of whoever ends the machine.
    while (Atomics.load(this.#words, RUN_STATE) !== RunState.ENDED) {
      // ORDER: sc load before the deadlines; partner: add and notify after a deadline was changed.
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
    this.#clock.timeTicks();
    let nearest = LONGEST_SLEEP_MS;
    for (const device of this.#devices) {
      device.expire();
      nearest = Math.min(nearest, device.millisecondsLeft());
    }
    return Math.max(0, nearest);
  }
}
