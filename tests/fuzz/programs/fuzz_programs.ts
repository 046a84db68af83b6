/** `deno task fuzz blocks`: random programs, seed after seed, in regions and in the cold tier. */
import {
  type Difference,
  DifferentialRun,
  randomVariants,
} from "../../differential/differential_run.ts";
import { minimizeDifference, reportDifference } from "../../differential/failure_report.ts";
import type { GeneratedProgram } from "../../differential/program_features.ts";
import { generateProgram } from "../../differential/program_generator.ts";
import { SeededRandom } from "../../differential/seeded_random.ts";
import { PIPELINE } from "../../../optimizer/pipeline.ts";
import type { FuzzOptions, FuzzSummary } from "../fuzz_options.ts";
import { type NamedVariant, saveRegression } from "../regressions.ts";
import { markdownTable } from "../results_document.ts";

/** Ways in which each program is run in regions. */
const VARIANTS = 2;
const STRIDE = 500;

/** A program that differs. */
export interface ProgramFailure {
  readonly program: GeneratedProgram;
  readonly difference: Difference;
}

/** What one seed gave: null when there is no difference, undefined when the program does not end. */
export function fuzzProgram(run: DifferentialRun, seed: number): ProgramFailure | null | undefined {
  const program = generateProgram(seed);
  const difference = run.compare(program, randomVariants(new SeededRandom(seed), VARIANTS));
  return difference ? { program, difference } : difference;
}

/** A variant by the names of its passes. */
export function namedVariant({ variant }: Difference): NamedVariant {
  return { ...variant, passes: variant.passes.map(({ name }) => name) };
}

/** The variant of those names. */
export function variantOf(named: NamedVariant): Difference["variant"] {
  return { ...named, passes: PIPELINE.filter(({ name }) => named.passes.includes(name)) };
}

/** How many programs have a feature. */
type FeatureCounts = Map<string, number>;

function countFeatures(counts: FeatureCounts, { features }: GeneratedProgram): void {
  for (const [name, value] of Object.entries(features)) {
    const key = name === "mode" ? `${value} mode` : name;
    if (value === true || name === "mode") counts.set(key, (counts.get(key) ?? 0) + 1);
  }
}

/** Runs the fuzzer. */
export async function fuzzPrograms(options: FuzzOptions): Promise<FuzzSummary> {
  const { seed: first, count, coldTier, say, saves, stopsAtFirst } = options;
  const run = new DifferentialRun(coldTier);
  const counts: FeatureCounts = new Map();
  let failures = 0;
  let endless = 0;
  for (let seed = first; seed < first + count; seed++) {
    const failure = fuzzProgram(run, seed);
    countFeatures(counts, generateProgram(seed));
    if (failure === undefined) endless++;
    if (failure !== undefined && failure !== null) {
      failures++;
      await report(new DifferentialRun(coldTier), failure, options, saves);
      if (stopsAtFirst) break;
    }
    if ((seed - first + 1) % STRIDE === 0) {
      say(`${seed - first + 1} programs, ${endless} without end, ${failures} failures`);
    }
  }
  return { failures, section: "Programs", body: body({ first, count, endless, failures }, counts) };
}

async function report(
  run: DifferentialRun,
  { program, difference }: ProgramFailure,
  { say }: FuzzOptions,
  saves: boolean,
): Promise<void> {
  const command = `deno task fuzz blocks ${program.seed} 1`;
  say(`${reportDifference(run, program, difference)}\n  again: ${command}`);
  if (!saves) return;
  const small = minimizeDifference(run, program, difference);
  const failing = { kind: "program", program: small, variant: namedVariant(difference) } as const;
  const path = await saveRegression(
    { command, lines: difference.lines, failing },
    `seed ${program.seed}`,
  );
  say(`  saved: ${path}`);
}

function body(
  { first, count, endless, failures }: {
    readonly first: number;
    readonly count: number;
    readonly endless: number;
    readonly failures: number;
  },
  counts: FeatureCounts,
): string {
  const features = [...counts].sort((a, b) => b[1] - a[1]);
  return [
    `\`deno task fuzz blocks ${first} ${count} --record\``,
    "",
    `Every program runs in the cold tier and in ${VARIANTS} variants of regions.`,
    "",
    markdownTable([
      ["programs", "given up", "differences"],
      [count, endless, failures],
    ]),
    "",
    markdownTable([["programs with", "number"], ...features]),
  ].join("\n");
}
