/**
 * Mutual exclusion on one shared word, by spinning a bounded number of times.
 *
 * REQUIREMENT. Critical sections of a few instructions on any thread, main and helpers of compiled code
 * included, none of which may block.
 *
 * SOLUTION. cmpxchg(FREE, HELD), with a plain test before each try, so that spinning reads its own cache
 * line, and `Atomics.pause` between tries. A caller that fails is told so and leaves (to its trampoline).
 *
 * LIMITATION. Not fair. If harts outnumber cores the holder may be off the core: spinning longer than
 * {@linkcode SPIN_LIMIT} never helps; use a device lock where a thread may sleep.
 */

/** Values of a lock word. */
export const LockState = {
  FREE: 0,
  HELD: 1,
  /** Held, and some thread sleeps for it (`device_lock.ts`). */
  WANTED: 2,
} as const;

/** Tries before a spinning thread gives up: a few microseconds. */
export const SPIN_LIMIT = 64;

/** Takes the lock if it is free. */
export function tryLock(words: Int32Array, offset: number): boolean {
  // ORDER: sc cmpxchg before the critical section; partner: unlock() of the last holder.
  return Atomics.compareExchange(words, offset >> 2, LockState.FREE, LockState.HELD) ===
    LockState.FREE;
}

/** Takes the lock if it becomes free within {@linkcode SPIN_LIMIT} tries. */
export function spinLock(words: Int32Array, offset: number): boolean {
  for (let tries = 0; tries < SPIN_LIMIT; tries++) {
    // ORDER: sc load, only a hint; the cmpxchg in tryLock() decides.
    const isFree = Atomics.load(words, offset >> 2) === LockState.FREE;
    if (isFree && tryLock(words, offset)) return true;
    Atomics.pause();
  }
  return false;
}

/** Releases a lock that no thread sleeps for. */
export function unlock(words: Int32Array, offset: number): void {
  // ORDER: sc store after the critical section; partner: the cmpxchg in tryLock().
  Atomics.store(words, offset >> 2, LockState.FREE);
}
