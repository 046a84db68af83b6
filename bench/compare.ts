// Compares this emulator with QEMU on the same programs in the same minutes.
//
// Runs alternate between the two emulators and the order flips every round, so that a machine that
// gets slower or faster meanwhile does not favour either. Every run's console output is checked.
//
// Usage: deno task bench:compare [--rounds=N] [--kernels=a,b] [--long] [--boot] [--smp=1,2]
//                                [--engine=weft|qemu|qemu-10] [--references=qemu,qemu-10] [--save | --no-save]
//
// Of several references the faster one counts, for each program. --engine=qemu compares QEMU with itself, which
// shows the noise of the method; only this emulator is saved.

import { parseArgs } from "@std/cli";
import { fileURLToPath } from "node:url";
import { patchGuestParameters } from "../tests/guests/guest_elf.ts";
import { guestFiles } from "../tests/tools/guest.ts";
import { runTimed, type TimedCommand, type TimedRun } from "./child_time.ts";
import { namedEngines, refuseUnknown } from "./engine_rounds.ts";
import type { Engine } from "./engines.ts";
import { BENCH_KERNELS, type BenchKernel, EMPTY_PROGRAM, kernelElfUrl } from "./kernels/kernels.ts";
import {
  type ComparedRow,
  type ComparisonRecord,
  describeCommit,
  describeMachine,
  type Measurement,
  measurementOf,
  RECORD_SCHEMA,
  today,
  translationCounts,
} from "./record.ts";
import { keepPlot, keepRecord } from "./kept_record.ts";
import { renderPlot } from "./plot.ts";
import { plotOf, ratio, renderRecord } from "./render.ts";

const DEFAULT_ROUNDS = 5;
const DEFAULT_BOOT_ROUNDS = 3;
const LONG_TIMEOUT_SECONDS = 300;
const KERNEL_TIMEOUT_SECONDS = 60;
const BOOT_TIMEOUT_SECONDS = 300;
const BOOT_MEMORY = "512M";
/**
 * Without the kernel's self-tests of its cryptography: they run beside the boot and are cut off by its end, so
 * that a slower emulator does more of them.
 */
const BOOT_APPEND = "console=ttyS0 weft.run=poweroff cryptomgr.notests";
/** What the first one compiles late, the second one adds. */
const CACHE_FILLING_BOOTS = 2;
const BOOT_MARK = "BOOT-OK";

/** One thing to run on both emulators. */
interface Subject {
  readonly name: string;
  readonly timeoutSeconds: number;
  readonly command: (engine: Engine) => Omit<TimedCommand, "timeoutSeconds">;
  readonly isValid: (stdout: string) => boolean;
}

interface Opponents {
  readonly subject: Engine;
  readonly references: readonly Engine[];
}

async function runOnce(work: Subject, engine: Engine): Promise<TimedRun> {
  const run = await runTimed({
    ...work.command(engine),
    timeoutSeconds: work.timeoutSeconds,
  });
  if (run.exitCode !== 0 || !work.isValid(run.stdout)) {
    throw new Error(
      `${work.name} on ${engine.name} ended with ${run.exitCode} and printed ` +
        `${JSON.stringify(run.stdout)} ${JSON.stringify(run.stderr)}`,
    );
  }
  return run;
}

async function compareOne(
  work: Subject,
  opponents: Opponents,
  rounds: number,
): Promise<ComparedRow> {
  const engines = [opponents.subject, ...opponents.references];
  const runs = engines.map((): TimedRun[] => []);
  for (let round = 0; round < rounds; round++) {
    const order = engines.map((_, index) => index);
    for (const index of round % 2 === 0 ? order : order.reverse()) {
      runs[index]?.push(await runOnce(work, engines[index] as Engine));
    }
  }
  const [subject, ...references] = runs.map(measurementOf) as [Measurement, ...Measurement[]];
  const fastest = references.reduce(
    (best, one, index) =>
      one.wallMs.median < (references[best]?.wallMs.median ?? Infinity) ? index : best,
    0,
  );
  const counts = translationCounts(medianRun(runs[0] ?? []).stderr);
  const row = {
    name: work.name,
    subject,
    reference: references[fastest] as Measurement,
    referenceName: opponents.references[fastest]?.name,
    ...(counts === undefined ? {} : { counts }),
  };
  console.error(
    `${work.name}: CPU ${ratio(row, "cpuMs").toFixed(2)}, wall ${ratio(row, "wallMs").toFixed(2)}`,
  );
  return row;
}

function medianRun(runs: readonly TimedRun[]): TimedRun {
  const sorted = runs.toSorted((a, b) => a.wallMs - b.wallMs);
  return sorted[sorted.length >> 1] as TimedRun;
}

function kernelSubject(kernel: BenchKernel): Subject {
  return {
    name: kernel.name,
    timeoutSeconds: KERNEL_TIMEOUT_SECONDS,
    command: (engine) => engine.bareMetal(fileURLToPath(kernelElfUrl(kernel))),
    isValid: (stdout) => stdout.trim() === kernel.output,
  };
}

/** The kernel with its long amount of work, as a file of its own in `folder`. */
async function longSubject(kernel: BenchKernel, folder: string): Promise<Subject> {
  if (kernel.long === undefined) throw new Error(`${kernel.name} has no long amount of work`);
  const { iterations, output } = kernel.long;
  const elf = await Deno.readFile(kernelElfUrl(kernel));
  const path = `${folder}/${kernel.name}.elf`;
  await Deno.writeFile(path, patchGuestParameters(elf, { iterations }));
  return {
    name: kernel.name,
    timeoutSeconds: LONG_TIMEOUT_SECONDS,
    command: (engine) => engine.bareMetal(path),
    isValid: (stdout) => stdout.trim() === output,
  };
}

function bootSubject(harts: number, codeCache?: string): Subject {
  const files = {
    ...guestFiles(),
    append: BOOT_APPEND,
    memory: BOOT_MEMORY,
    printsStatistics: true,
  };
  const isAgain = codeCache !== undefined;
  return {
    name: `Linux, -smp ${harts}${isAgain ? ", again, with a code cache" : ""}`,
    timeoutSeconds: BOOT_TIMEOUT_SECONDS,
    command: (engine) => engine.boot(isAgain ? { ...files, codeCache } : files, harts),
    isValid: (stdout) => new RegExp(`${BOOT_MARK} ${harts}\\b`).test(stdout),
  };
}

async function describe(engine: Engine): Promise<string> {
  return `${engine.name} (${await engine.version()})`;
}

async function recordHead(opponents: Opponents, rounds: number) {
  return {
    schema: RECORD_SCHEMA,
    date: today(),
    commit: await describeCommit(),
    machine: await describeMachine(),
    rounds,
    subject: await describe(opponents.subject),
    reference: (await Promise.all(opponents.references.map(describe))).join("; "),
  } as const;
}

async function compareKernels(
  opponents: Opponents,
  rounds: number,
  kernels: readonly BenchKernel[],
  isLong: boolean,
): Promise<ComparisonRecord> {
  const empty = kernelSubject(EMPTY_PROGRAM);
  for (const engine of [opponents.subject, ...opponents.references]) await runOnce(empty, engine);
  const startUp = await compareOne(empty, opponents, rounds);
  const rows: ComparedRow[] = [];
  const folder = await Deno.makeTempDir();
  for (const kernel of kernels) {
    const subject = isLong ? await longSubject(kernel, folder) : kernelSubject(kernel);
    rows.push(await compareOne(subject, opponents, rounds));
  }
  await Deno.remove(folder, { recursive: true });
  return {
    ...await recordHead(opponents, rounds),
    kind: isLong ? "long" : "kernels",
    startUp,
    rows,
  };
}

async function compareBoots(
  opponents: Opponents,
  rounds: number,
  harts: readonly number[],
): Promise<ComparisonRecord> {
  const rows: ComparedRow[] = [];
  for (const count of harts) {
    rows.push(await compareOne(bootSubject(count), opponents, rounds));
    rows.push(await compareWarmBoots(count, opponents, rounds));
  }
  return { ...await recordHead(opponents, rounds), kind: "boot", rows };
}

/** Boots that find what {@linkcode CACHE_FILLING_BOOTS} left behind. */
async function compareWarmBoots(
  harts: number,
  opponents: Opponents,
  rounds: number,
): Promise<ComparedRow> {
  const folder = await Deno.makeTempDir();
  const boot = bootSubject(harts, folder);
  for (let run = 0; run < CACHE_FILLING_BOOTS; run++) await runOnce(boot, opponents.subject);
  const row = await compareOne(boot, opponents, rounds);
  await Deno.remove(folder, { recursive: true });
  return row;
}

async function save(record: ComparisonRecord): Promise<void> {
  await keepPlot(record.kind, renderPlot(plotOf(record)));
  await keepRecord(record, renderRecord(record));
}

function positiveNumbers(flag: string, text: string): number[] {
  return text.split(",").map((part) => {
    const value = Number(part);
    if (!Number.isInteger(value) || value < 1) throw new Error(`${flag}: not a count: ${part}`);
    return value;
  });
}

function selectKernels(names: string | undefined): readonly BenchKernel[] {
  if (names === undefined) return BENCH_KERNELS;
  return names.split(",").map((name) => {
    const kernel = BENCH_KERNELS.find((known) => known.name === name);
    if (kernel === undefined) throw new Error(`--kernels: no kernel is called ${name}`);
    return kernel;
  });
}

async function main(args: string[]): Promise<void> {
  const flags = parseArgs(args, {
    string: ["rounds", "kernels", "engine", "references", "smp"],
    boolean: ["boot", "long", "save"],
    negatable: ["save"],
    unknown: refuseUnknown,
    default: { engine: "weft", references: "qemu,qemu-10", smp: "1,2", save: true },
  });
  const rounds = positiveNumbers(
    "--rounds",
    flags.rounds ?? String(flags.boot ? DEFAULT_BOOT_ROUNDS : DEFAULT_ROUNDS),
  )[0] ?? DEFAULT_ROUNDS;
  const opponents = {
    subject: namedEngines("--engine", flags.engine)[0],
    references: namedEngines("--references", flags.references),
  };
  const record = flags.boot
    ? await compareBoots(opponents, rounds, positiveNumbers("--smp", flags.smp))
    : await compareKernels(opponents, rounds, selectKernels(flags.kernels), flags.long);
  console.log(renderRecord(record));
  const isWhole = flags.kernels === undefined;
  if (flags.save && isWhole && opponents.subject.name === "weft") await save(record);
}

if (import.meta.main) await main(Deno.args);
