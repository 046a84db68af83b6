import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { tryLockDevice, unlockDevice } from "../atomics/device_lock.ts";
import { HeldLocks } from "../atomics/lock_order.ts";
import { LockUse } from "../atomics/lock_use.ts";
import { VCPU_BLOCKS } from "../atomics/shared_layout.ts";
import { LOCK_COUNTERS, LockCounter } from "../atomics/statistics_layout.ts";
import { BIG_LOCK, bigLockOf, serializedBus } from "./big_lock.ts";
import { createMmioAccess, type MmioAccess } from "./device.ts";

const ABSENT = 0;
const BROKEN = 4;

function scene() {
  const words = new Int32Array(new SharedArrayBuffer(VCPU_BLOCKS));
  const held = new HeldLocks();
  const counters = new Float64Array(LOCK_COUNTERS);
  const lock = new LockUse({ words, held, timesHolds: false, log: null }, BIG_LOCK, counters);
  const calls: string[] = [];
  const answer = (kind: string) => (low: number, _high: number, access: MmioAccess): boolean => {
    calls.push(`${kind} ${low}`);
    assertFalse(tryLockDevice(words, BIG_LOCK), "the lock is held inside of the device");
    if (low === BROKEN) throw new Error("broken device");
    access.retry = false;
    return low !== ABSENT;
  };
  const bus = serializedBus({ load: answer("load"), store: answer("store") }, lock);
  return { words, held, counters, calls, bus, access: createMmioAccess(0) };
}

Deno.test("an access is made inside of the lock and answered as without", () => {
  const { words, held, counters, calls, bus, access } = scene();
  assert(bus.load(8, 0, access));
  assert(bus.store(12, 0, access));
  assertFalse(bus.load(ABSENT, 0, access));
  assertEquals(calls, ["load 8", "store 12", "load 0"]);
  assertEquals(counters[LockCounter.ACQUISITIONS], 3);
  assert(held.isEmpty());
  assert(tryLockDevice(words, BIG_LOCK));
});

Deno.test("an access that does not get the lock reaches no device and asks to be repeated", () => {
  const { words, counters, calls, bus, access } = scene();
  assert(tryLockDevice(words, BIG_LOCK));
  for (const use of [bus.load, bus.store]) {
    access.retry = false;
    assert(use(8, 0, access));
    assert(access.retry);
  }
  assertEquals(calls, []);
  assertEquals(counters[LockCounter.CONTENDED], 2);
  unlockDevice(words, BIG_LOCK);
  assert(bus.load(8, 0, access));
  assertFalse(access.retry);
});

Deno.test("a device that throws does not keep the lock", () => {
  const { words, bus, access } = scene();
  assertThrows(() => bus.store(BROKEN, 0, access), Error, "broken device");
  assertThrows(() => bus.load(BROKEN, 0, access), Error, "broken device");
  assert(tryLockDevice(words, BIG_LOCK));
});

Deno.test("machines without the lock have none", () => {
  const { words } = scene();
  const settings = { hasBigLock: false, timesHolds: false };
  assertEquals(bigLockOf(words, "main", settings), null);
  const lock = bigLockOf(words, "clock keeper", { ...settings, hasBigLock: true });
  assert(lock?.tryEnter());
  assertFalse(tryLockDevice(words, BIG_LOCK));
  lock?.leave();
  assert(tryLockDevice(words, BIG_LOCK));
});
