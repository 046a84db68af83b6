// What a comparison records, and where and on what it ran.

import { summarize, type Summary } from "./statistics.ts";

/** Version of the recorded form. */
export const RECORD_SCHEMA = 1;

/** The machine that measured, in general terms. */
export interface MachineDescription {
  readonly cpu: string;
  readonly cores: number;
  readonly os: string;
  readonly architecture: string;
}

/** One emulator's times for one program. */
export interface Measurement {
  readonly wallMs: Summary;
  readonly cpuMs: Summary;
}

/** What the subject's own statistics say of a run. */
export interface TranslationCounts {
  /** Percent of the guest instructions that were executed in compiled regions. */
  readonly hotPercent: number;
  /** Guest instructions that were compiled. */
  readonly compiled: number;
  /** How many of these the compiler thread made in a second, all its phases together. */
  readonly compiledPerSecond: number;
}

/** The same program on both emulators. */
export interface ComparedRow {
  readonly name: string;
  readonly subject: Measurement;
  /** That of the faster reference, where there are several. */
  readonly reference: Measurement;
  /** Name of that reference. */
  readonly referenceName?: string;
  /** Of the median run; absent where the subject has no such statistics. */
  readonly counts?: TranslationCounts;
}

/** A whole comparison. */
export interface ComparisonRecord {
  readonly schema: typeof RECORD_SCHEMA;
  readonly kind: "kernels" | "long" | "boot";
  readonly date: string;
  readonly commit: string;
  readonly machine: MachineDescription;
  readonly rounds: number;
  readonly subject: string;
  readonly reference: string;
  /** An empty program: what starting and stopping costs. Absent for boots. */
  readonly startUp?: ComparedRow;
  readonly rows: readonly ComparedRow[];
}

const HOT_LINE = /^in the hot tier\s+([\d.]+) %$/m;
const COMPILED_LINE = /^instructions compiled\s+(\d+)(?: \((\d+) per second\))?$/m;
const UNKNOWN = "unknown";
const ISO_DAY_LENGTH = 10;

/** Summaries of the runs of one program. */
export function measurementOf(
  runs: readonly { readonly wallMs: number; readonly cpuMs: number }[],
): Measurement {
  return {
    wallMs: summarize(runs.map((run) => run.wallMs)),
    cpuMs: summarize(runs.map((run) => run.cpuMs)),
  };
}

/** Reads the statistics that the subject printed; undefined when it did not. */
export function translationCounts(text: string): TranslationCounts | undefined {
  const hot = HOT_LINE.exec(text);
  const compiled = COMPILED_LINE.exec(text);
  if (hot === null || compiled === null) return undefined;
  return {
    hotPercent: Number(hot[1]),
    compiled: Number(compiled[1]),
    compiledPerSecond: Number(compiled[2] ?? 0),
  };
}

async function cpuModel(): Promise<string> {
  try {
    const text = await Deno.readTextFile("/proc/cpuinfo");
    return /^model name\s*:\s*(.+)$/m.exec(text)?.[1] ?? UNKNOWN;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return UNKNOWN;
    throw error;
  }
}

/** Describes the measuring machine without naming it. */
export async function describeMachine(): Promise<MachineDescription> {
  return {
    cpu: await cpuModel(),
    cores: navigator.hardwareConcurrency,
    os: Deno.build.os,
    architecture: Deno.build.arch,
  };
}

async function git(...args: string[]): Promise<string> {
  const { success, stdout } = await new Deno.Command("git", { args }).output();
  return success ? new TextDecoder().decode(stdout).trim() : UNKNOWN;
}

/** The checked-out commit, marked when source files differ from it. */
export async function describeCommit(): Promise<string> {
  const commit = await git("rev-parse", "--short", "HEAD");
  const changes = await git("status", "--porcelain", "--untracked-files=no");
  return changes === "" ? commit : `${commit}+changes`;
}

/** Today, as recorded. */
export function today(): string {
  return new Date().toISOString().slice(0, ISO_DAY_LENGTH);
}
