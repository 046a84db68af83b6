// Renders a comparison of networks as Markdown tables.

import { loadRow, runText, shortName, table } from "../load_tables.ts";
import type { NetworkRecord } from "./network_record.ts";

/** The record as Markdown. */
export function renderNetworkRecord(record: NetworkRecord): string {
  const { engines, transfers, trips, boots, seconds } = record;
  const failures = boots.cells.map((cell) => cell.failures).join(", ");
  const names = engines.map(shortName);
  const lossy = transfers.filter(({ cells }) => cells.some((cell) => cell.lostPercent));
  return [
    runText(record),
    "",
    "iperf3 in the guest and on the host's loopback, over virtio-net on MMIO and the user-mode network, -smp 2, " +
    `${seconds} s each: megabits that arrive in a second, from the guest (send) and to it (receive); datagrams have ` +
    "1448 bytes, of which 50 megabits a second are sent on each connection. A ratio above one means that the subject " +
    "does more than the better QEMU. Errors: loads that failed, by emulator, all rounds together. " +
    `Boots that did not end well: ${failures}.`,
    "",
    ...table(
      ["megabits x connections", ...names, "ratio", "errors"],
      transfers.map((row) => loadRow(engines, row)),
    ),
    "",
    "Datagrams that were lost, in percent:",
    "",
    ...table(
      ["lost x connections", ...names],
      lossy.map(({ name, cells }) => [
        name,
        ...cells.map(({ lostPercent }) => lostPercent?.median.toFixed(1) ?? "none"),
      ]),
    ),
    "",
    "Bytes in a second that go to the host and come back, one after the other; errors are bytes that are not what was " +
    "sent:",
    "",
    ...table(
      ["round trips x connections", ...names, "ratio", "errors"],
      trips.map((row) => loadRow(engines, row)),
    ),
  ].join("\n");
}
