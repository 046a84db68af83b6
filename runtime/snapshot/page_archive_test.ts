import { assertEquals } from "@std/assert";
import { armCodePage, markCodeLines } from "../atomics/code_guard.ts";
import {
  DEVICE_BLOCK,
  GUEST_RAM_OFFSET,
  Machine,
  PAGE_BYTES,
  PAGE_SHIFT,
  PAGE_STORES_BEGUN,
  PAGE_STORES_DONE,
} from "../atomics/shared_layout.ts";
import { PageArchive } from "./page_archive.ts";

const PAGES = 8;
const FIRST = GUEST_RAM_OFFSET >> PAGE_SHIFT;

function machineWords(): Int32Array {
  const words = new Int32Array(new SharedArrayBuffer(GUEST_RAM_OFFSET + PAGES * PAGE_BYTES));
  words[Machine.RAM_PAGES.offset >> 2] = PAGES;
  words[Machine.HART_COUNT.offset >> 2] = 1;
  return words;
}

function wordOf(page: number, at = 0): number {
  return ((page << PAGE_SHIFT) >> 2) + at;
}

Deno.test("an archive finds the pages that changed, of guest memory and devices, to the last word", () => {
  const words = machineWords();
  const archive = new PageArchive(words);
  assertEquals([...archive.changedSince(new Map())], []);
  words[wordOf(FIRST + 2, 1023)] = 7;
  words[DEVICE_BLOCK >> 2] = 9;
  const changed = archive.changedSince(new Map());
  assertEquals([...changed.keys()], [DEVICE_BLOCK >> PAGE_SHIFT, FIRST + 2]);
  assertEquals(changed.get(FIRST + 2)?.[1023], 7);
  assertEquals([...archive.changedSince(changed)], []);
  words[wordOf(FIRST + 2, 1023)] = 0;
  assertEquals([...archive.changedSince(changed)], [[FIRST + 2, null]]);
});

Deno.test("an archive brings back what pages held, zeros too", () => {
  const words = machineWords();
  const archive = new PageArchive(words);
  words[wordOf(FIRST, 5)] = 1;
  const contents = archive.changedSince(new Map());
  words[wordOf(FIRST, 5)] = 2;
  words[wordOf(FIRST + 7)] = 3;
  words[(DEVICE_BLOCK >> 2) + 4] = 4;
  archive.restore(contents);
  assertEquals([words[wordOf(FIRST, 5)], words[wordOf(FIRST + 7)]], [1, 0]);
  assertEquals(words[(DEVICE_BLOCK >> 2) + 4], 0);
  words[wordOf(FIRST, 5)] = 8;
  archive.restore(contents);
  assertEquals(words[wordOf(FIRST, 5)], 1, "what is kept is a copy");
});

Deno.test("code of a page that is brought back is out of date, and that of others is not", () => {
  const words = machineWords();
  const archive = new PageArchive(words);
  const contents = archive.changedSince(new Map());
  for (const page of [FIRST + 1, FIRST + 2]) {
    armCodePage(words, 0, page);
    markCodeLines(words, page << PAGE_SHIFT, 8);
  }
  words[wordOf(FIRST + 1)] = 0x13;
  archive.restore(contents);
  const counts = (table: number, page: number): number => words[(table >> 2) + page];
  assertEquals(words[wordOf(FIRST + 1)], 0);
  assertEquals(counts(PAGE_STORES_BEGUN, FIRST + 1) > 0, true);
  assertEquals(counts(PAGE_STORES_BEGUN, FIRST + 2), 0);
  for (const page of [FIRST + 1, FIRST + 2]) {
    assertEquals(counts(PAGE_STORES_DONE, page), counts(PAGE_STORES_BEGUN, page));
  }
});
