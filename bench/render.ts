// Renders a comparison as a table, and puts it between its markers in the results document.

import type { Plot } from "./plot.ts";
import type { ComparedRow, ComparisonRecord, Measurement } from "./record.ts";
import { geometricMean, relativeSpread } from "./statistics.ts";

const PERCENT = 100;
const NET_EXPLANATION =
  " Net ratios have each emulator's own start-up (the empty program) subtracted.";

/** CPU or wall time of a measurement. */
type Clock = keyof Measurement;

function milliseconds(value: number): string {
  return value.toFixed(0);
}

function ratioText(ratio: number): string {
  return Number.isFinite(ratio) && ratio > 0 ? ratio.toFixed(2) : "-";
}

function cell(measurement: Measurement, clock: Clock): string {
  const spread = PERCENT * relativeSpread(measurement[clock]);
  return `${milliseconds(measurement[clock].median)} (${spread.toFixed(0)} %)`;
}

/** Subject's time over reference's: below one, the subject is faster. */
export function ratio(row: ComparedRow, clock: Clock): number {
  return row.subject[clock].median / row.reference[clock].median;
}

/** The same with each emulator's start-up cost taken off; NaN when nothing remains. */
export function ratioWithoutStartUp(row: ComparedRow, startUp: ComparedRow, clock: Clock): number {
  const subject = row.subject[clock].median - startUp.subject[clock].median;
  const reference = row.reference[clock].median - startUp.reference[clock].median;
  return subject > 0 && reference > 0 ? subject / reference : NaN;
}

function meanText(ratios: readonly number[]): string {
  return ratios.every((value) => value > 0) ? `**${geometricMean(ratios).toFixed(2)}**` : "-";
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function hotText({ counts }: ComparedRow): string {
  return counts === undefined ? "" : `${counts.hotPercent.toFixed(1)} %`;
}

function countText(count: number | undefined): string {
  return count === undefined ? "" : String(count);
}

function kernelTable(record: ComparisonRecord, startUp: ComparedRow): string[] {
  const ratios = (row: ComparedRow) => [
    ratio(row, "cpuMs"),
    ratioWithoutStartUp(row, startUp, "cpuMs"),
    ratio(row, "wallMs"),
    ratioWithoutStartUp(row, startUp, "wallMs"),
  ];
  const line = (row: ComparedRow, ratioCells: readonly string[]) =>
    tableRow([
      row.name,
      cell(row.subject, "cpuMs"),
      cell(row.reference, "cpuMs"),
      cell(row.subject, "wallMs"),
      cell(row.reference, "wallMs"),
      ...ratioCells,
      hotText(row),
    ]);
  const columns = record.rows.map(ratios);
  const means = [0, 1, 2, 3].map((column) => meanText(columns.map((row) => row[column] ?? NaN)));
  return [
    tableRow([
      "program",
      ...["subject CPU ms", "reference CPU ms", "subject wall ms", "reference wall ms"],
      ...["CPU ratio", "CPU ratio, net", "wall ratio", "wall ratio, net", "hot tier"],
    ]),
    "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ...record.rows.map((row) => line(row, ratios(row).map(ratioText))),
    line(startUp, ["", "", "", ""]),
    tableRow(["**geometric mean**", "", "", "", "", ...means, ""]),
  ];
}

function bootTable(record: ComparisonRecord): string[] {
  return [
    "| boot | subject CPU ms | reference CPU ms | subject wall ms | reference wall ms | " +
    "CPU ratio | wall ratio | hot tier | compiled | per second |",
    "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ...record.rows.map((row) =>
      tableRow([
        row.name,
        cell(row.subject, "cpuMs"),
        cell(row.reference, "cpuMs"),
        cell(row.subject, "wallMs"),
        cell(row.reference, "wallMs"),
        ratioText(ratio(row, "cpuMs")),
        ratioText(ratio(row, "wallMs")),
        hotText(row),
        countText(row.counts?.compiled),
        countText(row.counts?.compiledPerSecond),
      ])
    ),
  ];
}

/** Ratios of wall time, for a drawing. */
export function plotOf({ kind, rows }: ComparisonRecord): Plot {
  return {
    title: `Wall time over the reference's (${kind}): less is better`,
    bars: rows.map((row) => ({ name: row.name, ratio: ratio(row, "wallMs") })),
  };
}

/** The record as Markdown. */
export function renderRecord(record: ComparisonRecord): string {
  const { machine } = record;
  const table = record.startUp === undefined
    ? bootTable(record)
    : kernelTable(record, record.startUp);
  return [
    `${record.date}, commit ${record.commit}, ${record.rounds} interleaved rounds on ` +
    `${machine.cores} x ${machine.cpu} (${machine.os}, ${machine.architecture}).`,
    "",
    `Subject: ${record.subject}. Reference: ${record.reference}; of several the one that is faster in wall time. Medians; in brackets the distance ` +
    "between the slowest and the fastest run relative to the median. CPU time is user plus system " +
    "of the whole process, compilation included; a ratio below one means the subject is faster. Hot tier: share " +
    "of the guest instructions that were executed in compiled regions." +
    (record.startUp === undefined ? "" : NET_EXPLANATION),
    "",
    ...table,
    "",
    `![Wall time ratios](results/${record.kind}.svg)`,
  ].join("\n");
}

/** Replaces what stands between a section's markers. */
export function replaceSection(document: string, section: string, content: string): string {
  const begin = `<!-- begin ${section} -->`;
  const end = `<!-- end ${section} -->`;
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  if (from < 0 || to < from) throw new Error(`The document has no section "${section}"`);
  return `${document.slice(0, from + begin.length)}\n\n${content}\n\n${document.slice(to)}`;
}
