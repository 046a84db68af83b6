/**
 * The lock of one device: registers that several words make up.
 *
 * REQUIREMENT. vCPU helpers take it without waiting, trampolines and I/O threads may wait for it, and no
 * waiting thread is forgotten. There is no lock above the devices.
 *
 * SOLUTION. One word: free, held, or held and wanted. A helper spins a bounded time; if that fails it returns
 * LEAVE and its trampoline waits. A waiting thread marks the lock wanted and sleeps on that value; it takes
 * the lock as wanted, because others may still sleep. Whoever releases a wanted lock wakes one sleeper.
 *
 * LIMITATION. Not recursive, not fair. A vCPU waits IDLE (`toIdle` before, `toRunning` after the wait but
 * before it touches guest memory) and must not hold the lock over a safepoint. Main waits asynchronously.
 */

import type { HeldLocks, LockRank } from "./lock_order.ts";
import { LockState, spinLock } from "./spin_lock.ts";

/** Which lock, and where it stands in the lock order. */
export interface DeviceLock {
  /** Byte offset of the lock word in shared memory. */
  readonly offset: number;
  /** Its rank in `lock_order.ts`. */
  readonly rank: LockRank;
}

/** Takes the lock without waiting. @returns false when it stays held: the caller leaves. */
export function tryLockDevice(words: Int32Array, lock: DeviceLock, held?: HeldLocks): boolean {
  held?.enter(lock.rank);
  if (spinLock(words, lock.offset)) return true;
  held?.leave(lock.rank);
  return false;
}

/** Takes the lock, sleeping while others hold it; not from helpers, not on main. */
export function lockDevice(words: Int32Array, lock: DeviceLock, held?: HeldLocks): void {
  held?.enter(lock.rank);
  if (spinLock(words, lock.offset)) return;
  const index = lock.offset >> 2;
  // ORDER: sc exchange before the critical section; partner: the exchange in unlockDevice().
  while (Atomics.exchange(words, index, LockState.WANTED) !== LockState.FREE) {
    // ORDER: sleeps only while wanted; partner: exchange then notify in unlockDevice().
    Atomics.wait(words, index, LockState.WANTED);
  }
}

/** The same for main, which may not sleep. */
export async function lockDeviceAsync(
  words: Int32Array,
  lock: DeviceLock,
  held?: HeldLocks,
): Promise<void> {
  held?.enter(lock.rank);
  const index = lock.offset >> 2;
  // ORDER: sc exchange before the critical section; partner: the exchange in unlockDevice().
  while (Atomics.exchange(words, index, LockState.WANTED) !== LockState.FREE) {
    // ORDER: waits only while wanted; partner: exchange then notify in unlockDevice().
    const wait = Atomics.waitAsync(words, index, LockState.WANTED);
    if (wait.async) await wait.value;
  }
}

/** Releases the lock and wakes one thread that sleeps for it. */
export function unlockDevice(words: Int32Array, lock: DeviceLock, held?: HeldLocks): void {
  const index = lock.offset >> 2;
  // ORDER: sc exchange after the critical section; partner: tryLock() and the exchange in lockDevice().
  const before = Atomics.exchange(words, index, LockState.FREE);
  // ORDER: after the release; partner: the wait in lockDevice().
  if (before === LockState.WANTED) Atomics.notify(words, index, 1);
  held?.leave(lock.rank);
}
