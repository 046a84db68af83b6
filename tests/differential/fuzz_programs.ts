/**
 * Compares regions with the cold tier on random programs, seed after seed: `deno task fuzz`, with the first seed
 * and the number of programs as arguments. Prints a report of each difference, with the program made small.
 */
import { DifferentialRun, randomVariants } from "./differential_run.ts";
import { reportDifference } from "./failure_report.ts";
import { generateProgram } from "./program_generator.ts";
import { SeededRandom } from "./seeded_random.ts";

/** What a walk over seeds found. */
export interface FuzzResult {
  /** Programs compared. */
  readonly compared: number;
  /** Programs that did not end. */
  readonly endless: number;
  /** A report for each difference. */
  readonly reports: readonly string[];
}

/** Ways in which each program is run in regions. */
const VARIANTS = 3;

/** Compares the programs of consecutive seeds. */
export function fuzzPrograms(run: DifferentialRun, firstSeed: number, count: number): FuzzResult {
  const reports: string[] = [];
  let endless = 0;
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const program = generateProgram(seed);
    const difference = run.compare(program, randomVariants(new SeededRandom(seed), VARIANTS));
    if (difference === undefined) endless++;
    else if (difference !== null) reports.push(reportDifference(run, program, difference));
  }
  return { compared: count - endless, endless, reports };
}

const DEFAULT_COUNT = 20_000;
/** Seeds between two lines of progress. */
const STRIDE = 500;

if (import.meta.main) {
  const [first = Date.now() % 1_000_000_000, count = DEFAULT_COUNT] = Deno.args.map(Number);
  const run = await DifferentialRun.create();
  let failures = 0;
  for (let seed = first; seed < first + count; seed += STRIDE) {
    const { compared, endless, reports } = fuzzPrograms(run, seed, STRIDE);
    reports.forEach((report) => console.log(report));
    failures += reports.length;
    console.log(`seed ${seed}: ${compared} compared, ${endless} without end, ${failures} failures`);
  }
  Deno.exit(failures === 0 ? 0 : 1);
}
