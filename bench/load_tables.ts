// Tables of loads: emulators side by side.

import type { LoadCell, LoadRecord, Row } from "./load_results.ts";
import { relativeSpread, type Summary } from "./statistics.ts";

const PERCENT = 100;

function tableRow(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** Lines of a table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const alignment = ["---", ...head.slice(1).map(() => "--:")];
  return [tableRow(head), `|${alignment.join("|")}|`, ...rows.map(tableRow)];
}

/** When, on what and how often it was measured, and by what. */
export function runText({ date, commit, rounds, machine, engines }: LoadRecord): string {
  return `${date}, commit ${commit}, ${rounds} interleaved rounds on ` +
    `${machine.cores} x ${machine.cpu} (${machine.os}, ${machine.architecture}). ` +
    `${
      engines.join("; ")
    }. Medians; in brackets the distance between the extremes relative to the median.`;
}

/** An emulator's name without its version. */
export function shortName(engine: string): string {
  return engine.split(" (")[0];
}

/** A median in a unit, and the spread. */
export function summaryText(summary: Summary | undefined, scale: number, digits: number): string {
  if (summary === undefined) return "none";
  const spread = (PERCENT * relativeSpread(summary)).toFixed(0);
  return `${(summary.median / scale).toFixed(digits)} (${spread} %)`;
}

/** The subject over the best other emulator, this one's own variants aside. */
export function bestRatio<Cell>(
  engines: readonly string[],
  { cells }: Row<Cell>,
  value: (cell: Cell) => number | undefined,
  best: (...values: number[]) => number,
): string {
  const subject = value(cells[0]);
  const references = cells.filter((_, index) => shortName(engines[index]).startsWith("qemu"))
    .map(value).filter((one) => one !== undefined);
  if (subject === undefined || references.length === 0) return "-";
  return (subject / best(...references)).toFixed(2);
}

/** A row of operations in a second. */
export function loadRow(engines: readonly string[], row: Row<LoadCell>): string[] {
  return [
    row.name,
    ...row.cells.map(({ perSecond }) => summaryText(perSecond, 1, 0)),
    bestRatio(engines, row, ({ perSecond }) => perSecond?.median, Math.max),
    row.cells.map(({ errors }) => errors).join(", "),
  ];
}
