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
import type { FuzzCounts, FuzzOptions, SeedFuzzer } from "../fuzz_options.ts";
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

function countFeatures(counts: Record<string, number>, { features }: GeneratedProgram): void {
  for (const [name, value] of Object.entries(features)) {
    const key = name === "mode" ? `${value} mode` : name;
    if (value === true || name === "mode") counts[key] = (counts[key] ?? 0) + 1;
  }
}

async function run(options: FuzzOptions): Promise<FuzzCounts> {
  const { seed: first, count, coldTier, say, stopsAtFirst } = options;
  const differential = new DifferentialRun(coldTier);
  const counts = { programs: 0, endless: 0, failures: 0 };
  const features: Record<string, number> = {};
  for (let seed = first; seed < first + count; seed++) {
    const failure = fuzzProgram(differential, seed);
    counts.programs++;
    countFeatures(features, generateProgram(seed));
    if (failure === undefined) counts.endless++;
    if (failure !== undefined && failure !== null) {
      counts.failures++;
      await report(new DifferentialRun(coldTier), failure, options);
      if (stopsAtFirst) break;
    }
    if (counts.programs % STRIDE === 0) {
      const { programs, endless, failures } = counts;
      say(`${programs} programs, ${endless} without end, ${failures} failures`);
    }
  }
  return { ...features, ...counts };
}

async function report(
  differential: DifferentialRun,
  { program, difference }: ProgramFailure,
  { say, saves }: FuzzOptions,
): Promise<void> {
  const command = `deno task fuzz blocks ${program.seed} 1`;
  const small = minimizeDifference(differential, program, difference);
  say(`${reportDifference(differential, program, difference, small)}\n  again: ${command}`);
  if (!saves) return;
  const failing = { kind: "program", program: small, variant: namedVariant(difference) } as const;
  const path = await saveRegression(
    { command, lines: difference.lines, failing },
    `seed ${program.seed}`,
  );
  say(`  saved: ${path}`);
}

function describe(command: string, counts: FuzzCounts): string {
  const { programs, endless, failures, ...features } = counts;
  return [
    `\`${command}\``,
    "",
    `Every program runs in the cold tier and in ${VARIANTS} variants of regions.`,
    "",
    markdownTable([["programs", "given up", "differences"], [programs, endless, failures]]),
    "",
    markdownTable([
      ["programs with", "number"],
      ...Object.entries(features).sort(([, a], [, b]) => b - a),
    ]),
  ].join("\n");
}

/** `deno task fuzz blocks`. */
export const PROGRAM_FUZZER: SeedFuzzer = { section: "Programs", run, describe };
