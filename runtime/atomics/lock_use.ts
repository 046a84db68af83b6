/**
 * A lock as one thread uses it: the lock itself, its place in the lock order, and what it cost this thread.
 *
 * Counts are kept where the thread alone writes (`statistics_layout.ts`), so counting adds no traffic between
 * threads. How long a lock is held needs two looks at the host's clock and is measured only where it is asked for.
 */
import { type DeviceLock, lockDevice, lockDeviceAsync, unlockDevice } from "./device_lock.ts";
import type { HeldLocks } from "./lock_order.ts";
import { spinLock, tryLock } from "./spin_lock.ts";
import type { ActivityLog } from "./activity_log.ts";
import { Activity } from "./shared_layout.ts";
import { type CountedLock, LockCounter, noteHold } from "./statistics_layout.ts";

/** What a thread brings to a lock. */
export interface LockUser {
  /** Shared memory. */
  readonly words: Int32Array;
  /** The locks that the thread holds. */
  readonly held: HeldLocks;
  /** Is it measured how long locks are held? */
  readonly timesHolds: boolean;
  /** Where waits and holds are shown; null for threads that have no log. */
  readonly log: ActivityLog | null;
}

/** A lock whose use is counted. */
export interface NumberedLock extends DeviceLock {
  /** Its number. */
  readonly number: CountedLock;
}

/** See the header of this file. */
export class LockUse {
  readonly #user: LockUser;
  readonly #lock: NumberedLock;
  readonly #counters: Float64Array;
  #since = 0;
  #wasRefused = false;

  /** @param counters the thread's counters of this lock: see `lockCounters` */
  constructor(user: LockUser, lock: NumberedLock, counters: Float64Array) {
    this.#user = user;
    this.#lock = lock;
    this.#counters = counters;
  }

  /** Takes the lock if it becomes free within a bounded number of tries. @returns false when it does not */
  tryEnter(): boolean {
    const { words, held } = this.#user;
    const { offset, rank } = this.#lock;
    held.enter(rank);
    this.#wasRefused = !tryLock(words, offset) && !this.#spin(words, offset);
    if (this.#wasRefused) held.leave(rank);
    else this.#entered();
    return !this.#wasRefused;
  }

  /** The lock was found held. */
  #spin(words: Int32Array, offset: number): boolean {
    this.#counters[LockCounter.CONTENDED]++;
    return spinLock(words, offset);
  }

  /** Did the last try fail? */
  get wasRefused(): boolean {
    return this.#wasRefused;
  }

  /** Takes the lock, asleep while others hold it: not in a vCPU that is RUNNING, not on main. */
  enter(): void {
    if (this.tryEnter()) return;
    this.#wait();
    this.#entered();
  }

  #wait(): void {
    const { words, held, log } = this.#user;
    log?.begin(Activity.AWAITS_LOCK, this.#lock.number);
    lockDevice(words, this.#lock, held);
    log?.end();
  }

  /** The same for main, one call at a time. */
  async enterAsync(): Promise<void> {
    if (this.tryEnter()) return;
    await lockDeviceAsync(this.#user.words, this.#lock, this.#user.held);
    this.#entered();
  }

  /**
   * Sleeps until the lock was free, and gives it back at once: taking it hands the wake-up on to the next sleeper.
   * For a vCPU, IDLE, that tries again afterwards; no acquisition is counted.
   */
  awaitFree(): void {
    this.#wait();
    unlockDevice(this.#user.words, this.#lock, this.#user.held);
  }

  /** Releases the lock. */
  leave(): void {
    const { words, held, timesHolds, log } = this.#user;
    if (timesHolds) noteHold(this.#counters, performance.now() - this.#since);
    unlockDevice(words, this.#lock, held);
    log?.end();
  }

  #entered(): void {
    this.#counters[LockCounter.ACQUISITIONS]++;
    this.#user.log?.begin(Activity.HOLDS_LOCK, this.#lock.number);
    if (this.#user.timesHolds) this.#since = performance.now();
  }
}
