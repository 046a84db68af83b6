// Renders a comparison of disks as Markdown tables.

import type { LoadCell, Row } from "../load_results.ts";
import { bestRatio, loadRow, runText, shortName, summaryText, table } from "../load_tables.ts";
import type { DiskRecord, WorkRows } from "./disk_record.ts";

/** What is left of each emulator's work on one hart while the other one reads. */
function shareRow({ alone }: WorkRows, read: Row<LoadCell>): string[] {
  const shares = read.cells.map(({ perSecond }, index) => {
    const before = alone.cells[index].perSecond;
    if (perSecond === undefined || before === undefined) return "none";
    return (perSecond.median / before.median).toFixed(2);
  });
  return [`${read.name}: what is left`, ...shares, "", ""];
}

function latencyRow(engines: readonly string[], row: Row<LoadCell>): string[] {
  return [
    row.name,
    ...row.cells.map(({ p99Us }) => summaryText(p99Us, 1, 0)),
    bestRatio(engines, row, ({ p99Us }) => p99Us?.median, Math.min),
  ];
}

/** The record as Markdown. */
export function renderDiskRecord(record: DiskRecord): string {
  const { engines, requests, work, boots } = record;
  const row = (one: Row<LoadCell>): string[] => loadRow(engines, one);
  const names = engines.map(shortName);
  const failures = boots.map(({ name, cells }) =>
    `${name} ${cells.map((cell) => cell.failures).join(", ")}`
  );
  return [
    runText(record),
    "",
    "Requests in a second that fio's processes make one after the other, past the guest's page cache, on virtio-blk " +
    `on the PCI bus with a raw image of 64 MiB, -smp 2, ${record.seconds} s each, without and with \`-object iothread\`; a ` +
    "ratio above one means that the subject does more than the better QEMU. Errors: loads that failed, by emulator, " +
    `all rounds together. Boots that did not end well: ${failures.join("; ")}.`,
    "",
    ...table(["requests x processes", ...names, "ratio", "errors"], requests.map(row)),
    "",
    "The time within which 99 of 100 requests were done, in microseconds; a ratio below one means that the subject is " +
    "sooner done:",
    "",
    ...table(
      ["requests x processes", ...names, "ratio"],
      requests.map((one) => latencyRow(engines, one)),
    ),
    "",
    "Work of one hart in a second, while the other one sleeps, while it reads 4 KiB blocks as often as it can (who reads " +
    "faster has more to do), and while it reads 500 of them a second:",
    "",
    ...table(
      ["work", ...names, "ratio", "errors"],
      work.flatMap((rows) => [
        row(rows.alone),
        ...[rows.beside, rows.paced].flatMap((read) => [row(read), shareRow(rows, read)]),
      ]),
    ),
  ].join("\n");
}
