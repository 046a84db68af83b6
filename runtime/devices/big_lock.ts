/**
 * One lock around all devices (`-accel tcg,bql=on`), to measure what it costs to have one: QEMU's design.
 *
 * REQUIREMENT. No two threads are in a device at a time, whatever the device; otherwise the machine behaves as
 * it does without the lock. What waits for the lock keeps to the rules of `device_lock.ts`.
 *
 * SOLUTION. Around an access of guest code the lock is only tried. An access that did not get it asks to be
 * repeated: the vCPU leaves to its trampoline, is IDLE until the lock was free, and executes the instruction
 * again. Everything else that uses devices is in a trampoline or a thread of its own, and may wait there: calls
 * of the firmware, the host-target interface, timers that run out, console input.
 *
 * LIMITATION. Taking an interrupt, which QEMU does under its lock too, reads one word of the hart's own here and
 * takes no lock. Main waits for the lock asynchronously.
 */
import { HeldLocks, LockRank } from "../atomics/lock_order.ts";
import { LockUse, type NumberedLock } from "../atomics/lock_use.ts";
import { Machine } from "../atomics/shared_layout.ts";
import { CountedLock, threadLockCounters } from "../atomics/statistics_layout.ts";
import type { BoardDevices } from "../machine/board.ts";

/** What locks a machine has, and what is measured of them. */
export interface LockSettings {
  /** Is there one lock around all devices? */
  readonly hasBigLock: boolean;
  /** Is it measured how long locks are held? */
  readonly timesHolds: boolean;
}

/** The lock. */
export const BIG_LOCK: NumberedLock = {
  offset: Machine.BIG_LOCK.offset,
  rank: LockRank.ALL_DEVICES,
  number: CountedLock.ALL_DEVICES,
};

/** The lock as main or the clock keeper uses it; null in machines without. */
export function bigLockOf(
  words: Int32Array,
  thread: "main" | "clock keeper",
  { hasBigLock, timesHolds }: LockSettings,
): LockUse | null {
  if (!hasBigLock) return null;
  const counters = threadLockCounters(words.buffer, thread, CountedLock.ALL_DEVICES);
  return new LockUse({ words, held: new HeldLocks(), timesHolds, log: null }, BIG_LOCK, counters);
}

/** A bus whose accesses take the lock, or ask to be repeated. */
export function serializedBus(bus: BoardDevices["bus"], lock: LockUse): BoardDevices["bus"] {
  return {
    load: (low, high, access) => {
      access.retry = !lock.tryEnter();
      if (access.retry) return true;
      try {
        return bus.load(low, high, access);
      } finally {
        lock.leave();
      }
    },
    store: (low, high, access) => {
      access.retry = !lock.tryEnter();
      if (access.retry) return true;
      try {
        return bus.store(low, high, access);
      } finally {
        lock.leave();
      }
    },
  };
}
