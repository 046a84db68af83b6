import { assertEquals, assertStringIncludes } from "@std/assert";
import { renderStormRecord } from "./render_storms.ts";
import type { BootResult } from "../guest_loads.ts";
import { Results } from "../load_results.ts";
import type { StormRecord } from "./storm_record.ts";

const ENGINES = ["weft (1)", "qemu (7)", "qemu-10 (10)"];

function run(wallMs: number, perSecond: number, more: Partial<BootResult> = {}): BootResult {
  const loads = [{ name: "tlb", workers: 4, perSecond, errors: 1 }];
  return { wallMs, cpuMs: 2 * wallMs, stalls: 0, loads, ...more };
}

function results(): Results {
  const all = new Results();
  for (const perSecond of [100, 300]) all.add("storms", "weft", run(1000, perSecond));
  all.add("storms", "qemu", run(4000, 50));
  all.add("storms", "qemu-10", run(2000, 100));
  all.add("storms", "qemu-10", run(9000, 0, { loads: [], stalls: 2, failure: "it hung" }));
  return all;
}

function record(all: Results): StormRecord {
  const names = ENGINES.map((engine) => engine.split(" ")[0]);
  const boots = { name: "storms", cells: names.map((name) => all.boot("storms", name)) };
  return {
    ...{ schema: 1, kind: "storms", date: "today", commit: "abc", rounds: 2 },
    machine: { cpu: "a processor", cores: 2, os: "linux", architecture: "x86_64" },
    ...{ seconds: 5, harts: 4, engines: ENGINES, stormBoots: boots, boots: [] },
    storms: [{ name: "tlb", cells: names.map((name) => all.load("storms", name, "tlb")) }],
  };
}

Deno.test("failed runs are counted and not timed", () => {
  assertEquals(results().boot("storms", "qemu-10"), {
    wallMs: { median: 2000, min: 2000, max: 2000 },
    cpuMs: { median: 4000, min: 4000, max: 4000 },
    stalls: 2,
    failures: 1,
  });
  assertEquals(results().boot("storms", "nobody"), { stalls: 0, failures: 0 });
  assertEquals(results().load("storms", "nobody", "tlb"), { errors: 0 });
});

Deno.test("ratios are to the better QEMU: more operations, less time", () => {
  const text = renderStormRecord(record(results()));
  assertStringIncludes(text, "| tlb | 200 (100 %) | 50 (0 %) | 100 (0 %) | 2.00 | 2, 1, 1 |");
  assertStringIncludes(text, "| 0.50 | 0/0, 0/0, 2/1 |");
});

Deno.test("an emulator that never came to an end has nothing to compare", () => {
  const none = new Results();
  none.add("storms", "weft", run(0, 0, { loads: [], failure: "it hung" }));
  assertStringIncludes(
    renderStormRecord(record(none)),
    "| tlb | none | none | none | - | 0, 0, 0 |",
  );
});
