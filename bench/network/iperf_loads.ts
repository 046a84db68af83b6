// What iperf3 is asked to do between guest and host, and what it says it has done. Names of its options and results are
// those of iperf3's manual.

import type { LoadResult } from "../guest_loads.ts";

/** Kinds of loads, as the guest sees them, and options of its client. */
export const TRANSFERS = [
  { name: "tcp-send", options: "" },
  { name: "tcp-receive", options: "--reverse" },
  { name: "udp-send", options: "--udp --bitrate=50M --length=1448" },
  { name: "udp-receive", options: "--udp --bitrate=50M --length=1448 --reverse" },
] as const;
/** How many connections are used at a time. */
export const CONNECTIONS = [1, 4] as const;

const BITS_PER_MEGABIT = 1e6;

/** The parts of iperf3's output that are looked at. */
interface IperfOutput {
  readonly error?: string;
  readonly end: {
    readonly sum_received?: { readonly bits_per_second: number; readonly lost_percent?: number };
  };
}

/** Shell commands that do it all, each load for so many seconds; `report` gets each output. */
export function iperfCommands(host: string, port: number, seconds: number): string {
  return loads().map(({ name, options, connections }) => {
    const flags = `--client ${host} --port ${port} --time ${seconds} --parallel ${connections}`;
    return `iperf3 ${flags} ${options} --json > /tmp/iperf.json
report ${name}-x${connections} /tmp/iperf.json
`;
  }).join("");
}

/** How many loads there are. */
export function iperfLoadCount(): number {
  return loads().length;
}

/** Megabits that arrived in a second, and what was lost; a load that failed has an error and nothing else. */
export function iperfResult(report: string, json: string): LoadResult {
  const load = loads().find(({ name, connections }) => `${name}-x${connections}` === report);
  if (load === undefined) throw new TypeError(`Cannot tell what ${report} reports`);
  const about = { name: load.name, workers: load.connections };
  const { error, end: { sum_received: sum } = {} } = outputOf(json);
  if (error !== undefined || sum === undefined) return { ...about, perSecond: 0, errors: 1 };
  return {
    ...{ ...about, perSecond: sum.bits_per_second / BITS_PER_MEGABIT, errors: 0 },
    ...sum.lost_percent === undefined ? {} : { lostPercent: sum.lost_percent },
  };
}

/** A client that was killed has said nothing. */
function outputOf(json: string): Partial<IperfOutput> {
  return json.trim() === "" ? {} : JSON.parse(json);
}

function loads() {
  return TRANSFERS.flatMap((transfer) =>
    CONNECTIONS.map((connections) => ({ ...transfer, connections }))
  );
}
