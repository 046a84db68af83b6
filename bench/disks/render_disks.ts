// Renders a comparison of disks as Markdown tables.

import type { LoadCell, Row } from "../load_results.ts";
import { loadRow, runText, shortName, table } from "../load_tables.ts";
import type { DiskRecord } from "./disk_record.ts";

/** What is left of each emulator's work on one hart while the other one reads. */
function shareRow({ alone, beside }: DiskRecord["work"]): string[] {
  const shares = beside.cells.map(({ perSecond }, index) => {
    const before = alone.cells[index].perSecond;
    if (perSecond === undefined || before === undefined) return "none";
    return (perSecond.median / before.median).toFixed(2);
  });
  return ["what is left", ...shares, "", ""];
}

/** The record as Markdown. */
export function renderDiskRecord(record: DiskRecord): string {
  const { engines, work, boots } = record;
  const row = (one: Row<LoadCell>): string[] => loadRow(engines, one);
  const failures = boots.cells.map((cell) => cell.failures).join(", ");
  return [
    runText(record),
    "",
    "Requests in a second of processes that make one after the other, past the guest's page cache, on virtio-blk " +
    `over MMIO with a raw image, -smp 2, ${record.seconds} s each; a ratio above one means that the subject does ` +
    "more than the better QEMU. Errors: requests that failed and blocks with another content than was written, by " +
    `emulator, all rounds together. Boots that did not end well: ${failures}.`,
    "",
    ...table(
      ["requests x processes", ...engines.map(shortName), "ratio", "errors"],
      record.requests.map(row),
    ),
    "",
    "Work of one hart in a second, while the other one sleeps and while it reads 4 KiB blocks as often as it can:",
    "",
    ...table(["work", ...engines.map(shortName), "ratio", "errors"], [
      row(work.alone),
      row(work.beside),
      shareRow(work),
    ]),
  ].join("\n");
}
