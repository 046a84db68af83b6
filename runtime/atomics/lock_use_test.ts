import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { tryLockDevice, unlockDevice } from "./device_lock.ts";
import { HeldLocks, LockRank } from "./lock_order.ts";
import { LockUse } from "./lock_use.ts";
import { CountedLock, LOCK_COUNTERS, LockCounter } from "./statistics_layout.ts";

const DEVICE = { offset: 8, rank: LockRank.DEVICE, number: CountedLock.HTIF };
const ALL = { offset: 16, rank: LockRank.ALL_DEVICES, number: CountedLock.ALL_DEVICES };

function scene(timesHolds = false) {
  const words = new Int32Array(new SharedArrayBuffer(64));
  const held = new HeldLocks();
  const counters = new Float64Array(LOCK_COUNTERS);
  const lock = new LockUse({ words, held, timesHolds, log: null }, DEVICE, counters);
  return { words, held, counters, lock };
}

Deno.test("each acquisition is counted, and each time that the lock was found held", () => {
  const { words, held, counters, lock } = scene();
  assert(lock.tryEnter());
  lock.leave();
  assert(tryLockDevice(words, DEVICE));
  assertFalse(lock.tryEnter());
  assert(lock.wasRefused);
  assert(held.isEmpty());
  unlockDevice(words, DEVICE);
  lock.enter();
  assertFalse(lock.wasRefused);
  assertFalse(held.isEmpty());
  lock.leave();
  assert(held.isEmpty());
  assertEquals(counters[LockCounter.ACQUISITIONS], 2);
  assertEquals(counters[LockCounter.CONTENDED], 1);
  assertEquals(counters[LockCounter.LONGEST_HOLD_MS], 0);
});

Deno.test("the longest hold is kept, where holds are timed", () => {
  const { counters, lock } = scene(true);
  for (const milliseconds of [3, 0]) {
    const begin = performance.now();
    lock.enter();
    while (performance.now() < begin + milliseconds);
    lock.leave();
  }
  assert(counters[LockCounter.LONGEST_HOLD_MS] > 2.9, `${counters[LockCounter.LONGEST_HOLD_MS]}`);
});

Deno.test("main waits for a lock without blocking, and is woken by its release", async () => {
  const { words, counters, lock } = scene();
  assert(tryLockDevice(words, DEVICE));
  let isIn = false;
  const entered = lock.enterAsync().then(() => isIn = true);
  await nextTurn();
  assertFalse(isIn);
  unlockDevice(words, DEVICE);
  while (!isIn) await nextTurn();
  await entered;
  assertFalse(tryLockDevice(words, DEVICE));
  lock.leave();
  assert(tryLockDevice(words, DEVICE));
  assertEquals(counters[LockCounter.ACQUISITIONS], 1);
  assertEquals(counters[LockCounter.CONTENDED], 1);
});

Deno.test("a wait for a free lock leaves it free and counts no acquisition", () => {
  const { words, held, counters, lock } = scene();
  lock.awaitFree();
  assert(held.isEmpty());
  assert(tryLockDevice(words, DEVICE));
  assertEquals(counters[LockCounter.ACQUISITIONS], 0);
});

Deno.test("the lock of all devices comes before a device's, never after it, and not at safepoints", () => {
  const { words, held, lock } = scene();
  const all = new LockUse(
    { words, held, timesHolds: false, log: null },
    ALL,
    new Float64Array(LOCK_COUNTERS),
  );
  held.requireNone();
  all.enter();
  lock.enter();
  assertThrows(() => held.requireNone(), Error, `rank ${LockRank.DEVICE} is held`);
  assertThrows(() => all.leave(), Error, "innermost");
  lock.leave();
  all.leave();
  lock.enter();
  assertThrows(() => all.enter(), Error, `rank ${LockRank.DEVICE} is held`);
  lock.leave();
  held.requireNone();
});

/** One turn of the event loop: a wait for a shared word does not keep it going by itself. */
function nextTurn(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
