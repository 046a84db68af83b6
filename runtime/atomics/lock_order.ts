/**
 * The order in which locks nest, in one place.
 *
 * REQUIREMENT. No two threads wait for each other's lock.
 *
 * SOLUTION. Every lock has a rank; a thread that holds a lock takes only locks of higher rank. Ranks are
 * strictly increasing, so two locks of one rank never nest. Each thread may keep a {@linkcode HeldLocks},
 * which refuses a wrong order at once instead of when two threads meet; it is handed to the lock functions
 * in debug runs and left out otherwise.
 *
 * Rules beside the ranks: no lock is held across a wait for another vCPU (exclusive sections, remote work),
 * across a safepoint, or while a guest access is made that could fault.
 *
 * LIMITATION. Words that are only ever held for a few instructions without taking anything else (sequence
 * locks of the timers, ring slots) have no rank.
 */

/** Ranks, outermost first. */
export const LockRank = {
  /** Registers of one device. */
  DEVICE: 1,
  /** State of the interrupt controller that devices raise lines in. */
  INTERRUPT_CONTROLLER: 2,
  /** Publication and invalidation of code regions. */
  REGION_DIRECTORY: 3,
  /** Trace and log buffers. */
  TRACE: 4,
} as const;

/** One of {@linkcode LockRank}. */
export type LockRank = (typeof LockRank)[keyof typeof LockRank];

/** The locks that one thread holds: checks the order. */
export class HeldLocks {
  readonly #ranks: LockRank[] = [];

  /** To be called before a lock is taken. */
  enter(rank: LockRank): void {
    const innermost = this.#ranks.at(-1);
    if (innermost !== undefined && innermost >= rank) {
      throw new Error(`Cannot take a lock of rank ${rank}: a lock of rank ${innermost} is held`);
    }
    this.#ranks.push(rank);
  }

  /** To be called after a lock was released. */
  leave(rank: LockRank): void {
    const innermost = this.#ranks.pop();
    if (innermost !== rank) {
      throw new Error(`Cannot release a lock of rank ${rank}: the innermost is ${innermost}`);
    }
  }

  /** Whether the thread holds nothing, as it must at a safepoint. */
  isEmpty(): boolean {
    return this.#ranks.length === 0;
  }
}
