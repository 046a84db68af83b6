// Renders a comparison of storms and boots as Markdown tables.

import { relativeSpread, type Summary } from "../statistics.ts";
import type { BootCell, Row, StormCell, StormRecord } from "./storm_record.ts";

const PERCENT = 100;
const MS_PER_SECOND = 1000;

function tableRow(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const alignment = ["---", ...head.slice(1).map(() => "--:")];
  return [tableRow(head), `|${alignment.join("|")}|`, ...rows.map(tableRow)];
}

function shortName(engine: string): string {
  return engine.split(" (")[0];
}

function summaryText(summary: Summary | undefined, scale: number, digits: number): string {
  if (summary === undefined) return "none";
  const spread = (PERCENT * relativeSpread(summary)).toFixed(0);
  return `${(summary.median / scale).toFixed(digits)} (${spread} %)`;
}

/** The subject over the best other emulator, this one's own variants aside. */
function bestRatio<Cell>(
  record: StormRecord,
  { cells }: Row<Cell>,
  value: (cell: Cell) => number | undefined,
  best: (...values: number[]) => number,
): string {
  const subject = value(cells[0]);
  const references = cells.filter((_, index) => shortName(record.engines[index]).startsWith("qemu"))
    .map(value).filter((one) => one !== undefined);
  if (subject === undefined || references.length === 0) return "-";
  return (subject / best(...references)).toFixed(2);
}

function stormRow(record: StormRecord, row: Row<StormCell>): string[] {
  return [
    row.name,
    ...row.cells.map(({ perSecond }) => summaryText(perSecond, 1, 0)),
    bestRatio(record, row, ({ perSecond }) => perSecond?.median, Math.max),
    row.cells.map(({ errors }) => errors).join(", "),
  ];
}

function bootRow(record: StormRecord, row: Row<BootCell>): string[] {
  return [
    row.name,
    ...row.cells.map(({ wallMs, cpuMs }) =>
      `${summaryText(wallMs, MS_PER_SECOND, 2)}; ${summaryText(cpuMs, MS_PER_SECOND, 2)}`
    ),
    bestRatio(record, row, ({ wallMs }) => wallMs?.median, Math.min),
    row.cells.map(({ stalls, failures }) => `${stalls}/${failures}`).join(", "),
  ];
}

/** The record as Markdown. */
export function renderStormRecord(record: StormRecord): string {
  const { machine, storms, boots, stormBoots } = record;
  const names = record.engines.map(shortName);
  return [
    `${record.date}, commit ${record.commit}, ${record.rounds} interleaved rounds on ` +
    `${machine.cores} x ${machine.cpu} (${machine.os}, ${machine.architecture}). ` +
    `${record.engines.join("; ")}. Medians; in brackets the distance between the extremes ` +
    "relative to the median.",
    "",
    `Storms: operations in a second of all workers, one on each of ${record.harts} harts, ` +
    `${record.seconds} s each; a ratio above one means that the subject does more than the better QEMU. Errors: ` +
    "what workers saw and cannot be, by emulator, all rounds together.",
    "",
    ...table(["storm", ...names, "ratio", "errors"], storms.map((row) => stormRow(record, row))),
    "",
    "Boots: wall; CPU seconds from start to power-off; a ratio below one means that the subject is faster " +
    "than the faster QEMU in wall time. Stalls: the kernel's complaints of harts that do not get on, and boots that " +
    "did not end well, by emulator, all rounds together.",
    "",
    ...table(
      ["boot", ...names, "ratio", "stalls/failures"],
      [...boots, stormBoots].map((row) => bootRow(record, row)),
    ),
  ].join("\n");
}
