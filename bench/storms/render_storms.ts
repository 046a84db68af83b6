// Renders a comparison of storms and boots as Markdown tables.

import type { BootCell, Row } from "../load_results.ts";
import { bestRatio, loadRow, runText, shortName, summaryText, table } from "../load_tables.ts";
import type { StormRecord } from "./storm_record.ts";

const MS_PER_SECOND = 1000;

function bootRow(record: StormRecord, row: Row<BootCell>): string[] {
  return [
    row.name,
    ...row.cells.map(({ wallMs, cpuMs }) =>
      `${summaryText(wallMs, MS_PER_SECOND, 2)}; ${summaryText(cpuMs, MS_PER_SECOND, 2)}`
    ),
    bestRatio(record.engines, row, ({ wallMs }) => wallMs?.median, Math.min),
    row.cells.map(({ stalls, failures }) => `${stalls}/${failures}`).join(", "),
  ];
}

function stormLines({ engines, storms, harts, seconds }: StormRecord): string[] {
  if (storms.length === 0) return [];
  return [
    "",
    `Storms: operations in a second of all workers, one on each of ${harts} harts, ` +
    `${seconds} s each; a ratio above one means that the subject does more than the better QEMU. Errors: ` +
    "what workers saw and cannot be, by emulator, all rounds together.",
    "",
    ...table(
      ["storm", ...engines.map(shortName), "ratio", "errors"],
      storms.map((row) => loadRow(engines, row)),
    ),
  ];
}

/** The record as Markdown. */
export function renderStormRecord(record: StormRecord): string {
  const { engines, storms, boots, stormBoots } = record;
  const rows = storms.length === 0 ? boots : [...boots, stormBoots];
  return [
    runText(record),
    ...stormLines(record),
    "",
    "Boots: wall; CPU seconds from start to power-off; a ratio below one means that the subject is faster " +
    "than the faster QEMU in wall time. Stalls: the kernel's complaints of harts that do not get on, and boots that " +
    "did not end well, by emulator, all rounds together.",
    "",
    ...table(
      ["boot", ...engines.map(shortName), "ratio", "stalls/failures"],
      rows.map((row) => bootRow(record, row)),
    ),
  ].join("\n");
}
