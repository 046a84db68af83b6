// What single memory operations cost: each LR/SC scheme of this emulator, and QEMU, on one guest program.
//
// The guest times itself, so start-up and compilation are not in it. Emulators take turns, and the median
// of the rounds counts.
//
// Usage: deno task bench:op-costs [--rounds=N] [--no-save]

import { parseArgs } from "@std/cli";
import { fileURLToPath } from "node:url";
import { LLSC_SCHEMES } from "../runtime/machine/options.ts";
import { refuseUnknown } from "./engine_rounds.ts";
import { type Engine, engineByName } from "./engines.ts";
import { fetchQemuUser, qemuUserPath } from "../tests/tools/qemu_user.ts";
import { kernelElfUrl, OP_COSTS, OP_COSTS_PROCESS } from "./kernels/kernels.ts";
import { describeCommit, describeMachine, today } from "./record.ts";
import { replaceSection } from "./render.ts";
import { median } from "./statistics.ts";
import { runTimed, type TimedCommand } from "./child_time.ts";

const DEFAULT_ROUNDS = 5;
const TIMEOUT_SECONDS = 120;
const PICOSECONDS = 1000;
const SECTION = "op-costs";
const RESULTS = new URL("RESULTS.md", import.meta.url);

/** One column of the table. */
interface Column {
  readonly name: string;
  readonly command: Omit<TimedCommand, "timeoutSeconds">;
}

/** Picoseconds by operation, in the guest's order. */
type Costs = ReadonlyMap<string, number>;

function machine(name: string, engine: Engine, flags: readonly string[]): Column {
  const command = engine.bareMetal(fileURLToPath(kernelElfUrl(OP_COSTS)));
  return { name, command: { ...command, args: [...command.args, "-smp", "2", ...flags] } };
}

async function columns(): Promise<Column[]> {
  await fetchQemuUser((line) => console.error(line));
  const weft = engineByName("weft");
  return [
    ...LLSC_SCHEMES.map((scheme) =>
      machine(`weft, ${scheme}`, weft, ["-accel", `tcg,llsc=${scheme}`])
    ),
    machine("qemu-system", engineByName("qemu"), []),
    {
      name: "qemu-user",
      command: { command: qemuUserPath(), args: [fileURLToPath(OP_COSTS_PROCESS)] },
    },
  ];
}

async function costsOf({ name, command }: Column): Promise<Costs> {
  const { exitCode, stdout, stderr } = await runTimed({
    ...command,
    timeoutSeconds: TIMEOUT_SECONDS,
  });
  if (exitCode !== 0) throw new Error(`${name} ended with ${exitCode}: ${stdout}${stderr}`);
  const lines = stdout.trim().split(/\r?\n/).map((line) => line.split(" "));
  return new Map(lines.map(([operation, picoseconds]) => [operation, Number(picoseconds)]));
}

async function measure(rounds: number): Promise<Map<string, Costs[]>> {
  const taken = await columns();
  const all = new Map<string, Costs[]>(taken.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const column of taken) all.get(column.name)?.push(await costsOf(column));
  }
  return all;
}

function table(measured: ReadonlyMap<string, readonly Costs[]>): string {
  const names = [...measured.keys()];
  const operations = [...[...measured.values()][0][0].keys()];
  const cell = (name: string, operation: string): string => {
    const runs = measured.get(name)?.map((costs) => costs.get(operation) ?? NaN) ?? [];
    return (median(runs) / PICOSECONDS).toFixed(2);
  };
  return [
    `| ns | ${names.join(" | ")} |`,
    `|---|${names.map(() => "--:").join("|")}|`,
    ...operations.map((operation) =>
      `| ${operation} | ${names.map((name) => cell(name, operation)).join(" | ")} |`
    ),
  ].join("\n");
}

if (import.meta.main) {
  const flags = parseArgs(Deno.args, {
    string: ["rounds"],
    boolean: ["save"],
    negatable: ["save"],
    unknown: refuseUnknown,
    default: { save: true },
  });
  const rounds = Number(flags.rounds ?? DEFAULT_ROUNDS);
  const text = `${today()}, commit ${await describeCommit()}, median of ${rounds} rounds on ${
    (await describeMachine()).cpu
  }.\n\n${table(await measure(rounds))}`;
  console.log(text);
  if (flags.save) {
    const document = await Deno.readTextFile(RESULTS);
    await Deno.writeTextFile(RESULTS, replaceSection(document, SECTION, text));
  }
}
