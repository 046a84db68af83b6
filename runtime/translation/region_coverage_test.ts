import { assertEquals } from "@std/assert";
import { beginCodeStore } from "../atomics/code_guard.ts";
import { FIRST_PAGE, hotspotAt, sharedWords } from "./hotspot_fixture.ts";
import { RegionCoverage } from "./region_coverage.ts";

const HOT = FIRST_PAGE + 1;
/** The module that covered code is in. */
const MODULE = 4;
const PUBLICATION = { module: MODULE, slot: 1 };

function hotspot(offset: number, page = HOT) {
  return hotspotAt(offset, new Map([[0, page]]));
}

function cover(coverage: RegionCoverage, starts: readonly number[], entries: number): void {
  const pages = [{ distance: 0, hostPage: HOT, generation: 0 }];
  const { modeKey } = hotspot(starts[0]);
  coverage.add({ modeKey, pages, starts, entries: starts.slice(0, entries) }, PUBLICATION);
}

Deno.test("a block that a live region covers ends at the entries of the page's regions", () => {
  const coverage = new RegionCoverage(sharedWords());
  cover(coverage, [0, 16, 32], 2);
  cover(coverage, [64, 80], 1);
  assertEquals(coverage.entriesAround(hotspot(32)), new Set([0, 16, 64]));
  assertEquals(coverage.entriesAround(hotspot(80)), new Set([0, 16, 64]));
});

Deno.test("what no region covers, or one of another page or mode, ends nowhere", () => {
  const coverage = new RegionCoverage(sharedWords());
  cover(coverage, [0, 16], 1);
  assertEquals(coverage.entriesAround(hotspot(8)), new Set());
  assertEquals(coverage.entriesAround(hotspot(16, HOT + 1)), new Set());
  assertEquals(coverage.entriesAround({ ...hotspot(16), modeKey: 9 }), new Set());
});

Deno.test("nothing is missing at entries, and at blocks that got hot before their region was there", () => {
  const words = sharedWords();
  const coverage = new RegionCoverage(words);
  cover(coverage, [0, 16, 32], 2);
  const servedAt = (modules: number) =>
    [0, 16, 32, 48].map((at) => coverage.isServed({ ...hotspot(at), modules }));
  assertEquals(servedAt(MODULE - 1), [true, true, true, false]);
  assertEquals(servedAt(MODULE), [true, true, false, false]);
  assertEquals(coverage.isServed(hotspot(16, HOT + 1)), false);
  beginCodeStore(words, HOT);
  assertEquals(coverage.isServed(hotspot(16)), false);
});

Deno.test("a region whose code has changed covers nothing", () => {
  const words = sharedWords();
  const coverage = new RegionCoverage(words);
  cover(coverage, [0, 16], 1);
  beginCodeStore(words, HOT);
  assertEquals(coverage.entriesAround(hotspot(16)), new Set());
});

Deno.test("a region covers code on each of its pages, wherever it starts", () => {
  const coverage = new RegionCoverage(sharedWords());
  const pages = [0, 1, -1].map((distance) => ({
    distance,
    hostPage: HOT + distance,
    generation: 0,
  }));
  const { modeKey } = hotspot(0);
  coverage.add({ modeKey, pages, starts: [16, 4096 + 2, 32 - 4096], entries: [16] }, PUBLICATION);
  const late = { modules: MODULE };
  const early = (at: number, page: number) => ({ ...hotspot(at, page), modules: MODULE - 1 });
  assertEquals(coverage.isServed(early(2, HOT + 1)), true);
  assertEquals(coverage.isServed(early(32, HOT - 1)), true);
  assertEquals(coverage.isServed(early(32, HOT + 1)), false);
  assertEquals(coverage.isServed({ ...hotspot(2, HOT + 1), ...late }), false);
  assertEquals(coverage.entriesAround(hotspot(2, HOT + 1)), new Set([16 - 4096]));
  assertEquals(coverage.entriesAround(hotspot(32, HOT - 1)), new Set([16 + 4096]));
  assertEquals(coverage.hasEntry(HOT + 1, modeKey, 16 - 4096), true);
  assertEquals(coverage.hasEntry(HOT + 1, modeKey, 16), false);
});
