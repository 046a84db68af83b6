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
