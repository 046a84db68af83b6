// Compares this emulator with QEMU in what comes through its user-mode network, by Debian's iperf3 in the guest and on
// the host (its packages are fetched, nothing is installed).
//
// The order of the emulators turns every round, so that a machine that gets slower or faster meanwhile favours none.
// Opponents are the machine's QEMU and, once `deno task bench:qemu-fetch` has fetched it, QEMU 10.
//
// Usage: deno task bench:network [--rounds=N] [--seconds=N] [--record]
//
// --record keeps the result in bench/results/ and RESULTS.md, after each round: a run that is cut off loses one
// round. A run that hangs or fails is counted, and shown.

import { parseArgs } from "@std/cli";
import {
  availableEngines,
  describeLoads,
  positive,
  refuseUnknown,
  turned,
} from "./engine_rounds.ts";
import { keepRecord } from "./kept_record.ts";
import { type LoadCell, loadsText, Results, type Row } from "./load_results.ts";
import { CONNECTIONS, TRANSFERS } from "./network/iperf_loads.ts";
import { ROUND_TRIP, runNetworkLoads } from "./network/network_loads.ts";
import type { NetworkRecord } from "./network/network_record.ts";
import { renderNetworkRecord } from "./network/render_network.ts";

const DEFAULT_ROUNDS = 5;
const DEFAULT_SECONDS = 3;
const NETWORK = "network";

const flags = parseArgs(Deno.args, {
  string: ["rounds", "seconds"],
  boolean: ["record"],
  unknown: refuseUnknown,
});
const engines = await availableEngines(["weft", "qemu"]);
const rounds = positive("--rounds", flags.rounds ?? String(DEFAULT_ROUNDS));
const seconds = positive("--seconds", flags.seconds ?? String(DEFAULT_SECONDS));
const frame = await describeLoads(engines, seconds);
const results = new Results();

function row(load: string, connections: number): Row<LoadCell> {
  return {
    name: `${load} x${connections}`,
    cells: engines.map(({ name }) => results.load(NETWORK, name, load, connections)),
  };
}

function recordOf(done: number): NetworkRecord {
  return {
    ...frame,
    ...{ kind: "network", rounds: done },
    transfers: TRANSFERS.flatMap(({ name }) => CONNECTIONS.map((count) => row(name, count))),
    trips: CONNECTIONS.map((count) => row(ROUND_TRIP, count)),
    boots: { name: NETWORK, cells: engines.map(({ name }) => results.boot(NETWORK, name)) },
  };
}

for (let round = 0; round < rounds; round++) {
  console.error(`round ${round + 1} of ${rounds}`);
  for (const engine of turned(engines, round)) {
    const run = await runNetworkLoads(engine, seconds);
    results.add(NETWORK, engine.name, run);
    console.error(`${engine.name}, ${loadsText(run)}`);
    if (run.failure !== undefined) console.error(run.failure);
  }
  const record = recordOf(round + 1);
  if (flags.record) await keepRecord(record, renderNetworkRecord(record));
}
console.log(renderNetworkRecord(recordOf(rounds)));
