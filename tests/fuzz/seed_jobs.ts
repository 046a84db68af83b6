/** Runs a fuzzer over seeds, shared among processes when there are to be several. */
import { addCounts, type FuzzCounts, type FuzzOptions, type SeedFuzzer } from "./fuzz_options.ts";

/** Marks the line with the counts in the output of a process. */
const COUNTS_MARK = "counts: ";
const SCRIPT = new URL("./fuzz.ts", import.meta.url).pathname;

/** Tells the process that started this one what was counted. */
export function tellCounts(counts: FuzzCounts): void {
  console.log(COUNTS_MARK + JSON.stringify(counts));
}

/** Runs the fuzzer in this process, or in several with their share of the seeds. */
export async function runSeeds(
  fuzzer: SeedFuzzer,
  options: FuzzOptions,
  { jobs, what, flags }: {
    readonly jobs: number;
    readonly what: string;
    readonly flags: readonly string[];
  },
): Promise<FuzzCounts> {
  if (jobs <= 1) return await fuzzer.run(options);
  const { seed, count, say } = options;
  const share = Math.ceil(count / jobs);
  const all = await Promise.all(Array.from({ length: jobs }, async (_, job) => {
    const first = seed + job * share;
    const seeds = Math.min(share, seed + count - first);
    const process = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-check",
        "--allow-all",
        SCRIPT,
        what,
        `${first}`,
        `${seeds}`,
        ...flags,
        "--counts",
      ],
      stdout: "piped",
    }).spawn();
    return await countsOf(process, (line) => say(`${first}: ${line}`));
  }));
  return addCounts(all);
}

/** Passes a process's lines on; gives its counts. */
async function countsOf(
  process: Deno.ChildProcess,
  say: (line: string) => void,
): Promise<FuzzCounts> {
  let counts: FuzzCounts | null = null;
  let rest = "";
  for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line.startsWith(COUNTS_MARK)) counts = JSON.parse(line.slice(COUNTS_MARK.length));
      else say(line);
    }
  }
  await process.status;
  if (counts === null) throw new Error("A fuzzer ended before its time");
  return counts;
}
