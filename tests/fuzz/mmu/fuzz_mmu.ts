/** `deno task fuzz mmu`: scripts, seed after seed, against the model. */
import type { FuzzOptions, FuzzSummary } from "../fuzz_options.ts";
import { saveRegression } from "../regressions.ts";
import { markdownTable } from "../results_document.ts";
import { smallerList } from "../smaller_list.ts";
import { MmuRun } from "./mmu_run.ts";
import type { MmuScript } from "./mmu_script.ts";
import { generateScript } from "./script_generator.ts";

const STRIDE = 500;
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

/** Runs the fuzzer. */
export async function fuzzMmu(options: FuzzOptions): Promise<FuzzSummary> {
  const { seed: first, count, coldTier, say, saves, stopsAtFirst } = options;
  const run = new MmuRun(coldTier);
  let failures = 0;
  let unclear = 0;
  for (let seed = first; seed < first + count; seed++) {
    const script = generateScript(seed);
    const difference = run.compare(script);
    if (difference === undefined) unclear++;
    if (difference !== undefined && difference !== null) {
      failures++;
      const command = `deno task fuzz mmu ${seed} 1`;
      say(`seed ${seed}: ${difference.lines.slice(0, 4).join("; ")}\n  again: ${command}`);
      const small = smallerScript(coldTier, script);
      say(`  smallest script: ${small.steps.length} steps, ${small.entries.length} entries`);
      if (saves) {
        const failing = { kind: "mmu", script: small } as const;
        const lines = difference.lines.slice(0, 4);
        say(`  saved: ${await saveRegression({ command, lines, failing }, `seed ${seed}`)}`);
      }
      if (stopsAtFirst) break;
    }
    if ((seed - first + 1) % STRIDE === 0) say(`${seed - first + 1} scripts, ${failures} failures`);
  }
  const { accesses, faults, retired, inRegions } = run.counts;
  const body = [
    `\`deno task fuzz mmu ${first} ${count} --record\``,
    "",
    "Every script runs in the cold tier and in regions, and both are compared with the simple walker.",
    "",
    markdownTable([
      [
        "scripts",
        "without one meaning",
        "runs of stubs",
        "of these ending in a fault",
        "in regions",
        "differences",
      ],
      [
        count,
        unclear,
        accesses,
        faults,
        `${Math.round(100 * inRegions / Math.max(1, retired))} % of instructions`,
        failures,
      ],
    ]),
  ].join("\n");
  return { failures, section: "Address translation", body };
}
