import { assertEquals } from "@std/assert";
import { GUEST_RAM_OFFSET } from "../atomics/shared_layout.ts";
import { SymbolTable } from "../profile/symbol_table.ts";
import { Symbols } from "../profile/symbols.ts";
import type { ModuleRecord, RegionRecord } from "../translation/region_record.ts";
import { JitMap } from "./jit_map.ts";

const RAM_BASE = 0x8000_0000;
const MODE = 0x12;
const table = new SymbolTable([{ name: "work", address: 0x1000, bytes: 0x100 }]);
const symbols = new Symbols([{ table, isSystem: false }]);

/** A region of two-byte instructions from an offset in RAM on. */
function region(number: number, start: number, count: number): RegionRecord {
  const hosts = Array.from({ length: count }, (_, index) => GUEST_RAM_OFFSET + start + 2 * index);
  return {
    number,
    address: 0x1000 + start,
    modeKey: MODE,
    entries: [hosts[0]],
    code: hosts,
    bytes: 2 * count,
    times: { lift: 1, optimize: 2 },
  };
}

function made(module: number, ...regions: RegionRecord[]): ModuleRecord {
  return { module, bytes: 500, regions };
}

function map(): JitMap {
  return new JitMap({ ramBase: RAM_BASE, symbols });
}

Deno.test("a region is listed with its place, its name and what it was compiled from", () => {
  const list = map();
  list.add(made(1, region(1, 0x20, 3)));
  assertEquals(list.regions(), [{
    number: 1,
    physical: RAM_BASE + 0x20,
    virtual: 0x1020,
    modeKey: MODE,
    symbol: "work",
    instructions: 3,
    bytes: 6,
    entries: 1,
    module: 1,
    moduleBytes: 500,
    moduleRegions: 1,
    liftMilliseconds: 1,
    optimizeMilliseconds: 2,
    samples: 0,
  }]);
});

Deno.test("a sample counts for the region that is entered there, else for the newest around it", () => {
  const list = map();
  list.add(made(1, region(1, 0x20, 4), region(2, 0x22, 1)));
  list.add(made(2, region(3, 0x20, 3)));
  list.count(GUEST_RAM_OFFSET + 0x22, MODE); // entry of 2
  list.count(GUEST_RAM_OFFSET + 0x24, MODE); // inside of 1 and 3
  list.count(GUEST_RAM_OFFSET + 0x26, MODE); // inside of 1 alone
  list.count(GUEST_RAM_OFFSET + 0x26, MODE);
  list.count(GUEST_RAM_OFFSET + 0x26, MODE + 1); // another mode's
  list.count(0, MODE); // nobody knows where
  assertEquals(list.regions().map(({ samples }) => samples), [2, 1, 1]);
});

Deno.test("numbers go on through the power cycles of a machine", () => {
  const list = map();
  list.beginCycle();
  list.add(made(1, region(1, 0, 1), region(4, 8, 1)));
  list.beginCycle();
  list.add(made(1, region(1, 0, 1)));
  assertEquals(list.regions().map(({ number }) => number), [1, 4, 5]);
});
