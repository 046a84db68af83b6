// Renders a comparison inside Linux as Markdown tables: the bars first, then every item.

import { relativeSpread, type Summary } from "../statistics.ts";
import type { ItemGroup } from "./items.ts";
import {
  fastestCpuRatio,
  fastestRatio,
  isReached,
  type ItemTime,
  type LinuxRecord,
  type LinuxRow,
  scalingRatio,
  type ScalingRow,
  userRatio,
  type Verdict,
  verdicts,
} from "./linux_record.ts";

const PERCENT = 100;
const NS_PER_MS = 1e6;
const KERNELS: readonly ItemGroup[] = ["integer", "float"];

function tableRow(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function table(
  head: readonly string[],
  alignment: readonly string[],
  rows: readonly (readonly string[])[],
): string[] {
  return [tableRow(head), `|${alignment.join("|")}|`, ...rows.map(tableRow)];
}

function ratioText(ratio: number | undefined): string {
  return ratio === undefined ? "" : ratio.toFixed(2);
}

function spreadText(summary: Summary): string {
  return `(${(PERCENT * relativeSpread(summary)).toFixed(0)} %)`;
}

function millisecondsText({ wallMs }: ItemTime): string {
  return `${wallMs.median.toFixed(0)} ${spreadText(wallMs)}`;
}

function nanosecondsText({ wallMs }: ItemTime, repeat: number): string {
  return `${(wallMs.median * NS_PER_MS / repeat).toFixed(0)} ${spreadText(wallMs)}`;
}

function shortName(description: string): string {
  return description.split(" (")[0] ?? description;
}

function verdictRow(verdict: Verdict): string[] {
  return [
    verdict.name,
    `**${verdict.value.toFixed(2)}**`,
    `${verdict.isLeast ? "at least" : "at most"} ${verdict.bar}`,
    String(verdict.aim),
    isReached(verdict) ? "yes" : "no",
  ];
}

function verdictTable(record: LinuxRecord): string[] {
  return table(
    ["ratio", "measured", "bar", "aim", "reached"],
    ["---", "--:", "--:", "--:", "--:"],
    verdicts(record).map(verdictRow),
  );
}

function kernelTable(record: LinuxRecord, rows: readonly LinuxRow[]): string[] {
  const names = [record.subject, ...record.references].map((text) => `${shortName(text)} ms`);
  return table(
    ["kernel", "kind", ...names, "user mode ms", "ratio", "CPU ratio", "to user mode"],
    ["---", "---", ...names.map(() => "--:"), "--:", "--:", "--:", "--:"],
    rows.map((row) => [
      ...[row.name, row.group],
      ...[row.subject, ...row.references].map(millisecondsText),
      row.user === undefined ? "" : millisecondsText(row.user),
      ratioText(fastestRatio(row)),
      ratioText(fastestCpuRatio(row)),
      ratioText(userRatio(row)),
    ]),
  );
}

function systemTable(record: LinuxRecord, rows: readonly LinuxRow[]): string[] {
  const names = [record.subject, ...record.references].map((text) => `${shortName(text)} ns`);
  return table(
    ["operation", ...names, "ratio", "CPU ratio"],
    ["---", ...names.map(() => "--:"), "--:", "--:"],
    rows.map((row) => [
      row.name,
      ...[row.subject, ...row.references].map((time) => nanosecondsText(time, row.repeat)),
      ratioText(fastestRatio(row)),
      ratioText(fastestCpuRatio(row)),
    ]),
  );
}

function scalingTable(record: LinuxRecord, rows: readonly ScalingRow[]): string[] {
  const names = [record.subject, ...record.references].map(shortName);
  return table(
    ["two harts over one", ...names, "ratio"],
    ["---", ...names.map(() => "--:"), "--:"],
    rows.map((row) => [
      row.name,
      ...[row.subject, ...row.references].map((factor) =>
        `${factor.median.toFixed(2)} ${spreadText(factor)}`
      ),
      ratioText(scalingRatio(row)),
    ]),
  );
}

/** The record as Markdown. */
export function renderLinuxRecord(record: LinuxRecord): string {
  const { machine } = record;
  const kernels = record.rows.filter((row) => KERNELS.includes(row.group));
  const operations = record.rows.filter((row) => row.group === "system");
  const user = record.user === undefined ? "" : ` User mode: ${record.user}.`;
  return [
    `${record.date}, commit ${record.commit}, ${record.rounds} interleaved rounds on ` +
    `${machine.cores} x ${machine.cpu} (${machine.os}, ${machine.architecture}).`,
    "",
    `Subject: ${record.subject}. References: ${record.references.join("; ")}.${user} Medians; in ` +
    "brackets the distance between the slowest and the fastest run relative to the median. Times " +
    "are the guest's own, warming up and compilation included, booting not; a ratio is the " +
    "subject's time over that of the faster reference. CPU time is the whole emulator's. Scaling " +
    "is the work of two harts over that of one in the same time, after a pass that warms both up, relative " +
    "to the better reference's.",
    "",
    ...verdictTable(record),
    "",
    "![Ratios of all items](results/linux.svg)",
    ...kernels.length > 0 ? ["", ...kernelTable(record, kernels)] : [],
    ...operations.length > 0 ? ["", ...systemTable(record, operations)] : [],
    ...record.scaling.length > 0 ? ["", ...scalingTable(record, record.scaling)] : [],
  ].join("\n");
}
