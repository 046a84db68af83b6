/** The locks that a vCPU takes, and what they cost it. */
import type { ActivityLog } from "../atomics/activity_log.ts";
import { HeldLocks, LockRank } from "../atomics/lock_order.ts";
import { LockUse } from "../atomics/lock_use.ts";
import { Machine } from "../atomics/shared_layout.ts";
import { CountedLock, hartLockCounters } from "../atomics/statistics_layout.ts";
import { BIG_LOCK, type LockSettings } from "../devices/big_lock.ts";

/** The locks of one vCPU. */
export class VcpuLocks {
  /** What is held now: nothing, at a safepoint. */
  readonly held: HeldLocks = new HeldLocks();
  /** The lock of all devices, in machines that have it. */
  readonly big: LockUse | null;
  /** Locks of the host-target interface, outermost first. */
  readonly htif: readonly LockUse[];
  /** Is it measured how long locks are held? */
  readonly timesHolds: boolean;

  /** Locks of a hart of the machine whose memory is given. */
  constructor(
    words: Int32Array,
    hart: number,
    log: ActivityLog | null,
    { hasBigLock, timesHolds }: LockSettings,
  ) {
    const user = { words, held: this.held, timesHolds, log };
    const counters = (lock: CountedLock) => hartLockCounters(words.buffer, hart, lock);
    const place = {
      offset: Machine.HTIF_LOCK.offset,
      rank: LockRank.DEVICE,
      number: CountedLock.HTIF,
    };
    const own = new LockUse(user, place, counters(CountedLock.HTIF));
    this.timesHolds = timesHolds;
    this.big = hasBigLock ? new LockUse(user, BIG_LOCK, counters(CountedLock.ALL_DEVICES)) : null;
    this.htif = this.big === null ? [own] : [this.big, own];
  }
}
