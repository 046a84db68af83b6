/** Statistics of a machine as text for people. */

import type {
  ConsoleStatistics,
  DriveStatistics,
  EntropyStatistics,
  HartStatistics,
  LockStatistics,
  MachineStatistics,
  NetworkStatistics,
  ShareStatistics,
} from "../machine/machine_interface.ts";

const MILLION = 1e6;
const MILLISECONDS = 1000;
const LABEL_WIDTH = 28;
/** Decimals of a time for which a lock was held, in milliseconds: microseconds. */
const LOCK_DIGITS = 3;

/** The table that `--stats` prints. */
export function statisticsTable(statistics: MachineStatistics): string {
  const instructions = sum(statistics.harts, (hart) => hart.instructions);
  const hot = sum(statistics.harts, (hart) => hart.hotInstructions);
  const rows: [string, string][] = [
    ["wall time", `${statistics.wallSeconds.toFixed(2)} s`],
    ["guest instructions", `${(instructions / MILLION).toFixed(1)} M`],
    ["speed", `${perSecond(instructions, statistics.wallSeconds)} MIPS`],
    ["in the hot tier", share(hot, instructions)],
    ["regions compiled", `${statistics.regions}`],
    ["instructions compiled", compiledText(statistics)],
    ["modules compiled", `${statistics.modules} (${statistics.moduleBytes} bytes)`],
    ...cacheRows(statistics),
    ["invalidations", `${statistics.invalidations}`],
    ["regions evicted", `${statistics.evictedRegions}`],
    ["page walks", `${statistics.translations.pageWalks}`],
    ["page walks avoided", `${statistics.translations.walksAvoided}`],
    ["flushes avoided", `${statistics.translations.flushesAvoided}`],
    ["flushes partial", `${statistics.translations.flushesPartial}`],
    ["flushes full", `${statistics.translations.flushesFull}`],
    ["remote fences partial", `${statistics.translations.remoteFencesPartial}`],
    ["remote fences full", `${statistics.translations.remoteFencesFull}`],
    ["instruction fences", `${statistics.translations.instructionFences}`],
    ...lockRows(statistics),
    ...labelled("compile: ", statistics.compileMilliseconds, (value) => `${value.toFixed(1)} ms`),
    ...labelled("exit: ", statistics.exits, (value) => `${value}`),
    ...statistics.drives.flatMap(driveRows),
    ...statistics.networks.flatMap(networkRows),
    ...statistics.entropy.map(entropyRow),
    ...statistics.shares.flatMap(shareRows),
    ...statistics.consoles.flatMap(consoleRows),
  ];
  return rowsText(rows);
}

/** The same for devices and locks alone. */
export function lockTable(statistics: MachineStatistics): string {
  return rowsText(lockRows(statistics));
}

/** The same for disks alone. */
export function driveTable({ drives }: MachineStatistics): string {
  return drives.length === 0 ? "no disks\n" : rowsText(drives.flatMap(driveRows));
}

/** The same for network cards alone. */
export function networkTable({ networks }: MachineStatistics): string {
  return networks.length === 0 ? "no network cards\n" : rowsText(networks.flatMap(networkRows));
}

function rowsText(rows: readonly (readonly [string, string])[]): string {
  return rows.map(([label, value]) => `${label.padEnd(LABEL_WIDTH)}${value}\n`).join("");
}

/** With the rate at which the compiler thread made them, all its phases together. */
function compiledText({ compiledInstructions, compileMilliseconds }: MachineStatistics): string {
  const milliseconds = Object.values(compileMilliseconds).reduce((total, one) => total + one, 0);
  if (milliseconds === 0) return `${compiledInstructions}`;
  const rate = compiledInstructions / milliseconds * MILLISECONDS;
  return `${compiledInstructions} (${rate.toFixed(0)} per second)`;
}

/** Nothing where there is no code cache. */
function cacheRows({ cachedRegions, uncachedRegions }: MachineStatistics): [string, string][] {
  const all = cachedRegions + uncachedRegions;
  return all === 0 ? [] : [["from the code cache", `${cachedRegions} of ${all}`]];
}

function lockRows({ deviceAccesses, locks }: MachineStatistics): [string, string][] {
  return [["device accesses", `${deviceAccesses}`], ...locks.map(lockRow)];
}

function lockRow(
  { name, acquisitions, contended, longestHoldMilliseconds: longest }: LockStatistics,
): [string, string] {
  const held = longest === undefined ? "" : `, held ${longest.toFixed(LOCK_DIGITS)} ms at most`;
  return [`lock: ${name}`, `${acquisitions} times, ${contended} contended${held}`];
}

/** What became of the requests to a disk. */
function driveRows(drive: DriveStatistics): [string, string][] {
  const { reads, writes, flushes, others, failures, bytesRead, bytesWritten } = drive;
  return [
    [drive.name, `${reads + writes + flushes + others} requests, ${failures} failed`],
    ["  reads", `${reads} (${bytesRead} bytes)`],
    ["  writes", `${writes} (${bytesWritten} bytes), ${flushes} flushes`],
    ["  doorbells, interrupts", `${drive.doorbells}, ${drive.interrupts}`],
  ];
}

function networkRows(card: NetworkStatistics): [string, string][] {
  const { framesSent, bytesSent, framesReceived, bytesReceived, dropped } = card;
  return [
    ["network", `${card.allowed} let out, ${card.refused} refused, ${dropped} frames lost`],
    ["  sent", `${framesSent} frames (${bytesSent} bytes)`],
    ["  received", `${framesReceived} frames (${bytesReceived} bytes)`],
    ["  doorbells, interrupts", `${card.doorbells}, ${card.interrupts}`],
  ];
}

function entropyRow({ requests, bytes }: EntropyStatistics): [string, string] {
  return ["random numbers", `${requests} requests, ${bytes} bytes`];
}

function consoleRows(one: ConsoleStatistics): [string, string][] {
  return [
    ["console", `${one.bytesRead} bytes read, ${one.bytesWritten} written`],
    ["  doorbells, interrupts", `${one.doorbells}, ${one.interrupts}`],
  ];
}

function shareRows(share: ShareStatistics): [string, string][] {
  return [
    [share.name, `${share.requests} requests, ${share.failures} failed`],
    ["  bytes read, written", `${share.bytesRead}, ${share.bytesWritten}`],
    ["  doorbells, interrupts", `${share.doorbells}, ${share.interrupts}`],
  ];
}

/** One line for each hart. */
export function hartTable(harts: readonly HartStatistics[]): string {
  return harts.map((hart, index) =>
    `hart ${index}: ${hart.activity.padEnd(8)} pc 0x${hart.pc.toString(16).padStart(16, "0")}` +
    `  ${(hart.instructions / MILLION).toFixed(1)} M instructions, ${
      share(hart.hotInstructions, hart.instructions)
    } hot\n`
  ).join("");
}

function sum(harts: readonly HartStatistics[], count: (hart: HartStatistics) => number): number {
  return harts.reduce((total, hart) => total + count(hart), 0);
}

function perSecond(instructions: number, seconds: number): string {
  return seconds > 0 ? (instructions / MILLION / seconds).toFixed(1) : "-";
}

function share(part: number, whole: number): string {
  return whole > 0 ? `${(100 * part / whole).toFixed(1)} %` : "-";
}

function labelled(
  prefix: string,
  values: Readonly<Record<string, number>>,
  text: (value: number) => string,
): [string, string][] {
  return Object.entries(values).map(([name, value]) => [prefix + name, text(value)]);
}
