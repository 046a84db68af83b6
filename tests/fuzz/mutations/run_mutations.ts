/**
 * `deno task fuzz:mutations`: makes each mistake of the list in a copy of the sources, builds the cold tier from
 * them, and runs the fuzzers with a bounded budget until one finds it. A mistake that cannot be made, or is not
 * found, is a failure.
 *
 * Both tiers have a mistake in a lifter or the page walk alike: only results of others show it, which are the
 * recorded ones and the walker.
 *
 * Flags: `--only=REGEX` names mistakes; `--record` writes the results document; `--jobs=N` tries several at once.
 */
import { parseArgs } from "@std/cli";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { markdownTable, recordSection } from "../results_document.ts";
import type { Regression } from "../regressions.ts";
import { type MutatedPart, type Mutation, MUTATIONS } from "./mutation_list.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const COPIED = [
  "deno.json",
  "deno.lock",
  "mod.ts",
  "frontend",
  "ir",
  "optimizer",
  "wasm_backend",
  "runtime",
  "tests",
];
const REGRESSIONS = "tests/fuzz/regressions";

/** A run of a fuzzer, or of a test. */
interface Attempt {
  /** As the results document names it. */
  readonly name: string;
  /** Arguments of Deno. */
  readonly args: readonly string[];
}

function fuzz(...words: string[]): Attempt {
  const run = ["run", "--no-check", "--allow-all", "tests/fuzz/fuzz.ts", ...words];
  return {
    name: ["fuzz", ...words].join(" "),
    args: [...run, "--stop-at-first", "--built-cold-tier"],
  };
}

function test(path: string): Attempt {
  return { name: path, args: ["test", "--no-check", "--allow-all", path] };
}

const VECTORS = fuzz("vectors");
const ROWS = fuzz("rows", "1", "64", "--no-qemu");
const BLOCKS = fuzz("blocks", "1", "500");
const MMU = fuzz("mmu", "1", "400");
const RANDOM_REGIONS = test("tests/fuzz/optimizer_test.ts");
const GOLDEN_FILES = test("tests/filetests/filetest_test.ts");

/** Which fuzzers are tried, the most promising first. */
const ATTEMPTS: Readonly<Record<MutatedPart, readonly Attempt[]>> = {
  lifter: [VECTORS, ROWS, BLOCKS, MMU],
  optimizer: [BLOCKS, ROWS, VECTORS, MMU],
  fences: [RANDOM_REGIONS, GOLDEN_FILES],
  "region lowering": [BLOCKS, MMU, ROWS, VECTORS],
  "address translation": [MMU, BLOCKS, VECTORS],
};

interface Finding {
  /** The run that found it, or null. */
  readonly foundBy: string | null;
  /** Instructions or steps of the case made small. */
  readonly size: string;
  readonly seconds: number;
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(join(from, name), join(to, name));
    else await Deno.copyFile(join(from, name), join(to, name));
  }
}

async function copySources(to: string): Promise<void> {
  for (const name of COPIED) {
    const { isDirectory } = await Deno.stat(join(ROOT, name));
    if (isDirectory) await copyFolder(join(ROOT, name), join(to, name));
    else await Deno.copyFile(join(ROOT, name), join(to, name));
  }
}

/** The text with the mistake. Throws when it cannot be made in exactly one place. */
export function mutated(text: string, { from, to, file, what }: Mutation): string {
  const parts = text.split(from);
  if (parts.length !== 2) {
    throw new Error(`Cannot make "${what}": its text stands ${parts.length - 1} times in ${file}`);
  }
  return parts.join(to);
}

async function emptyRegressions(copy: string): Promise<void> {
  await Deno.remove(join(copy, REGRESSIONS), { recursive: true });
  await Deno.mkdir(join(copy, REGRESSIONS));
}

/** Size of the case that was saved, if one was. */
async function savedSize(copy: string): Promise<string> {
  for await (const { name } of Deno.readDir(join(copy, REGRESSIONS))) {
    const text = await Deno.readTextFile(join(copy, REGRESSIONS, name));
    const { failing } = JSON.parse(text) as Regression;
    if (failing.kind === "mmu") return `${failing.script.steps.length} steps`;
    if (failing.kind !== "program") return "1 instruction";
    const count = failing.program.lines.filter(({ kind }) => kind !== "label").length;
    return `${count} instructions`;
  }
  return "";
}

async function find(copy: string, { part }: Mutation): Promise<Finding> {
  const start = performance.now();
  for (const { name, args } of ATTEMPTS[part]) {
    await emptyRegressions(copy);
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: [...args],
      cwd: copy,
      stdout: "null",
      stderr: "null",
    }).output();
    if (code === 0) continue;
    const seconds = Math.round((performance.now() - start) / 1000);
    return { foundBy: name, size: await savedSize(copy), seconds };
  }
  return { foundBy: null, size: "", seconds: Math.round((performance.now() - start) / 1000) };
}

async function tryMutation(copy: string, mutation: Mutation): Promise<Finding> {
  const path = join(copy, mutation.file);
  const text = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, mutated(text, mutation));
  try {
    return await find(copy, mutation);
  } finally {
    await Deno.writeTextFile(path, text);
  }
}

/** A line of the table. */
type ResultRow = readonly (string | number)[];

function resultRow({ part, what, file }: Mutation, { foundBy, size, seconds }: Finding): ResultRow {
  const by = foundBy === null ? "not found" : `\`${foundBy}\``;
  return [part, what, `\`${file}\``, by, size, seconds];
}

/** Takes mistakes from the list, each in a copy of the sources that only this one changes. */
async function work(waiting: Mutation[], findings: Map<Mutation, Finding>): Promise<void> {
  const copy = await Deno.makeTempDir({ prefix: "weft_mutations_" });
  try {
    await copySources(copy);
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const finding = await tryMutation(copy, next);
      findings.set(next, finding);
      const { foundBy, size, seconds } = finding;
      console.log(`${next.what}: ${foundBy ?? "NOT FOUND"}, ${size}, ${seconds} s`);
    }
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
}

async function main(words: readonly string[]): Promise<number> {
  const { only, record, jobs } = parseArgs([...words], {
    string: ["only", "jobs"],
    boolean: ["record"],
    default: { jobs: "1" },
  });
  const chosen = MUTATIONS.filter(({ what }) => only === undefined || new RegExp(only).test(what));
  const findings = new Map<Mutation, Finding>();
  const waiting = [...chosen];
  await Promise.all(Array.from({ length: Number(jobs) }, () => work(waiting, findings)));
  const rows = chosen.flatMap((mutation) => {
    const finding = findings.get(mutation);
    return finding === undefined ? [] : [resultRow(mutation, finding)];
  });
  const found = chosen.filter((mutation) => (findings.get(mutation)?.foundBy ?? null) !== null);
  const head = ["part", "mistake", "file", "found by", "made small to", "seconds"];
  const summary = `${found.length} of ${chosen.length} mistakes found.`;
  const command = "`deno task fuzz:mutations --record`";
  const body = [command, "", summary, "", markdownTable([head, ...rows])].join("\n");
  if (record) await recordSection("Mutations", body);
  console.log(summary);
  return found.length === chosen.length ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
