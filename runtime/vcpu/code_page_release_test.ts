import { assert, assertEquals } from "@std/assert";
import { Control, Tlb } from "../../wasm_backend/abi/vcpu_layout.ts";
import { ActivityLog } from "../atomics/activity_log.ts";
import { toRunning } from "../atomics/agent_state.ts";
import {
  armCodePage,
  isCodePage,
  readStableGeneration,
  serveGuard,
} from "../atomics/code_guard.ts";
import {
  GUEST_RAM_OFFSET,
  Machine,
  PAGE_BYTES,
  PAGE_SHIFT,
  RemoteWork,
  Vcpu,
  vcpuWord,
} from "../atomics/shared_layout.ts";
import { CountedLock, hartLockCounters, LockCounter } from "../atomics/statistics_layout.ts";
import { CodePageRelease } from "./code_page_release.ts";
import { ExclusiveSections } from "./exclusive_sections.ts";
import { RemoteRequests } from "./remote_requests.ts";
import { TranslationCache } from "./translation_cache.ts";
import { VcpuMemory } from "./vcpu_memory.ts";

const HARTS = 3;
const HART = 1;
const OTHERS = [0, 2];
const PAGES = 4;
const PAGE = GUEST_RAM_OFFSET >> PAGE_SHIFT;
const STORES = 4096;
const WRITE_TAG = Tlb.BASE + Tlb.WRITE_TAG;
const READ_TAG = Tlb.BASE + Tlb.READ_TAG;
const CACHED = 0x8000_0000;
const nothing = (): void => {};

/** One running vCPU; the others are IDLE, so that nobody is waited for. */
function scene() {
  const words = new Int32Array(new SharedArrayBuffer(GUEST_RAM_OFFSET + PAGES * PAGE_BYTES));
  words[Machine.HART_COUNT.offset >> 2] = HARTS;
  toRunning(words, HART, nothing);
  const memory = new VcpuMemory();
  const translations = new TranslationCache(memory);
  const serve = (): void => serveGuard(words, HART, () => translations.dropWriteEntries());
  const log = new ActivityLog(words, HART, null, { pcLow: 0, pcHigh: 0 });
  const shared = { words, hart: HART, serve, log };
  const sections = new ExclusiveSections({ ...shared, timesHolds: false });
  const requests = new RemoteRequests(shared);
  const release = new CodePageRelease({ words, memory, translations, sections, requests });
  const arm = (page: number): void => {
    armCodePage(words, HART, page);
    serve();
  };
  /** The vCPU has made that many guarded stores, the last one to this page. */
  const meet = (page: number, stores = STORES): void => {
    memory.setControl(Control.CODE_STORES, stores);
    memory.setControl(Control.CODE_STORE_PAGE, page);
    release.releaseWhenBusy();
  };
  /** Meets a code page. @returns whether it is an ordinary one now */
  const isReleased = (page: number): boolean => {
    arm(page);
    meet(page);
    return !isCodePage(words, page);
  };
  return { words, memory, arm, meet, isReleased };
}

function remoteWork(words: Int32Array, hart: number): number {
  return words[vcpuWord(hart, Vcpu.REMOTE_WORK) >> 2];
}

function requests(words: Int32Array, hart: number): number {
  return words[vcpuWord(hart, Vcpu.REMOTE_REQUEST) >> 2];
}

Deno.test("a page is released when it is met for the first, second, fourth, eighth time", () => {
  const { isReleased } = scene();
  const released = [];
  for (let met = 1; met <= 40; met++) if (isReleased(PAGE)) released.push(met);
  assertEquals(released, [1, 2, 4, 8, 16, 32]);
});

Deno.test("each page has its own patience", () => {
  const { isReleased } = scene();
  for (let met = 1; met <= 3; met++) isReleased(PAGE);
  assertEquals([1, 2, 3, 4].map(() => isReleased(PAGE + 1)), [true, true, false, true]);
  assertEquals(isReleased(PAGE), true, "its fourth time");
});

Deno.test("a release makes what was built from the page out of date, once", () => {
  const { words, arm, meet } = scene();
  arm(PAGE);
  meet(PAGE);
  assertEquals(readStableGeneration(words, PAGE), 1);
  assertEquals(readStableGeneration(words, PAGE + 1), 0);
});

Deno.test("fewer stores release nothing, are counted on, and are not met", () => {
  const { words, memory, arm, meet, isReleased } = scene();
  arm(PAGE);
  meet(PAGE, STORES - 1);
  assert(isCodePage(words, PAGE));
  assertEquals(memory.control(Control.CODE_STORES), STORES - 1);
  assertEquals([1, 2, 3].map(() => isReleased(PAGE)), [true, true, false]);
});

Deno.test("the count of stores begins anew after each look", () => {
  const { memory, arm, meet } = scene();
  for (const page of [PAGE, PAGE, PAGE, PAGE + 1]) {
    if (page === PAGE) arm(page);
    meet(page, STORES + 5);
    assertEquals(memory.control(Control.CODE_STORES), 0);
  }
});

Deno.test("an ordinary page is left alone, and is not met", () => {
  const { words, meet, isReleased } = scene();
  for (let look = 0; look < 3; look++) meet(PAGE);
  assertEquals(readStableGeneration(words, PAGE), 0);
  assertEquals(OTHERS.map((hart) => remoteWork(words, hart)), [0, 0]);
  assertEquals([1, 2, 3].map(() => isReleased(PAGE)), [true, true, false]);
});

Deno.test("a release stops all, and asks all to drop their write entries", () => {
  const { words, memory, arm, meet } = scene();
  arm(PAGE);
  memory.setWideControl(WRITE_TAG, CACHED);
  memory.setWideControl(READ_TAG, CACHED);
  meet(PAGE);
  for (const hart of OTHERS) {
    assertEquals(remoteWork(words, hart), RemoteWork.DROP_WRITE_ENTRIES);
  }
  const sections = hartLockCounters(words.buffer, HART, CountedLock.EXCLUSIVE);
  assertEquals(sections[LockCounter.ACQUISITIONS], 1);
  assertEquals(words[Machine.EXCLUSIVE_OWNER.offset >> 2], 0, "the section is over");
  assert(memory.wideControl(WRITE_TAG) !== CACHED, "its own too");
  assertEquals(memory.wideControl(READ_TAG), CACHED);
});

Deno.test("a look that releases nothing disturbs nobody", () => {
  const { words, memory, arm, isReleased } = scene();
  for (let met = 1; met <= 2; met++) isReleased(PAGE);
  const asked = OTHERS.map((hart) => requests(words, hart));
  arm(PAGE);
  memory.setWideControl(WRITE_TAG, CACHED);
  assertEquals(isReleased(PAGE), false, "the third time");
  assertEquals(OTHERS.map((hart) => requests(words, hart)), asked);
  assertEquals(memory.wideControl(WRITE_TAG), CACHED);
});
