// Collects the runs of all rounds by engine and item, and insists that all engines compute the same.

import { summarize } from "../statistics.ts";
import type { ItemGroup } from "./items.ts";
import type { ItemTime, LinuxRow, ScalingRow } from "./linux_record.ts";
import type { RunLine, ScalingLine } from "./program_output.ts";

const NS_PER_MS = 1e6;
const HARTS = 2;

interface Sample {
  readonly line: RunLine | ScalingLine;
  readonly cpuMs: number | undefined;
}

/** An item and the engines whose runs make its row. */
export interface TimedItem {
  readonly name: string;
  readonly repeat: number;
  readonly subject: string;
  readonly references: readonly string[];
  /** User mode emulation, which runs some items only. */
  readonly user?: string;
}

/** The runs of all rounds. */
export class Timings {
  readonly #samples = new Map<string, Sample[]>();
  readonly #checksums = new Map<string, string>();

  /** Takes one run; throws when its checksum is not what another engine found. */
  add(engine: string, line: RunLine | ScalingLine, cpuMs: number | undefined): void {
    const work = `${line.name} ${line.repeat}`;
    const known = this.#checksums.get(work) ?? line.checksum;
    if (known !== line.checksum) {
      throw new Error(`${work}: ${engine} computes ${line.checksum}, others ${known}`);
    }
    this.#checksums.set(work, known);
    const key = `${line.kind} ${engine} ${line.name}`;
    this.#samples.set(key, [...this.#samples.get(key) ?? [], { line, cpuMs }]);
  }

  /** The checksum of an item's runs. */
  checksum(name: string): string {
    const found = [...this.#checksums].find(([work]) => work.split(" ")[0] === name);
    if (found === undefined) throw new Error(`${name} was not run`);
    return found[1];
  }

  /** Runs of one engine, none when it had no part. */
  samples(kind: "run" | "scaling", engine: string, name: string): readonly Sample[] {
    return this.#samples.get(`${kind} ${engine} ${name}`) ?? [];
  }
}

function itemTime(timings: Timings, engine: string, name: string): ItemTime {
  const samples = timings.samples("run", engine, name);
  const cpu = samples.flatMap(({ cpuMs }) => cpuMs === undefined ? [] : [cpuMs]);
  return {
    wallMs: summarize(
      samples.flatMap(({ line }) => line.kind === "run" ? [line.ns / NS_PER_MS] : []),
    ),
    ...cpu.length === samples.length ? { cpuMs: summarize(cpu) } : {},
  };
}

/** The row of one item. */
export function linuxRow(timings: Timings, item: TimedItem & { group: ItemGroup }): LinuxRow {
  const { name, group, repeat, subject, references, user } = item;
  const hasUser = user !== undefined && timings.samples("run", user, name).length > 0;
  return {
    ...{ name, group, repeat },
    subject: itemTime(timings, subject, name),
    references: references.map((reference) => itemTime(timings, reference, name)),
    ...hasUser ? { user: itemTime(timings, user, name) } : {},
  };
}

/** The row of one kernel on one and on two harts. */
export function scalingRow(timings: Timings, item: TimedItem): ScalingRow {
  const { name, repeat, subject, references } = item;
  const factor = (engine: string) =>
    summarize(
      timings.samples("scaling", engine, name).flatMap(({ line }) =>
        line.kind === "scaling" ? [HARTS * line.oneNs / line.twoNs] : []
      ),
    );
  return { name, repeat, subject: factor(subject), references: references.map(factor) };
}
