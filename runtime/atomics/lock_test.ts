import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { lockDevice, tryLockDevice, unlockDevice } from "./device_lock.ts";
import { HeldLocks, LockRank } from "./lock_order.ts";
import { readPair, writePair } from "./sequence_lock.ts";
import { spinLock, tryLock, unlock } from "./spin_lock.ts";

const OFFSET = 8;
const createWords = (): Int32Array => new Int32Array(new SharedArrayBuffer(64));

Deno.test("a spin lock excludes and gives up", () => {
  const words = createWords();
  assert(tryLock(words, OFFSET));
  assertFalse(tryLock(words, OFFSET));
  assertFalse(spinLock(words, OFFSET));
  unlock(words, OFFSET);
  assert(spinLock(words, OFFSET));
});

Deno.test("a device lock respects the lock order and leaves no trace of a failed try", () => {
  const words = createWords();
  const held = new HeldLocks();
  const device = { offset: OFFSET, rank: LockRank.DEVICE };
  const trace = { offset: OFFSET + 4, rank: LockRank.TRACE };
  lockDevice(words, device, held);
  assert(tryLockDevice(words, trace, held));
  assertThrows(() => tryLockDevice(words, device, held), Error, "rank 4 is held");
  assertThrows(() => unlockDevice(words, device, held), Error, "innermost");
  assertFalse(tryLockDevice(words, trace));
  const other = new HeldLocks();
  assertFalse(tryLockDevice(words, trace, other));
  assert(other.isEmpty());
});

Deno.test("a pair is read as written, and the sequence is even afterwards", () => {
  const words = createWords();
  const place = { sequence: OFFSET, pair: 16 };
  const target = new Int32Array(2);
  writePair(words, place, -1, 7);
  readPair(words, place, target);
  assertEquals([...target], [-1, 7]);
  assertEquals(words[OFFSET >> 2], 2);
});
