// What runs of loads and boots say together, by what was run and on which emulator.

import type { BootResult } from "./guest_loads.ts";
import type { MachineDescription, RECORD_SCHEMA } from "./record.ts";
import { summarize, type Summary } from "./statistics.ts";

/** What every comparison under loads records. */
export interface LoadRecord {
  readonly schema: typeof RECORD_SCHEMA;
  readonly date: string;
  readonly commit: string;
  readonly machine: MachineDescription;
  readonly rounds: number;
  /** Seconds of each load. */
  readonly seconds: number;
  /** What is compared, the subject first: name (version). */
  readonly engines: readonly string[];
}

/** One emulator under one load. */
export interface LoadCell {
  /** Operations of all workers in a second; absent when no round had any. */
  readonly perSecond?: Summary;
  /** Absent where it is not measured, as are losses. */
  readonly p99Us?: Summary;
  readonly lostPercent?: Summary;
  /** Of all rounds together. */
  readonly errors: number;
}

/** One emulator's boots. */
export interface BootCell {
  /** Absent when all failed, as is the CPU time. */
  readonly wallMs?: Summary;
  readonly cpuMs?: Summary;
  /** Complaints of the kernel, and boots that did not end well, of all rounds together. */
  readonly stalls: number;
  readonly failures: number;
}

/** A row: what each emulator did, in the record's order of emulators. */
export interface Row<Cell> {
  readonly name: string;
  readonly cells: readonly Cell[];
}

/** What the loads of a run came to, on one line. */
export function loadsText({ loads }: BootResult): string {
  return loads.map(({ name, workers, perSecond }) =>
    `${name} x${workers} ${perSecond.toFixed(0)}/s`
  )
    .join(", ");
}

/** Results by what was run and on which emulator. */
export class Results {
  readonly #runs = new Map<string, BootResult[]>();

  /** Adds a run. */
  add(what: string, engine: string, run: BootResult): void {
    const key = `${what} ${engine}`;
    this.#runs.set(key, [...this.#runs.get(key) ?? [], run]);
  }

  /** What an emulator's runs say of one of their loads, with so many workers or any number. */
  load(what: string, engine: string, name: string, workers?: number): LoadCell {
    const seen = this.#of(what, engine).flatMap(({ loads }) => loads)
      .filter((load) => load.name === name)
      .filter((load) => workers === undefined || load.workers === workers);
    return {
      ...someSummary("perSecond", seen.map(({ perSecond }) => perSecond)),
      ...someSummary("p99Us", seen.flatMap(({ p99Us }) => p99Us ?? [])),
      ...someSummary("lostPercent", seen.flatMap(({ lostPercent }) => lostPercent ?? [])),
      errors: sum(seen.map(({ errors }) => errors)),
    };
  }

  /** What an emulator's runs took; failed ones are only counted. */
  boot(what: string, engine: string): BootCell {
    const runs = this.#of(what, engine);
    const good = runs.filter(({ failure }) => failure === undefined);
    return {
      ...someSummary("wallMs", good.map(({ wallMs }) => wallMs)),
      ...someSummary("cpuMs", good.map(({ cpuMs }) => cpuMs)),
      stalls: sum(runs.map(({ stalls }) => stalls)),
      failures: runs.length - good.length,
    };
  }

  #of(what: string, engine: string): readonly BootResult[] {
    return this.#runs.get(`${what} ${engine}`) ?? [];
  }
}

function someSummary<Name extends string>(
  name: Name,
  samples: readonly number[],
): Partial<Record<Name, Summary>> {
  if (samples.length === 0) return {};
  return { [name]: summarize(samples) } as Partial<Record<Name, Summary>>;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
