// How many guest instructions the compiler translates in a second, over the regions of a real boot, all phases and the
// host's baseline compiler included, no region twice.
//
// A boot of Linux writes down what it asks of the compiler. In each round a process of its own translates that list
// once as it is, with a compiler that the host has just loaded, and another one once after it has translated other code
// (the functions of the benchmark kernels) for some seconds, so that the host has compiled the compiler. A machine
// begins as the first one and comes to be as the second one.
//
// Usage: deno task bench:translation [--rounds=N] [--warm=SECONDS] [--record]
//
// --record keeps the result in bench/results/ and RESULTS.md.

import { parseArgs } from "@std/cli";
import { fileURLToPath } from "node:url";
import { positive, refuseUnknown } from "./engine_rounds.ts";
import { keepRecord } from "./kept_record.ts";
import { describeCommit, describeMachine, RECORD_SCHEMA, today } from "./record.ts";
import { summarize } from "./statistics.ts";
import { recordBoot } from "./translation/boot_requests.ts";
import {
  renderTranslationRecord,
  type TranslationRecord,
  type TranslationRow,
} from "./translation/render_translation.ts";
import { PHASES, type Translated } from "./translation/translator.ts";

const DEFAULT_ROUNDS = 5;
const DEFAULT_WARM_SECONDS = 15;
const MS_PER_SECOND = 1000;
const ONCE = fileURLToPath(new URL("translation/translate_once.ts", import.meta.url));
/** The host compiles a module's functions at once, and not when they are first called. */
const EAGER = "--v8-flags=--no-wasm-lazy-compilation";

async function translateOnce(requests: string, warmSeconds: number): Promise<Translated> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-read", "--no-check", EAGER, ONCE, requests, String(warmSeconds)],
  }).output();
  const text = new TextDecoder();
  if (!success) throw new Error(text.decode(stderr));
  return JSON.parse(text.decode(stdout)) as Translated;
}

function rowOf(name: string, runs: readonly Translated[]): TranslationRow {
  const perInstruction = (ms: (run: Translated) => number) =>
    summarize(runs.map((run) => ms(run) / run.instructions * MS_PER_SECOND));
  const total = ({ times }: Translated): number =>
    PHASES.reduce((sum, phase) => sum + times[phase], 0);
  return {
    name,
    perSecond: summarize(runs.map((run) => run.instructions / total(run) * MS_PER_SECOND)),
    phases: PHASES.map((phase) => ({ phase, us: perInstruction(({ times }) => times[phase]) })),
  };
}

async function measure(rounds: number, warmSeconds: number): Promise<TranslationRecord> {
  const requests = await Deno.makeTempFile({ suffix: ".jsonl" });
  try {
    console.error("a boot that writes down what it asks of the compiler");
    await recordBoot(requests);
    const starts = [
      { name: "just loaded", seconds: 0, runs: [] as Translated[] },
      { name: `after ${warmSeconds} s of other code`, seconds: warmSeconds, runs: [] },
    ];
    for (let round = 0; round < rounds; round++) {
      for (const { name, seconds, runs } of starts) {
        const run = await translateOnce(requests, seconds);
        runs.push(run);
        console.error(`round ${round + 1}, ${name}: ${JSON.stringify(run)}`);
      }
    }
    const [{ instructions, bytes }] = starts[0].runs;
    return {
      ...{ kind: "translation", schema: RECORD_SCHEMA, date: today() },
      ...{ commit: await describeCommit(), machine: await describeMachine(), rounds },
      ...{ regions: await lineCount(requests), instructions, bytes },
      rows: starts.map(({ name, runs }) => rowOf(name, runs)),
    };
  } finally {
    await Deno.remove(requests);
  }
}

async function lineCount(path: string): Promise<number> {
  return (await Deno.readTextFile(path)).split("\n").length - 1;
}

async function main(args: string[]): Promise<void> {
  const flags = parseArgs(args, {
    string: ["rounds", "warm"],
    boolean: ["record"],
    unknown: refuseUnknown,
  });
  const record = await measure(
    positive("--rounds", flags.rounds ?? String(DEFAULT_ROUNDS)),
    positive("--warm", flags.warm ?? String(DEFAULT_WARM_SECONDS)),
  );
  console.log(renderTranslationRecord(record));
  if (flags.record) await keepRecord(record, renderTranslationRecord(record));
}

if (import.meta.main) await main(Deno.args);
