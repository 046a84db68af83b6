import { assertEquals } from "@std/assert";
import { beginCodeStore } from "../atomics/code_guard.ts";
import { Vcpu, vcpuWord } from "../atomics/shared_layout.ts";
import { DEFAULT_CODE_BYTES } from "./code_clock.ts";
import { FIRST_PAGE, hotspotAt, sharedWords } from "./hotspot_fixture.ts";
import { LiveRegions, placeOf } from "./live_regions.ts";
import { SlotAllocator } from "./slot_allocator.ts";

const PAGE = FIRST_PAGE + 1;
const MODULE_BYTES = 100;
/** Room for so many modules; a quarter of them is suspended then. */
const KEPT = 8;
const LITTLE = KEPT * MODULE_BYTES * 5;

interface Fixture {
  readonly words: Int32Array;
  readonly live: LiveRegions;
  /** Publishes a module with one region at that offset of a page. */
  publish(offset: number, page?: number): ReturnType<LiveRegions["admit"]> & { slot: number };
}

function fixture(codeBytes: number): Fixture {
  const words = sharedWords();
  const live = new LiveRegions(words, new SlotAllocator(words), codeBytes);
  let modules = 0;
  return {
    words,
    live,
    publish(offset, page = PAGE) {
      const hotspot = hotspot0(offset, page);
      const pages = [{ distance: 0, hostPage: page, generation: 0 }];
      const code = { modeKey: hotspot.modeKey, pages, starts: [offset], entries: [offset] };
      const slot = live.place(placeOf(hotspot), code, ++modules);
      return { slot, ...live.admit([slot], MODULE_BYTES) };
    },
  };
}

function hotspot0(offset: number, page = PAGE) {
  return hotspotAt(offset, new Map([[0, page]]));
}

function acknowledge(words: Int32Array, ticket: number): void {
  words[vcpuWord(0, Vcpu.RETIRE_ACK) >> 2] = ticket;
}

Deno.test("what was published is served, until its code changes; then it is retired once", () => {
  const { words, live, publish } = fixture(DEFAULT_CODE_BYTES);
  const { slot } = publish(0);
  assertEquals(live.isServed(hotspot0(0)), true);
  beginCodeStore(words, PAGE);
  assertEquals(live.isServed(hotspot0(0)), false);
  assertEquals(publish(0, PAGE + 1).outdated, [slot]);
  assertEquals(publish(16, PAGE + 1).outdated, []);
});

Deno.test("code that changed and is never asked for again is found too", () => {
  const { words, publish } = fixture(DEFAULT_CODE_BYTES);
  const slots = [0, 16, 32].map((offset) => publish(offset).slot);
  beginCodeStore(words, PAGE);
  const found: number[] = [];
  for (let offset = 0; offset < 8; offset += 2) {
    found.push(...publish(offset, PAGE + 1).outdated);
  }
  assertEquals(found.toSorted(), slots.toSorted());
});

Deno.test("a region whose code changes before it is published is retired by a later message", () => {
  const { words, live, publish } = fixture(DEFAULT_CODE_BYTES);
  publish(0, PAGE + 1);
  const code = { modeKey: hotspot0(0).modeKey, starts: [0], entries: [0] };
  const pages = [{ distance: 0, hostPage: PAGE, generation: 0 }];
  const slot = live.place(placeOf(hotspot0(0)), { ...code, pages }, 2);
  beginCodeStore(words, PAGE);
  assertEquals(live.admit([slot], MODULE_BYTES).outdated, []);
  const later = [16, 32].flatMap((offset) => publish(offset, PAGE + 1).outdated);
  assertEquals(later, [slot]);
});

Deno.test("too much code: the oldest is suspended, then given up and no longer served", () => {
  const { words, live, publish } = fixture(LITTLE);
  const all = Array.from({ length: KEPT }, (_, index) => publish(index * 16));
  assertEquals(all.flatMap(({ suspended }) => suspended), [all[0].slot, all[1].slot]);
  acknowledge(words, all[KEPT - 1].ticket);
  assertEquals(publish(KEPT * 16).evicted, [all[0].slot]);
  assertEquals(live.isServed(hotspot0(0)), false);
  assertEquals(live.isServed(hotspot0(16)), true);
});

Deno.test("a suspended region that is asked for stays", () => {
  const { words, live, publish } = fixture(LITTLE);
  const all = Array.from({ length: KEPT }, (_, index) => publish(index * 16));
  acknowledge(words, all[KEPT - 1].ticket);
  assertEquals(live.isServed(hotspot0(0)), true);
  assertEquals(publish(KEPT * 16).evicted, [all[1].slot]);
  assertEquals(live.isServed(hotspot0(0)), true);
});

Deno.test("a slot that was given up is used again only when every vCPU has let go of it", () => {
  const { words, publish } = fixture(LITTLE);
  const all = Array.from({ length: KEPT }, (_, index) => publish(index * 16));
  acknowledge(words, all[KEPT - 1].ticket);
  const next = publish(KEPT * 16);
  assertEquals(next.evicted, [all[0].slot]);
  const before = publish((KEPT + 1) * 16);
  acknowledge(words, next.ticket);
  assertEquals(before.slot, KEPT + 2);
  assertEquals(publish((KEPT + 2) * 16).slot, all[0].slot);
});
