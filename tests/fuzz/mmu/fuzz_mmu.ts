/** `deno task fuzz mmu`: scripts, seed after seed, against the model. */
import type { FuzzCounts, FuzzOptions, SeedFuzzer } from "../fuzz_options.ts";
import { saveRegression } from "../regressions.ts";
import { markdownTable } from "../results_document.ts";
import { smallerList } from "../smaller_list.ts";
import { type MmuDifference, MmuRun } from "./mmu_run.ts";
import type { MmuScript } from "./mmu_script.ts";
import { generateScript } from "./script_generator.ts";

const STRIDE = 500;
const REPORTED_LINES = 4;
/** Runs of a script on one hart: regions of earlier scripts may matter. */
const RUNS_WHEN_MADE_SMALL = 8;

/** Does the script fail on a hart of its own? */
function fails(coldTier: WebAssembly.Module, script: MmuScript): boolean {
  const run = new MmuRun(coldTier);
  for (let time = 0; time < RUNS_WHEN_MADE_SMALL; time++) {
    if ((run.compare(script) ?? null) !== null) return true;
  }
  return false;
}

/** The script with as few steps and entries as still fail. */
export function smallerScript(coldTier: WebAssembly.Module, script: MmuScript): MmuScript {
  if (!fails(coldTier, script)) return script;
  const steps = smallerList(script.steps, (list) => fails(coldTier, { ...script, steps: list }));
  const entries = smallerList(
    script.entries,
    (list) => fails(coldTier, { ...script, steps, entries: list }),
  );
  return { ...script, steps, entries };
}

async function run(options: FuzzOptions): Promise<FuzzCounts> {
  const { seed: first, count, coldTier, say, stopsAtFirst } = options;
  const mmu = new MmuRun(coldTier);
  const counts = { scripts: 0, unclear: 0, failures: 0 };
  for (let seed = first; seed < first + count; seed++) {
    const script = generateScript(seed);
    const difference = mmu.compare(script);
    counts.scripts++;
    if (difference === undefined) counts.unclear++;
    if (difference !== undefined && difference !== null) {
      counts.failures++;
      await report(script, difference, options);
      if (stopsAtFirst) break;
    }
    if (counts.scripts % STRIDE === 0) {
      say(`${counts.scripts} scripts, ${counts.failures} failures`);
    }
  }
  return { ...mmu.counts, ...counts };
}

async function report(
  script: MmuScript,
  difference: MmuDifference,
  { coldTier, say, saves }: FuzzOptions,
): Promise<void> {
  const command = `deno task fuzz mmu ${script.seed} 1`;
  const lines = difference.lines.slice(0, REPORTED_LINES);
  say(`seed ${script.seed}: ${lines.join("; ")}\n  again: ${command}`);
  const small = smallerScript(coldTier, script);
  say(`  smallest script: ${small.steps.length} steps, ${small.entries.length} entries`);
  if (!saves) return;
  const failing = { kind: "mmu", script: small } as const;
  const path = await saveRegression({ command, lines, failing }, `seed ${script.seed}`);
  say(`  saved: ${path}`);
}

function describe(command: string, counts: FuzzCounts): string {
  const { scripts, unclear, accesses, faults, retired, inRegions, failures } = counts;
  return [
    `\`${command}\``,
    "",
    "Every script runs in the cold tier and in regions, and both are compared with the simple walker.",
    "",
    markdownTable([
      [
        "scripts",
        "without one meaning",
        "runs of stubs",
        "of these ending in a fault",
        "instructions in regions",
        "differences",
      ],
      [
        scripts,
        unclear,
        accesses,
        faults,
        `${Math.round(100 * inRegions / Math.max(1, retired))} %`,
        failures,
      ],
    ]),
  ].join("\n");
}

/** `deno task fuzz mmu`. */
export const MMU_FUZZER: SeedFuzzer = { section: "Address translation", run, describe };
