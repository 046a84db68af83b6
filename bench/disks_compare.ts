// Compares this emulator with QEMU in what a disk can do, by Debian's fio, and in what it costs a hart that has no use
// for it; without and with a thread of the disk's own (`-object iothread`).
//
// The order of the emulators turns every round, so that a machine that gets slower or faster meanwhile favours none.
// Opponents are the machine's QEMU and, once `deno task bench:qemu-fetch` has fetched it, QEMU 10.
//
// Usage: deno task bench:disks [--rounds=N] [--seconds=N] [--record]
//
// --record keeps the result in bench/results/ and RESULTS.md, after each round: a run that is cut off loses one
// round. A run that hangs or fails is counted, and shown.

import { parseArgs } from "@std/cli";
import { DISK_THREADS, runDiskLoads, WORK } from "./disks/disk_loads.ts";
import type { DiskRecord } from "./disks/disk_record.ts";
import { JOBS, REQUESTS } from "./disks/fio_jobs.ts";
import { renderDiskRecord } from "./disks/render_disks.ts";
import {
  availableEngines,
  describeLoads,
  positive,
  refuseUnknown,
  turned,
} from "./engine_rounds.ts";
import type { Engine } from "./engines.ts";
import { keepRecord } from "./kept_record.ts";
import { type LoadCell, loadsText, Results, type Row } from "./load_results.ts";

const DEFAULT_ROUNDS = 5;
const DEFAULT_SECONDS = 3;

/** What is run, by whom and how often. */
interface Plan {
  readonly engines: readonly Engine[];
  readonly rounds: number;
  readonly seconds: number;
}

async function runRound(order: readonly Engine[], seconds: number, results: Results) {
  for (const { name, hasIoThread } of DISK_THREADS) {
    for (const engine of order) {
      const run = await runDiskLoads(engine, seconds, hasIoThread);
      results.add(name, engine.name, run);
      console.error(`${engine.name}, ${name}: ${loadsText(run)}`);
      if (run.failure !== undefined) console.error(run.failure);
    }
  }
}

/** Yields a record of the rounds so far after each round. */
async function* compare({ engines, rounds, seconds }: Plan): AsyncGenerator<DiskRecord> {
  const frame = await describeLoads(engines, seconds);
  const results = new Results();
  const row = (label: string, what: string, load: string, workers?: number): Row<LoadCell> => ({
    name: label,
    cells: engines.map(({ name }) => results.load(what, name, load, workers)),
  });
  for (let round = 0; round < rounds; round++) {
    console.error(`round ${round + 1} of ${rounds}`);
    await runRound(turned(engines, round), seconds, results);
    yield {
      ...frame,
      ...{ kind: "disks", rounds: round + 1 },
      requests: REQUESTS.flatMap((request) =>
        JOBS.flatMap((jobs) =>
          DISK_THREADS.map(({ name, hasIoThread }) =>
            row(
              `${request.name} x${jobs}${hasIoThread ? ", iothread" : ""}`,
              name,
              request.name,
              jobs,
            )
          )
        )
      ),
      work: DISK_THREADS.map(({ name }) => ({
        name,
        alone: row(`${name}: alone`, name, WORK.alone),
        beside: row(`${name}: beside reads`, name, WORK.beside),
        paced: row(`${name}: beside 500 reads a second`, name, WORK.paced),
      })),
      boots: DISK_THREADS.map(({ name: what }) => ({
        name: what,
        cells: engines.map(({ name }) => results.boot(what, name)),
      })),
    };
  }
}

async function main(args: string[]): Promise<void> {
  const flags = parseArgs(args, {
    string: ["rounds", "seconds"],
    boolean: ["record"],
    unknown: refuseUnknown,
  });
  const plan: Plan = {
    engines: await availableEngines(["weft", "qemu"]),
    rounds: positive("--rounds", flags.rounds ?? String(DEFAULT_ROUNDS)),
    seconds: positive("--seconds", flags.seconds ?? String(DEFAULT_SECONDS)),
  };
  for await (const record of compare(plan)) {
    if (record.rounds === plan.rounds) console.log(renderDiskRecord(record));
    if (flags.record) await keepRecord(record, renderDiskRecord(record));
  }
}

if (import.meta.main) await main(Deno.args);
