/**
 * The order in which locks nest, in one place.
 *
 * REQUIREMENT. No two threads wait for each other's lock.
 *
 * SOLUTION. Every lock has a rank; a thread that holds a lock takes only locks of higher rank. Ranks are
 * strictly increasing, so two locks of one rank never nest. Each thread keeps a {@linkcode HeldLocks}, which
 * refuses a wrong order at once instead of when two threads meet.
 *
 * Rules beside the ranks: no lock is held across a wait for another vCPU (exclusive sections, remote work),
 * across a safepoint, or while a guest access is made that could fault.
 *
 * LIMITATION. Words that are only ever held for a few instructions without taking anything else (sequence
 * locks of the timers, ring slots) have no rank.
 */

/** Ranks, outermost first; bit numbers of {@linkcode HeldLocks}. */
export const LockRank = {
  /** All devices at once: `big_lock.ts`. */
  ALL_DEVICES: 0,
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

const WORD_BITS = 32;

/** The locks that one thread holds: checks the order. One bit for each rank, so that it allocates nothing. */
export class HeldLocks {
  #ranks = 0;

  /** To be called before a lock is taken. */
  enter(rank: LockRank): void {
    if (this.#ranks >>> rank !== 0) {
      throw new Error(
        `Cannot take a lock of rank ${rank}: a lock of rank ${this.#innermost()} is held`,
      );
    }
    this.#ranks |= 1 << rank;
  }

  /** To be called after a lock was released, or could not be taken. */
  leave(rank: LockRank): void {
    if (this.#ranks >>> rank !== 1) {
      throw new Error(
        `Cannot release a lock of rank ${rank}: the innermost is ${this.#innermost()}`,
      );
    }
    this.#ranks &= ~(1 << rank);
  }

  /** Whether the thread holds nothing. */
  isEmpty(): boolean {
    return this.#ranks === 0;
  }

  /** To be called at a safepoint, where nothing may be held. */
  requireNone(): void {
    if (this.#ranks !== 0) {
      throw new Error(`A lock of rank ${this.#innermost()} is held across a safepoint`);
    }
  }

  /** Rank of the lock that was taken last, or -1. */
  #innermost(): number {
    return WORD_BITS - 1 - Math.clz32(this.#ranks);
  }
}
