/** What every fuzzer is told, and what it gives back. */
import type { Section } from "./results_document.ts";

/** What a fuzzer is told. */
export interface FuzzOptions {
  /** First seed. */
  readonly seed: number;
  /** Cases per form, programs, or scripts. */
  readonly count: number;
  /** Forms whose names match; all when null. */
  readonly only: RegExp | null;
  /** The cold tier. */
  readonly coldTier: WebAssembly.Module;
  /** Is QEMU asked as well? */
  readonly usesQemu: boolean;
  /** Are failures saved for the tests to replay? */
  readonly saves: boolean;
  /** Is one failure enough? */
  readonly stopsAtFirst: boolean;
  /** Takes lines for people. */
  readonly say: (line: string) => void;
}

/** What a fuzzer found. */
export interface FuzzSummary {
  /** Number of failures. */
  readonly failures: number;
  /** Where the results document has its results. */
  readonly section: Section;
  /** Text of that section. */
  readonly body: string;
}

/** Numbers by name, which are added up when the seeds are shared among processes. */
export type FuzzCounts = Readonly<Record<string, number>>;

/** The sums of numbers by name. */
export function addCounts(all: readonly FuzzCounts[]): FuzzCounts {
  const sums: Record<string, number> = {};
  for (const counts of all) {
    for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count;
  }
  return sums;
}

/** A fuzzer whose seeds have nothing to do with each other. */
export interface SeedFuzzer {
  /** Where the results document has its results. */
  readonly section: Section;
  /** Tries all seeds; among the counts are `failures`. */
  readonly run: (options: FuzzOptions) => Promise<FuzzCounts>;
  /** Text of the section. */
  readonly describe: (command: string, counts: FuzzCounts) => string;
}
