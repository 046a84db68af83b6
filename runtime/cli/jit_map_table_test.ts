import { assertEquals } from "@std/assert";
import type { JitRegion } from "../machine/machine_interface.ts";
import { jitMapTable } from "./jit_map_table.ts";

function region(number: number, samples: number, symbol: string | undefined): JitRegion {
  return {
    number,
    physical: 0x8020_0000,
    virtual: -0x8000_0000,
    modeKey: 0x192,
    symbol,
    instructions: 12,
    bytes: 40,
    entries: 2,
    module: 1,
    moduleBytes: 5000,
    moduleRegions: 3,
    liftMilliseconds: 0.5,
    optimizeMilliseconds: 1.25,
    samples,
  };
}

Deno.test("the hottest region comes first, and columns stand below each other", () => {
  const lines = jitMapTable([region(1, 3, "memcpy"), region(12, 4, undefined)]).split("\n");
  const same = ["0x80200000", "0xffffffff80000000", "0x192", "12", "40", "2", "1", "5000", "3"];
  assertEquals(lines.map((line) => line.trim().split(/ {2,}/)), [
    [
      ...["region", "samples", "physical", "virtual", "mode", "instrs", "bytes", "entries"],
      ...["module", "mod.bytes", "mod.regions", "lift ms", "opt ms", "symbol"],
    ],
    ["12", "4", ...same, "0.50", "1.25", "-"],
    ["1", "3", ...same, "0.50", "1.25", "memcpy"],
    [""],
  ]);
  assertEquals(new Set(lines.slice(0, 3).map((line) => line.search(/symbol|-$|memcpy/))).size, 1);
});

Deno.test("a list of nothing has its titles", () => {
  assertEquals(jitMapTable([]).split("\n").length, 2);
});
