import { assertEquals } from "@std/assert";
import { ENTRY_INDEX_BITS } from "../../wasm_backend/abi/vcpu_layout.ts";
import { SUSPENDED_HEAT } from "./heat.ts";
import { type InstalledRegion, RegionCatalog } from "./region_catalog.ts";

const PAGE = 0x2345;

function region(slot: number, offsets: readonly number[], modeKey = 1): InstalledRegion {
  const entries = offsets.map((offset) => ({ hostPage: PAGE, offset }));
  return { slot, name: `r${slot}`, modeKey, entries, report: null, pages: [] };
}

function target(slot: number, entry: number): number {
  return (slot << ENTRY_INDEX_BITS) | entry;
}

Deno.test("a place is found by page, offset and mode, as slot and entry", () => {
  const catalog = new RegionCatalog();
  const first = region(7, [16, 0, 4094]);
  catalog.add(first);
  catalog.add(region(9, [16], 2));
  assertEquals(catalog.target(PAGE, 16, 1), target(7, 0));
  assertEquals(catalog.target(PAGE, 4094, 1), target(7, 2));
  assertEquals(catalog.target(PAGE, 16, 2), target(9, 0));
  for (const [page, offset, mode] of [[PAGE + 1, 16, 1], [PAGE, 2, 1], [PAGE, 0, 2]]) {
    assertEquals(catalog.target(page, offset, mode), 0);
  }
  assertEquals(catalog.region(7), first);
});

Deno.test("a region takes over its hot place, but no side entry that another one serves", () => {
  const catalog = new RegionCatalog();
  catalog.add(region(1, [0, 8]));
  catalog.add(region(2, [8, 0, 12]));
  assertEquals(catalog.target(PAGE, 0, 1), target(1, 0));
  assertEquals(catalog.target(PAGE, 8, 1), target(2, 0));
  assertEquals(catalog.target(PAGE, 12, 1), target(2, 2));
});

Deno.test("a region that goes takes its own places along, and no others", () => {
  const catalog = new RegionCatalog();
  catalog.add(region(1, [0, 8]));
  catalog.add(region(2, [8]));
  catalog.remove(1);
  catalog.remove(5);
  assertEquals(catalog.region(1), undefined);
  assertEquals(catalog.target(PAGE, 0, 1), 0);
  assertEquals(catalog.target(PAGE, 8, 1), target(2, 0));
});

Deno.test("a suspended region is not entered, soon hot, and comes back by any of its entries", () => {
  const catalog = new RegionCatalog();
  const first = region(1, [0, 8]);
  catalog.add(first);
  catalog.add(region(2, [8, 16]));
  assertEquals(catalog.heat(PAGE, 0, 1), -target(1, 0));
  catalog.suspend(1);
  assertEquals([0, 8, 24].map((offset) => catalog.heat(PAGE, offset, 1)), [
    SUSPENDED_HEAT,
    -target(2, 0),
    0,
  ]);
  assertEquals(catalog.target(PAGE, 0, 1), 0);
  assertEquals(catalog.resume(PAGE, 16, 1), undefined);
  assertEquals(catalog.resume(PAGE, 0, 1), first);
  assertEquals(catalog.target(PAGE, 0, 1), target(1, 0));
  assertEquals(catalog.resume(PAGE, 0, 1), undefined);
});

Deno.test("a suspended region that is given up does not come back", () => {
  const catalog = new RegionCatalog();
  catalog.add(region(1, [0, 8]));
  catalog.suspend(1);
  catalog.remove(1);
  assertEquals(catalog.resume(PAGE, 8, 1), undefined);
  assertEquals([catalog.heat(PAGE, 0, 1), catalog.region(1)], [0, undefined]);
});
