import { assertStringIncludes } from "@std/assert";
import type { BootResult } from "../guest_loads.ts";
import { Results } from "../load_results.ts";
import type { DiskRecord } from "./disk_record.ts";
import { renderDiskRecord } from "./render_disks.ts";

const ENGINES = ["weft (1)", "qemu (7)"];

function run(reads: number, alone: number, beside: number): BootResult {
  const load = (name: string, workers: number, perSecond: number) => ({
    ...{ name, workers, perSecond, errors: 0 },
  });
  const loads = [
    { ...load("randread-4k", 1, reads), p99Us: 1e6 / reads },
    load("randread-4k", 4, 2 * reads),
    ...[load("compute", 2, alone), load("compute-beside", 2, beside)],
    load("compute-paced", 2, (alone + beside) / 2),
  ];
  return { wallMs: 1, cpuMs: 1, stalls: 0, loads };
}

function record(results: Results): DiskRecord {
  const names = ENGINES.map((engine) => engine.split(" ")[0]);
  const row = (load: string, workers: number) => ({
    name: `${load} x${workers}`,
    cells: names.map((name) => results.load("disk", name, load, workers)),
  });
  return {
    ...{ schema: 1, kind: "disks", date: "today", commit: "abc", rounds: 1, seconds: 3 },
    machine: { cpu: "a processor", cores: 2, os: "linux", architecture: "x86_64" },
    engines: ENGINES,
    requests: [row("randread-4k", 1), row("randread-4k", 4)],
    work: [{
      name: "disk",
      alone: row("compute", 2),
      beside: row("compute-beside", 2),
      paced: row("compute-paced", 2),
    }],
    boots: [{ name: "disk", cells: names.map((name) => results.boot("disk", name)) }],
  };
}

Deno.test("requests are told apart by their processes, and work by what is left of it", () => {
  const results = new Results();
  results.add("disk", "weft", run(400, 100, 90));
  results.add("disk", "qemu", run(100, 50, 25));
  const text = renderDiskRecord(record(results));
  assertStringIncludes(text, "| randread-4k x1 | 400 (0 %) | 100 (0 %) | 4.00 | 0, 0 |");
  assertStringIncludes(text, "| randread-4k x4 | 800 (0 %) | 200 (0 %) | 4.00 | 0, 0 |");
  assertStringIncludes(text, "| randread-4k x1 | 2500 (0 %) | 10000 (0 %) | 0.25 |");
  assertStringIncludes(text, "| randread-4k x4 | none | none | - |");
  assertStringIncludes(text, "| compute-beside x2: what is left | 0.90 | 0.50 |");
  assertStringIncludes(text, "| compute-paced x2: what is left | 0.95 | 0.75 |");
});

Deno.test("an emulator whose boots failed has nothing to show, and its failures are counted", () => {
  const results = new Results();
  results.add("disk", "weft", { ...run(1, 0, 0), loads: [], failure: "it hung" });
  results.add("disk", "qemu", run(100, 50, 25));
  const text = renderDiskRecord(record(results));
  assertStringIncludes(text, "| randread-4k x1 | none | 100 (0 %) | - | 0, 0 |");
  assertStringIncludes(text, "| compute-beside x2: what is left | none | 0.50 |");
  assertStringIncludes(text, "did not end well: disk 1, 0.");
});
