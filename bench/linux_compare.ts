// Compares this emulator with QEMU on user programs and system operations inside Linux.
//
// Every round boots Linux once per emulator and hart count; the order of the emulators turns every round, so
// that a machine that gets slower or faster meanwhile favours none. One calibration boot of QEMU chooses how
// often an item is repeated. All checksums must be equal. References are the machine's QEMU and, once
// `deno task bench:qemu-fetch` has fetched it, QEMU 10; float kernels run on QEMU's user mode emulation too
// (`deno task fuzz:qemu-fetch`).
//
// Usage: deno task bench:linux [--rounds=N] [--only=NAME,...] [--ms=N] [--record]
//
// --only takes names of items, `scaling` among them; --ms is the time of a kernel on QEMU; --record keeps a
// run of all items in bench/results/ and RESULTS.md, after each round: a run that is cut off loses one round.

import { parseArgs } from "@std/cli";
import { fileURLToPath } from "node:url";
import { cachedQemuUser } from "../tests/tools/qemu_user.ts";
import {
  availableEngines,
  describeEngine,
  positive,
  refuseUnknown,
  turned,
} from "./engine_rounds.ts";
import { type Engine, engineByName } from "./engines.ts";
import { keepPlot, keepRecord } from "./kept_record.ts";
import { runSession, type SessionLine } from "./linux/guest_session.ts";
import {
  checksumText,
  LINUX_BENCH_ELF,
  LINUX_ITEMS,
  type LinuxItem,
  SCALED_ITEMS,
} from "./linux/items.ts";
import { type LinuxRecord, plotOf } from "./linux/linux_record.ts";
import { parseProgramLine } from "./linux/program_output.ts";
import { renderLinuxRecord } from "./linux/render_linux.ts";
import { linuxRow, scalingRow, type TimedItem, Timings } from "./linux/timings.ts";
import { renderPlot } from "./plot.ts";
import { describeCommit, describeMachine, RECORD_SCHEMA, today } from "./record.ts";

const DEFAULT_ROUNDS = 5;
const DEFAULT_KERNEL_MS = 1500;
/** System operations vary little and warm up fast. */
const SYSTEM_SHARE = 0.5;
const SCALING = "scaling";
const USER_MODE = "user mode";

/** What is run, by whom and how often. */
interface Plan {
  readonly engines: readonly Engine[];
  readonly items: readonly LinuxItem[];
  readonly scaled: readonly string[];
  readonly rounds: number;
  readonly ms: number;
  /** Float kernels also run on user mode emulation. */
  readonly hasUserMode: boolean;
}

type Repeats = ReadonlyMap<string, number>;

async function calibrate(plan: Plan): Promise<Repeats> {
  const names = new Map(plan.scaled.map((name) => [name, plan.ms]));
  for (const { name, group } of plan.items) {
    names.set(name, group === "system" ? Math.round(plan.ms * SYSTEM_SHARE) : plan.ms);
  }
  const commands = [...names].map(([name, ms]) => `calibrate ${name} ${ms}`);
  const said = await runSession({ engine: engineByName("qemu"), harts: 1, commands });
  return new Map(said.map(({ line }) => [line.name, line.kind === "calibrated" ? line.repeat : 1]));
}

function command(verb: string, name: string, repeats: Repeats): string {
  return `${verb} ${name} ${repeats.get(name) ?? 1}`;
}

function keep(said: readonly SessionLine[], engine: string, timings: Timings): void {
  for (const { line, cpuMs } of said) {
    if (line.kind === "run" || line.kind === "scaling") timings.add(engine, line, cpuMs);
  }
}

async function runRound(plan: Plan, order: readonly Engine[], repeats: Repeats, timings: Timings) {
  for (const engine of order) {
    const commands = plan.items.map(({ name }) => command("run", name, repeats));
    if (commands.length > 0) {
      keep(await runSession({ engine, harts: 1, commands }), engine.name, timings);
    }
    const scaling = plan.scaled.map((name) => command("scaling", name, repeats));
    if (scaling.length > 0) {
      // The first pass warms both harts up: the second one shows what they do side by side.
      const said = await runSession({ engine, harts: 2, commands: [...scaling, ...scaling] });
      const passes = said.filter(({ line }) => line.kind === "scaling");
      keep(passes.slice(-scaling.length), engine.name, timings);
    }
    console.error(`${engine.name} done`);
  }
  if (plan.hasUserMode) await runUserMode(plan, repeats, timings);
}

async function runUserMode(plan: Plan, repeats: Repeats, timings: Timings): Promise<void> {
  const qemu = await cachedQemuUser();
  if (qemu === null) throw new Error("The user mode emulation has gone");
  for (const { name } of plan.items.filter(({ group }) => group === "float")) {
    const args = command("run", name, repeats).split(" ");
    const { stdout, stderr } = await qemu.run(fileURLToPath(LINUX_BENCH_ELF), args);
    const decoder = new TextDecoder();
    const said = decoder.decode(stdout).split("\n").map(parseProgramLine);
    const run = said.find((line) => line?.kind === "run");
    if (run === undefined) throw new Error(`${name} in user mode: ${decoder.decode(stderr)}`);
    timings.add(USER_MODE, run, undefined);
  }
}

/** An operation's checksum counts how often it came out right. */
function checkOperations(plan: Plan, repeats: Repeats, timings: Timings): void {
  for (const { name, group } of plan.items) {
    if (group !== "system") continue;
    const repeat = repeats.get(name) ?? 1;
    // Operations that come in pairs may do one more.
    const right = [repeat, repeat + repeat % 2].map(checksumText);
    const checksum = timings.checksum(name);
    if (!right.includes(checksum)) throw new Error(`${name} came out wrong: ${checksum}`);
  }
}

/** What stays the same over the rounds. */
type Frame = Omit<LinuxRecord, "rounds" | "rows" | "scaling">;

async function describeRun(plan: Plan): Promise<Frame> {
  const [first, ...others] = await Promise.all(plan.engines.map(describeEngine));
  const user = plan.hasUserMode ? await cachedQemuUser() : null;
  return {
    ...{ schema: RECORD_SCHEMA, kind: "linux", date: today(), commit: await describeCommit() },
    ...{ machine: await describeMachine(), subject: first, references: others },
    ...user === null ? {} : { user: await user.version() },
  };
}

function measuredRows(
  plan: Plan,
  repeats: Repeats,
  timings: Timings,
): Pick<LinuxRecord, "rows" | "scaling"> {
  checkOperations(plan, repeats, timings);
  const [subject, ...references] = plan.engines.map(({ name }) => name);
  const timed = (name: string): TimedItem => ({
    ...{ name, subject, references, repeat: repeats.get(name) ?? 1 },
    ...plan.hasUserMode ? { user: USER_MODE } : {},
  });
  return {
    rows: plan.items.map(({ name, group }) => linuxRow(timings, { ...timed(name), group })),
    scaling: plan.scaled.map((name) => scalingRow(timings, timed(name))),
  };
}

/** Yields a record of the rounds so far after each round. */
async function* compare(plan: Plan): AsyncGenerator<LinuxRecord> {
  const frame = await describeRun(plan);
  const repeats = await calibrate(plan);
  const timings = new Timings();
  for (let round = 0; round < plan.rounds; round++) {
    console.error(`round ${round + 1} of ${plan.rounds}`);
    await runRound(plan, turned(plan.engines, round), repeats, timings);
    yield { ...frame, rounds: round + 1, ...measuredRows(plan, repeats, timings) };
  }
}

function selectItems(only: string | undefined): Pick<Plan, "items" | "scaled"> {
  if (only === undefined) return { items: LINUX_ITEMS, scaled: SCALED_ITEMS };
  const names = only.split(",");
  const unknown = names.find((name) =>
    name !== SCALING && !LINUX_ITEMS.some((item) => item.name === name)
  );
  if (unknown !== undefined) throw new Error(`--only: there is no item ${unknown}`);
  return {
    items: LINUX_ITEMS.filter(({ name }) => names.includes(name)),
    scaled: names.includes(SCALING) ? SCALED_ITEMS : [],
  };
}

async function main(args: string[]): Promise<void> {
  const flags = parseArgs(args, {
    string: ["rounds", "only", "ms"],
    boolean: ["record"],
    unknown: refuseUnknown,
  });
  if (flags.record && flags.only !== undefined) {
    throw new Error("--record keeps runs of all items only");
  }
  const plan: Plan = {
    ...selectItems(flags.only),
    engines: await availableEngines(["weft", "qemu"]),
    rounds: positive("--rounds", flags.rounds ?? String(DEFAULT_ROUNDS)),
    ms: positive("--ms", flags.ms ?? String(DEFAULT_KERNEL_MS)),
    hasUserMode: await cachedQemuUser() !== null,
  };
  for await (const record of compare(plan)) {
    if (record.rounds === plan.rounds) console.log(renderLinuxRecord(record));
    if (!flags.record) continue;
    await keepPlot(record.kind, renderPlot(plotOf(record)));
    await keepRecord(record, renderLinuxRecord(record));
  }
}

if (import.meta.main) await main(Deno.args);
