/** Agent states, exclusive sections and remote work as one thread can see them. */

import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { isIdle, isOwnedByOther, toIdle, toRunning } from "./agent_state.ts";
import { requestGuard, serveGuard } from "./code_guard.ts";
import { beginExclusive, endExclusive, tryBeginExclusive } from "./exclusive.ts";
import { interruptLines, lowerInterrupt, peek, post, raiseInterrupt, take } from "./pending.ts";
import { hasHart, isRemoteDone, requestRemote, serveRemote, waitRemote } from "./remote_work.ts";
import { Machine, Pending, RemoteWork, VCPU_BLOCKS } from "./shared_layout.ts";

const nothing = (): void => {};

function createMachine(harts: number): Int32Array {
  const words = new Int32Array(new SharedArrayBuffer(2 * VCPU_BLOCKS));
  words[Machine.HART_COUNT.offset >> 2] = harts;
  return words;
}

Deno.test("pending bits gather until they are taken at once", () => {
  const words = createMachine(2);
  post(words, 1, Pending.WORK);
  raiseInterrupt(words, 1, 1 << 11);
  assertEquals(peek(words, 0), 0);
  assertEquals(take(words, 1), Pending.WORK | Pending.IRQ);
  assertEquals(take(words, 1), 0);
  assertEquals(interruptLines(words, 1), 1 << 11);
  lowerInterrupt(words, 1, 1 << 11);
  assertEquals([interruptLines(words, 1), peek(words, 1)], [0, 0]);
});

Deno.test("an exclusive section has one owner, who alone can end it", () => {
  const words = createMachine(2);
  toRunning(words, 0, nothing);
  beginExclusive(words, 0, nothing);
  assertFalse(tryBeginExclusive(words, 1));
  assert(isOwnedByOther(words, 1));
  assertFalse(isOwnedByOther(words, 0));
  assertThrows(() => endExclusive(words, 1));
  endExclusive(words, 0);
  toIdle(words, 0);
  assert(tryBeginExclusive(words, 1), "free again");
});

Deno.test("a hart that is IDLE is let sleep: it meets requests when it goes on", () => {
  const words = createMachine(3);
  toRunning(words, 0, nothing);
  toRunning(words, 1, nothing);
  requestRemote(words, 0, { low: 0b110, high: 0 }, RemoteWork.FLUSH_TRANSLATIONS);
  requestGuard(words, 0);
  assertEquals([1, 2].map((hart) => take(words, hart)), [Pending.WORK | Pending.FLUSH, 0]);
  const served: string[] = [];
  toRunning(words, 2, () => {
    serveRemote(words, 2, () => served.push("work"));
    serveGuard(words, 2, () => served.push("guard"));
  });
  assertEquals(served, ["work", "guard"]);
  toIdle(words, 2);
  toIdle(words, 1);
  beginExclusive(words, 0, nothing);
  assertEquals([1, 2].map((hart) => take(words, hart)), [0, 0]);
});

Deno.test("leaving IDLE serves once, after RUNNING is visible", () => {
  const words = createMachine(1);
  assert(isIdle(words, 0));
  let served = 0;
  toRunning(words, 0, () => {
    assertFalse(isIdle(words, 0));
    served++;
  });
  assertEquals(served, 1);
  toIdle(words, 0);
  assert(isIdle(words, 0));
});

Deno.test("remote work: only the set, not the requester, and IDLE counts as done", () => {
  const words = createMachine(3);
  const all = { low: 0b111, high: 0 };
  for (const hart of [0, 1]) toRunning(words, hart, nothing);
  requestRemote(words, 0, all, RemoteWork.FLUSH_TRANSLATIONS);
  requestRemote(words, 0, all, RemoteWork.FLUSH_INSTRUCTIONS);
  assertEquals([0, 1, 2].map((hart) => take(words, hart)), [0, Pending.WORK, 0]);
  assertFalse(isRemoteDone(words, 0, all));
  const applied: number[] = [];
  serveRemote(words, 1, (bits) => applied.push(bits));
  serveRemote(words, 1, (bits) => applied.push(bits));
  assertEquals(applied, [RemoteWork.FLUSH_TRANSLATIONS | RemoteWork.FLUSH_INSTRUCTIONS]);
  assert(isRemoteDone(words, 0, all), "hart 2 is IDLE");
  waitRemote(words, 0, all, nothing);
  assertFalse(isIdle(words, 0));
  toRunning(words, 2, () => serveRemote(words, 2, (bits) => applied.push(bits)));
  assertEquals(applied.length, 2);
});

Deno.test("hart sets cover both words", () => {
  const set = { low: 1 << 31, high: 1 << 1 };
  const members = [...Array(64).keys()].filter((hart) => hasHart(set, hart));
  assertEquals(members, [31, 33]);
});
