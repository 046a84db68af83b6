/**
 * `deno task litmus`: runs litmus tests on the emulator and compares what is seen with what RVWMO allows.
 *
 * ```sh
 * deno task litmus                                 # all tests, all configurations
 * deno task litmus --test 'MP*' --config 0         # some tests, one configuration
 * deno task litmus --iterations 10M --config 0
 * deno task litmus --list                          # tests and configurations
 * deno task litmus --explain SB '0:x11=0; 1:x11=0' # an execution, or the axiom that forbids it
 * ```
 */
import { parseArgs } from "node:util";
import { explain, parseOutcomeQuestion } from "./model/explanation.ts";
import { RVWMO, TSO } from "./model/preserved_order.ts";
import { allConfigurations } from "./machine/configurations.ts";
import { Laboratory } from "./machine/laboratory.ts";
import { configurationText, replayText, verdictText } from "./machine/report.ts";
import { isWrong } from "./machine/verdict.ts";
import { type LibraryTest, loadLibrary, readTest } from "./test_library.ts";

const DEFAULT_ITERATIONS = "200k";
/** Of tests with pages: a fence of translations takes as long as hundreds of loads. */
const DEFAULT_ITERATIONS_WITH_PAGES = "20k";
/** Batches before iterations count: time for compilation, and for the host's optimizing compiler. */
const WARM_BATCHES = 8;
const FACTORS: Readonly<Record<string, number>> = { "": 1, k: 1e3, M: 1e6 };
const MS_PER_SECOND = 1000;

const TEXT = { type: "string" } as const;
const OPTIONS = {
  test: TEXT,
  config: TEXT,
  iterations: TEXT,
  seed: TEXT,
  explain: TEXT,
  file: TEXT,
  list: { type: "boolean" },
  help: { type: "boolean" },
} as const;

const USAGE =
  `deno task litmus [--test GLOB] [--config N] [--iterations N[k|M]] [--seed N] [--file FILE]
deno task litmus --list
deno task litmus --explain TEST ['OUTCOME']`;
/** Exit code when the command line is not understood. */
const MISUSED = 2;

interface Wishes {
  readonly tests: readonly LibraryTest[];
  readonly configurations: readonly number[];
  readonly iterations: number;
  readonly iterationsWithPages: number;
  readonly seed: number;
}

function parseCount(text: string): number {
  const found = /^(\d+)([kM]?)$/.exec(text);
  if (found === null) throw new SyntaxError(`"${text}" is no count like 200000, 200k or 10M`);
  return Number(found[1]) * FACTORS[found[2]];
}

/** A pattern with `*` for any text. */
function globPattern(glob: string): RegExp {
  const escaped = glob.replaceAll(/[.+^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
  return new RegExp(`^${escaped}$`);
}

function select(library: readonly LibraryTest[], glob: string): LibraryTest[] {
  const pattern = globPattern(glob);
  const found = library.filter(({ test, file }) => pattern.test(test.name) || pattern.test(file));
  if (found.length === 0) throw new RangeError(`there is no test "${glob}"; --list names all`);
  return found;
}

async function runTests({ tests, configurations, ...effort }: Wishes): Promise<number> {
  const all = allConfigurations();
  const laboratory = new Laboratory({ ...effort, warmBatches: WARM_BATCHES });
  const { iterations, seed } = effort;
  const wantsHistogram = tests.length === 1;
  let wrong = 0;
  for (const number of configurations) {
    console.log(configurationText(number, all[number]));
    await laboratory.run(tests.map(({ test }) => test), all[number], (verdict) => {
      console.log(verdictText(verdict, wantsHistogram));
      if (!isWrong(verdict)) return;
      wrong++;
      console.log(replayText(verdict, { configuration: number, seed, iterations }));
    });
  }
  return wrong;
}

function listAll(library: readonly LibraryTest[]): void {
  allConfigurations().forEach((row, number) => console.log(configurationText(number, row)));
  for (const { file, expected } of library) {
    const words = Object.entries(expected).map(([model, isAllowed]) =>
      `${model} ${isAllowed ? "allowed" : "forbidden"}`
    );
    console.log(`${file}: ${words.join(", ")}`);
  }
}

function configurationNumbers(text: string | undefined): number[] {
  const count = allConfigurations().length;
  if (text === undefined) return Array.from({ length: count }, (_, number) => number);
  const number = Number(text);
  if (Number.isInteger(number) && number >= 0 && number < count) return [number];
  throw new RangeError(`there is no configuration "${text}": they are 0 to ${count - 1}`);
}

/** All tests of the repository, or the one of a file. */
async function testsOf(file: string | undefined): Promise<LibraryTest[]> {
  if (file === undefined) return await loadLibrary();
  return [readTest(file, await Deno.readTextFile(file))];
}

function explainTest({ test }: LibraryTest, outcome: string | undefined): void {
  const question = outcome === undefined
    ? test.condition.proposition
    : parseOutcomeQuestion(outcome);
  for (const model of [RVWMO, TSO]) console.log(explain(test, model, question));
}

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: OPTIONS,
    allowPositionals: true,
  });
  if (values.help === true) {
    console.log(USAGE);
    return 0;
  }
  const library = await testsOf(values.file);
  if (values.list === true) {
    listAll(library);
    return 0;
  }
  if (values.explain !== undefined) {
    explainTest(select(library, values.explain)[0], positionals[0]);
    return 0;
  }
  const start = performance.now();
  const seed = values.seed === undefined ? Date.now() & 0x7fff_ffff : Number(values.seed);
  const tests = select(library, values.test ?? "*");
  const wrong = await runTests({
    tests,
    configurations: configurationNumbers(values.config),
    iterations: parseCount(values.iterations ?? DEFAULT_ITERATIONS),
    iterationsWithPages: parseCount(values.iterations ?? DEFAULT_ITERATIONS_WITH_PAGES),
    seed,
  });
  const seconds = ((performance.now() - start) / MS_PER_SECOND).toFixed(0);
  console.log(`${tests.length} tests, seed ${seed}, ${seconds} s: ${wrong} wrong`);
  return wrong === 0 ? 0 : 1;
}

/** Wrong words on the command line, wrong files: their messages name what and where. */
function isMisuse(error: unknown): error is Error {
  const isOption = error instanceof TypeError && "code" in error &&
    String(error.code).startsWith("ERR_PARSE_ARGS");
  return isOption || error instanceof SyntaxError || error instanceof RangeError ||
    error instanceof Deno.errors.NotFound;
}

async function run(): Promise<number> {
  try {
    return await main(Deno.args);
  } catch (error) {
    if (!isMisuse(error)) throw error;
    console.error(`litmus: ${error.message}\n${USAGE}`);
    return MISUSED;
  }
}

if (import.meta.main) Deno.exit(await run());
