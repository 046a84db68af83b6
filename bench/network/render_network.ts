// Renders a comparison of networks as a Markdown table.

import { loadRow, runText, shortName, table } from "../load_tables.ts";
import type { NetworkRecord } from "./network_record.ts";

/** The record as Markdown. */
export function renderNetworkRecord(record: NetworkRecord): string {
  const { engines, loads, boots } = record;
  const failures = boots.cells.map((cell) => cell.failures).join(", ");
  return [
    runText(record),
    "",
    "TCP between processes of the guest and a program on the host's loopback, over virtio-net on MMIO and the user-mode " +
    `network, -smp 2, ${record.seconds} s each: blocks of 64 KiB in a second, and bytes that went there and came back ` +
    "one after the other; a ratio above one means that the subject does more than the better QEMU. Errors: words and " +
    "bytes that are not what was sent, by emulator, all rounds together. " +
    `Boots that did not end well: ${failures}.`,
    "",
    ...table(
      ["load x connections", ...engines.map(shortName), "ratio", "errors"],
      loads.map((row) => loadRow(engines, row)),
    ),
  ].join("\n");
}
