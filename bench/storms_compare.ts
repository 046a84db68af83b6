// Compares this emulator, also with one lock around all devices, with QEMU in what harts do to each other: storms
// inside Linux, and boots of more and more harts.
//
// The order of the emulators turns every round, so that a machine that gets slower or faster meanwhile favours none.
// Opponents are the machine's QEMU and, once `deno task bench:qemu-fetch` has fetched it, QEMU 10.
//
// Usage: deno task bench:storms [--rounds=N] [--seconds=N] [--harts=N] [--only=NAME,...]
//          [--engines=NAME,...] [--record]
//
// --only takes names of storms, `boots` among them; --engines those of emulators (weft, weft-bql, qemu, qemu-10); --record keeps a run of all in bench/results/ and RESULTS.md,
// after each round: a run that is cut off loses one round. A run that hangs or fails is counted, and shown.

import { parseArgs } from "@std/cli";
import {
  availableEngines,
  describeLoads,
  namedEngines,
  positive,
  refuseUnknown,
  turned,
} from "./engine_rounds.ts";
import type { Engine } from "./engines.ts";
import { type BootResult, runBoot } from "./guest_loads.ts";
import { keepRecord } from "./kept_record.ts";
import { loadsText, Results } from "./load_results.ts";
import { renderStormRecord } from "./storms/render_storms.ts";
import type { StormRecord } from "./storms/storm_record.ts";
import { runStorms, STORM_NAMES, type StormName } from "./storms/storms.ts";

const DEFAULT_ROUNDS = 5;
const DEFAULT_SECONDS = 10;
const DEFAULT_HARTS = 4;
/** Harts of the boots. */
const BOOT_HARTS = [1, 2, 4, 8, 16, 32];
const BOOTS = "boots";
const STORM_RUN = "storms";

/** What is run, by whom and how often. */
interface Plan {
  readonly engines: readonly Engine[];
  readonly storms: readonly StormName[];
  readonly bootHarts: readonly number[];
  readonly rounds: number;
  readonly seconds: number;
  readonly harts: number;
}

function bootName(harts: number): string {
  return `-smp ${harts}`;
}

function note(results: Results, what: string, { name }: Engine, run: BootResult): void {
  results.add(what, name, run);
  console.error(`${what}, ${name}: ${run.wallMs.toFixed(0)} ms ${loadsText(run)}`);
  if (run.failure !== undefined) console.error(run.failure);
}

async function runRound(plan: Plan, order: readonly Engine[], results: Results): Promise<void> {
  for (const engine of order) {
    if (plan.storms.length === 0) continue;
    const run = await runStorms(engine, plan.harts, plan.storms, plan.seconds);
    note(results, STORM_RUN, engine, run);
  }
  for (const harts of plan.bootHarts) {
    for (const engine of order) {
      note(results, bootName(harts), engine, await runBoot(engine, harts));
    }
  }
}

/** Yields a record of the rounds so far after each round. */
async function* compare(plan: Plan): AsyncGenerator<StormRecord> {
  const { engines } = plan;
  const frame = await describeLoads(engines, plan.seconds);
  const results = new Results();
  const boots = (what: string) => ({
    name: what,
    cells: engines.map(({ name }) => results.boot(what, name)),
  });
  for (let round = 0; round < plan.rounds; round++) {
    console.error(`round ${round + 1} of ${plan.rounds}`);
    await runRound(plan, turned(engines, round), results);
    yield {
      ...frame,
      ...{ kind: "storms", rounds: round + 1, harts: plan.harts },
      storms: plan.storms.map((storm) => ({
        name: storm,
        cells: engines.map(({ name }) => results.load(STORM_RUN, name, storm)),
      })),
      stormBoots: boots(STORM_RUN),
      boots: plan.bootHarts.map((count) => boots(bootName(count))),
    };
  }
}

function selectItems(only: string | undefined): Pick<Plan, "storms" | "bootHarts"> {
  if (only === undefined) return { storms: STORM_NAMES, bootHarts: BOOT_HARTS };
  const names = only.split(",");
  const known: readonly string[] = [...STORM_NAMES, BOOTS];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Error(`--only: there is no ${unknown}; there are ${known.join(", ")}`);
  }
  return {
    storms: STORM_NAMES.filter((name) => names.includes(name)),
    bootHarts: names.includes(BOOTS) ? BOOT_HARTS : [],
  };
}

async function main(args: string[]): Promise<void> {
  const flags = parseArgs(args, {
    string: ["rounds", "seconds", "harts", "only", "engines"],
    boolean: ["record"],
    unknown: refuseUnknown,
  });
  if (flags.record && (flags.only ?? flags.engines) !== undefined) {
    throw new Error("--record keeps runs of all storms and boots in all emulators only");
  }
  const plan: Plan = {
    ...selectItems(flags.only),
    engines: flags.engines === undefined
      ? await availableEngines(["weft", "weft-bql", "qemu"])
      : namedEngines("--engines", flags.engines),
    rounds: positive("--rounds", flags.rounds ?? String(DEFAULT_ROUNDS)),
    seconds: positive("--seconds", flags.seconds ?? String(DEFAULT_SECONDS)),
    harts: positive("--harts", flags.harts ?? String(DEFAULT_HARTS)),
  };
  for await (const record of compare(plan)) {
    if (record.rounds === plan.rounds) console.log(renderStormRecord(record));
    if (flags.record) await keepRecord(record, renderStormRecord(record));
  }
}

if (import.meta.main) await main(Deno.args);
