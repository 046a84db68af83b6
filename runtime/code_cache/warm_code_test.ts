import { assertEquals } from "@std/assert";
import { beginCodeStore, endCodeStore, touchesCodeLine } from "../atomics/code_guard.ts";
import { PAGE_BYTES, Vcpu, VcpuState, vcpuWord } from "../atomics/shared_layout.ts";
import { armPages, FIRST_PAGE, hotspotAt, sharedWords } from "../translation/hotspot_fixture.ts";
import { cachedRegion } from "./cache_fixture.ts";
import type { CachedRegion } from "./cached_region.ts";
import { rangesOf } from "./cached_region.ts";
import { WarmCode } from "./warm_code.ts";

const [HOT, NEXT, OTHER] = [FIRST_PAGE + 2, FIRST_PAGE + 9, FIRST_PAGE + 5];
const OFFSET = 0x40;
const CODE = [0x13, 0x05, 0x15, 0x00, 0x6f, 0xf0, 0xdf, 0xff];
const REGION = cachedRegion(OFFSET, CODE);
/** Goes on at the start of the next page. */
const LONG = cachedRegion(OFFSET, CODE, {
  pages: [0, 1],
  code: [...REGION.code, { offset: PAGE_BYTES, bytes: Uint8Array.from(CODE) }],
});
const MODE = REGION.modeKey;

function machine(...regions: CachedRegion[]) {
  const words = sharedWords();
  const bytes = new Uint8Array(words.buffer);
  const put = (page: number, offset = OFFSET): void => bytes.set(CODE, page * PAGE_BYTES + offset);
  const warm = new WarmCode(words);
  warm.add(regions);
  const open = (page: number, around: readonly (readonly [number, number])[] = []): void =>
    warm.open(hotspotAt(-1, new Map([[0, page], ...around])));
  /** What is ready now: its pages and their generations. */
  const ready = () =>
    warm.ready().map(({ pages }) =>
      pages.map(({ hostPage, generation }) => [hostPage, generation])
    );
  return { words, bytes, put, warm, open, ready };
}

Deno.test("a region is ready when its page is opened and holds its code, byte for byte", () => {
  const { words, bytes, put, open, ready } = machine(REGION);
  armPages(words, HOT, NEXT, OTHER);
  for (const page of [HOT, NEXT]) put(page);
  bytes[NEXT * PAGE_BYTES + OFFSET + CODE.length - 1] ^= 1;
  for (const page of [HOT, NEXT, OTHER]) open(page);
  assertEquals(ready(), [[[HOT, 0]]]);
  assertEquals(ready(), []);
});

Deno.test("code that has changed is found again when its page is opened again, with its generation", () => {
  const { words, bytes, put, open, ready } = machine(REGION);
  armPages(words, HOT);
  open(HOT);
  assertEquals(ready(), []);
  beginCodeStore(words, HOT);
  put(HOT);
  endCodeStore(words, HOT);
  open(HOT);
  assertEquals(ready(), [[[HOT, 1]]]);
  bytes[HOT * PAGE_BYTES + OFFSET] ^= 1;
  open(HOT);
  assertEquals(ready(), []);
});

Deno.test("a region waits until it is known which page comes next, and that is guarded", () => {
  const { words, put, open, ready } = machine(LONG);
  armPages(words, HOT);
  put(HOT);
  put(NEXT, 0);
  open(HOT);
  assertEquals(ready(), []);
  open(HOT, [[1, NEXT]]);
  assertEquals(ready(), []);
  armPages(words, NEXT);
  open(NEXT, [[-1, HOT]]);
  assertEquals(ready(), [[[HOT, 0], [NEXT, 0]]]);
});

Deno.test("the page that comes next tells the one before", () => {
  const { words, put, open, ready } = machine(LONG);
  armPages(words, HOT, NEXT);
  put(HOT);
  put(NEXT, 0);
  open(HOT);
  assertEquals(ready(), []);
  open(NEXT, [[-1, HOT]]);
  assertEquals(ready(), [[[HOT, 0], [NEXT, 0]]]);
});

Deno.test("a region waits for harts that have not acknowledged the guard", () => {
  const { words, put, warm, open, ready } = machine(REGION);
  words[vcpuWord(0, Vcpu.STATE) >> 2] = VcpuState.RUNNING;
  put(HOT);
  armPages(words, HOT);
  open(HOT);
  assertEquals(ready(), []);
  assertEquals(warm.waitsForGuards, true);
  words[vcpuWord(0, Vcpu.STATE) >> 2] = VcpuState.IDLE;
  assertEquals(ready(), [[[HOT, 0]]]);
  assertEquals(warm.waitsForGuards, false);
});

Deno.test("a region of another mode is none", () => {
  const { words, put, open, ready } = machine({ ...REGION, modeKey: MODE + 1 });
  armPages(words, HOT);
  put(HOT);
  open(HOT);
  assertEquals(ready(), []);
});

Deno.test("a hot place gets the region for it and its code", () => {
  const { words, put, warm } = machine(REGION, cachedRegion(OFFSET + 8, CODE), LONG);
  armPages(words, HOT, NEXT);
  put(HOT);
  put(NEXT, 0);
  const find = (offset: number, next = 0) =>
    warm.find(hotspotAt(offset, new Map([[0, HOT], [1, next]])))?.region ?? null;
  assertEquals(find(OFFSET) === REGION, true);
  assertEquals(find(OFFSET + 8), null);
  assertEquals(find(OFFSET + 2), null);
  put(HOT, OFFSET + 8);
  assertEquals(find(OFFSET + 8)?.hotOffset, OFFSET + 8);
});

Deno.test("a region waits for a store in flight", () => {
  const { words, put, open, ready } = machine(REGION);
  armPages(words, HOT);
  put(HOT);
  beginCodeStore(words, HOT);
  open(HOT);
  assertEquals(ready(), []);
  endCodeStore(words, HOT);
  assertEquals(ready(), [[[HOT, 1]]]);
});

Deno.test("looking for code marks nothing else as code", () => {
  const { words, bytes, put, open, ready } = machine(REGION);
  armPages(words, HOT);
  put(HOT);
  bytes[HOT * PAGE_BYTES + OFFSET + CODE.length - 1] ^= 1;
  open(HOT);
  assertEquals(ready(), []);
  assertEquals(touchesCodeLine(words, HOT * PAGE_BYTES, PAGE_BYTES), false);
});

Deno.test("ranges hold each parcel once, none across a page's end, the hot one first", () => {
  const parcels = new Map([[4, 0x0605], [-2, 0x0201], [0, 0x0403], [0xffe, 7], [0x1000, 8], [
    2,
    9,
  ]]);
  const ranges = rangesOf(parcels, 2).map(({ offset, bytes }) => [offset, ...bytes]);
  assertEquals(ranges, [[0, 3, 4, 9, 0, 5, 6], [-2, 1, 2], [0xffe, 7, 0], [0x1000, 8, 0]]);
});
