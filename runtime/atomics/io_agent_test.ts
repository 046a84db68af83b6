/** I/O workers as agents: who arms, guards, stops or pauses counts them in. */

import { assert, assertEquals, assertFalse } from "@std/assert";
import { ioAgent, nextAgent, NO_AGENT } from "./agents.ts";
import { isIdle, toIdle, toRunning } from "./agent_state.ts";
import { armCodePage, isPageGuarded, serveGuard } from "./code_guard.ts";
import { DeviceStores } from "./device_store.ts";
import { requestPause } from "./pause.ts";
import { take } from "./pending.ts";
import { ALL_HARTS, isRemoteDone, requestRemote } from "./remote_work.ts";
import {
  GUEST_RAM_OFFSET,
  Machine,
  PAGE_BYTES,
  PAGE_SHIFT,
  Pending,
  RemoteWork,
} from "./shared_layout.ts";

const PAGE = GUEST_RAM_OFFSET >> PAGE_SHIFT;
const nothing = (): void => {};

function createMachine(harts: number, workers: number): Int32Array {
  const words = new Int32Array(new SharedArrayBuffer(GUEST_RAM_OFFSET + 2 * PAGE_BYTES));
  words[Machine.HART_COUNT.offset >> 2] = harts;
  words[Machine.IO_WORKER_COUNT.offset >> 2] = workers;
  return words;
}

Deno.test("agents are the harts, then the I/O workers", () => {
  const all = (harts: number, workers: number): number[] => {
    const words = createMachine(harts, workers);
    const agents: number[] = [];
    let agent = nextAgent(words, NO_AGENT);
    for (; agent !== NO_AGENT; agent = nextAgent(words, agent)) agents.push(agent);
    return agents;
  };
  assertEquals(all(2, 0), [0, 1]);
  assertEquals(all(1, 2), [0, 64, 65]);
  assertEquals(all(64, 8).length, 72);
});

Deno.test("a page that is armed while a worker stores is guarded only when it has stored", () => {
  const words = createMachine(1, 1);
  const stores = new DeviceStores(words, ioAgent(0));
  assert(stores.run(() => true, () => {
    armCodePage(words, 0, PAGE);
    serveGuard(words, 0, nothing);
    assertFalse(isPageGuarded(words, PAGE));
  }));
  assert(isPageGuarded(words, PAGE));
  stores.run(() => true, () => assert(isPageGuarded(words, PAGE), "it has served the request"));
});

Deno.test("who makes all drop their write entries waits for a worker that stores", () => {
  const words = createMachine(2, 1);
  toRunning(words, 1, nothing);
  const stores = new DeviceStores(words, ioAgent(0));
  stores.run(() => true, () => {
    requestRemote(words, 0, ALL_HARTS, RemoteWork.DROP_WRITE_ENTRIES);
    assertFalse(isRemoteDone(words, 0, ALL_HARTS));
    const others = { low: 0b11, high: 0 };
    toIdle(words, 1);
    assert(isRemoteDone(words, 0, others), "fences of harts do not");
  });
  assert(isRemoteDone(words, 0, ALL_HARTS));
  assertEquals([take(words, 1), take(words, ioAgent(0))], [Pending.WORK, 0]);
});

Deno.test("a pause is asked of harts and workers", () => {
  const words = createMachine(1, 1);
  requestPause(words);
  assertEquals([take(words, 0), take(words, ioAgent(0))], [Pending.PAUSE, Pending.PAUSE]);
});

Deno.test("nothing is stored when it is out of date, and the worker is IDLE in any case", () => {
  const words = createMachine(1, 1);
  const stores = new DeviceStores(words, ioAgent(0));
  assertFalse(stores.run(() => false, () => stores.word(GUEST_RAM_OFFSET, 1)));
  assertEquals(words[GUEST_RAM_OFFSET >> 2], 0);
  assert(isIdle(words, ioAgent(0)));
});

Deno.test("bytes, words and half words arrive on plain and on guarded pages", () => {
  const words = createMachine(1, 1);
  const stores = new DeviceStores(words, ioAgent(0));
  toRunning(words, 0, nothing);
  armCodePage(words, 0, PAGE);
  toIdle(words, 0);
  const bytes = Uint8Array.from({ length: PAGE_BYTES }, (_, index) => index * 7);
  const at = GUEST_RAM_OFFSET + 2001;
  stores.run(() => true, () => {
    stores.bytes(at, bytes);
    stores.word(GUEST_RAM_OFFSET + 8, -2);
    stores.half(GUEST_RAM_OFFSET + PAGE_BYTES + 4000, 0xfffe);
    stores.half(GUEST_RAM_OFFSET + 14, 0x1234);
  });
  const view = new DataView(words.buffer, GUEST_RAM_OFFSET);
  assertEquals(new Uint8Array(words.buffer, at, PAGE_BYTES).slice(), bytes);
  assertEquals(view.getInt32(8, true), -2);
  assertEquals(view.getUint16(PAGE_BYTES + 4000, true), 0xfffe);
  assertEquals(view.getUint16(14, true), 0x1234);
});
