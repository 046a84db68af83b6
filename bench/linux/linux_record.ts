// What a comparison inside Linux records, and what it says against the bars.

import type { MachineDescription, RECORD_SCHEMA } from "../record.ts";
import type { Plot } from "../plot.ts";
import { geometricMean, type Summary, trimmedGeometricMean } from "../statistics.ts";
import type { ItemGroup } from "./items.ts";

/** One engine's time for one item. */
export interface ItemTime {
  /** By the guest's clock, which follows the host's. */
  readonly wallMs: Summary;
  /** Of the whole emulator, compilation included; absent where the host does not tell. */
  readonly cpuMs?: Summary;
}

/** One item on every engine. */
export interface LinuxRow {
  readonly name: string;
  readonly group: ItemGroup;
  readonly repeat: number;
  readonly subject: ItemTime;
  /** In the order of the record's references. */
  readonly references: readonly ItemTime[];
  /** The same program on QEMU's user mode emulation, for float kernels. */
  readonly user?: ItemTime;
}

/** One kernel's work per time on two harts over that on one. */
export interface ScalingRow {
  readonly name: string;
  readonly repeat: number;
  readonly subject: Summary;
  readonly references: readonly Summary[];
}

/** A whole comparison. */
export interface LinuxRecord {
  readonly schema: typeof RECORD_SCHEMA;
  readonly kind: "linux";
  readonly date: string;
  readonly commit: string;
  readonly machine: MachineDescription;
  readonly rounds: number;
  readonly subject: string;
  readonly references: readonly string[];
  readonly user?: string;
  readonly rows: readonly LinuxRow[];
  readonly scaling: readonly ScalingRow[];
}

/** One thing that must be reached. */
export interface Verdict {
  readonly name: string;
  readonly value: number;
  readonly bar: number;
  readonly aim: number;
  /** True when the bar is a least value; otherwise it is a greatest one. */
  readonly isLeast: boolean;
}

const OUTLIERS = 2;

/** Subject's time over that of the fastest reference. */
export function fastestRatio(row: LinuxRow): number {
  return row.subject.wallMs.median /
    Math.min(...row.references.map((reference) => reference.wallMs.median));
}

/** The same of CPU time; undefined when a time is missing. */
export function fastestCpuRatio(row: LinuxRow): number | undefined {
  const references = row.references.map((reference) => reference.cpuMs?.median ?? NaN);
  const ratio = (row.subject.cpuMs?.median ?? NaN) / Math.min(...references);
  return Number.isFinite(ratio) ? ratio : undefined;
}

/** Subject's time over user mode's; undefined without one. */
export function userRatio(row: LinuxRow): number | undefined {
  return row.user === undefined ? undefined : row.subject.wallMs.median / row.user.wallMs.median;
}

/** Every item's ratio to the faster reference, for a drawing. */
export function plotOf({ rows }: LinuxRecord): Plot {
  return {
    title: "Time inside Linux over that of the faster QEMU: less is better",
    bars: rows.map((row) => ({ name: `${row.name} (${row.group})`, ratio: fastestRatio(row) })),
  };
}

/** Subject's factor over the best of the references'. */
export function scalingRatio(row: ScalingRow): number {
  return row.subject.median / Math.max(...row.references.map((factor) => factor.median));
}

function worstOf(rows: readonly LinuxRow[], ratio: (row: LinuxRow) => number): LinuxRow {
  return rows.reduce((worst, row) => ratio(row) > ratio(worst) ? row : worst);
}

/** Bars of kernels of one kind, from what was measured of it. */
function integerVerdicts(rows: readonly LinuxRow[]): Verdict[] {
  const ratios = rows.map(fastestRatio);
  const mean: Verdict[] = [{
    ...{ name: "integer kernels, geometric mean", value: geometricMean(ratios) },
    ...{ bar: 0.65, aim: 0.45, isLeast: false },
  }];
  if (ratios.length <= 2 * OUTLIERS) return mean;
  return [...mean, {
    name: "the same without the two best and the two worst",
    value: trimmedGeometricMean(ratios, OUTLIERS),
    ...{ bar: 0.75, aim: 0.5, isLeast: false },
  }];
}

function floatVerdicts(rows: readonly LinuxRow[]): Verdict[] {
  const worst = worstOf(rows, fastestRatio);
  const verdicts: Verdict[] = [{
    ...{ name: `worst float kernel (${worst.name})`, value: fastestRatio(worst) },
    ...{ bar: 0.5, aim: 0.15, isLeast: false },
  }];
  if (rows.some((row) => row.user === undefined)) return verdicts;
  const ratio = (row: LinuxRow): number => userRatio(row) ?? NaN;
  const worstUser = worstOf(rows, ratio);
  return [...verdicts, {
    ...{ name: `worst against user mode (${worstUser.name})`, value: ratio(worstUser) },
    ...{ bar: 0.6, aim: 0.3, isLeast: false },
  }];
}

function kernelVerdicts(rows: readonly LinuxRow[]): Verdict[] {
  const worst = worstOf(rows, fastestRatio);
  return [{
    ...{ name: `worst single kernel (${worst.name})`, value: fastestRatio(worst) },
    ...{ bar: 1.3, aim: 0.9, isLeast: false },
  }];
}

function systemVerdicts(rows: readonly LinuxRow[]): Verdict[] {
  return [{
    ...{ name: "system operations, geometric mean", value: geometricMean(rows.map(fastestRatio)) },
    ...{ bar: 1.5, aim: 0.8, isLeast: false },
  }];
}

function scalingVerdicts(rows: readonly ScalingRow[]): Verdict[] {
  return [{
    name: "two busy harts over one, relative, geometric mean",
    value: geometricMean(rows.map(scalingRatio)),
    ...{ bar: 0.95, aim: 1, isLeast: true },
  }];
}

/** What the record says against each bar that it has figures for. */
export function verdicts({ rows, scaling }: LinuxRecord): Verdict[] {
  const of = (group: ItemGroup): LinuxRow[] => rows.filter((row) => row.group === group);
  const kernels = [...of("integer"), ...of("float")];
  return [
    ...of("integer").length > 0 ? integerVerdicts(of("integer")) : [],
    ...kernels.length > 0 ? kernelVerdicts(kernels) : [],
    ...of("float").length > 0 ? floatVerdicts(of("float")) : [],
    ...of("system").length > 0 ? systemVerdicts(of("system")) : [],
    ...scaling.length > 0 ? scalingVerdicts(scaling) : [],
  ];
}

/** True when a verdict's bar is reached. */
export function isReached({ value, bar, isLeast }: Verdict): boolean {
  return isLeast ? value >= bar : value <= bar;
}
