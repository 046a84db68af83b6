/** The list of compiled code as text for people: a line for each region, the one with most samples first. */

import { addressText } from "../profile/guest_address.ts";
import type { JitRegion } from "../machine/machine_interface.ts";

const HEX = 16;
const TITLES = [
  "region",
  "samples",
  "physical",
  "virtual",
  "mode",
  "instrs",
  "bytes",
  "entries",
  "module",
  "mod.bytes",
  "mod.regions",
  "lift ms",
  "opt ms",
  "symbol",
] as const;
/** What has numbers stands to the right. */
const LEFT: ReadonlySet<string> = new Set(["physical", "virtual", "mode", "symbol"]);

/** The table that `-jit-map` writes. */
export function jitMapTable(regions: readonly JitRegion[]): string {
  const sorted = regions.toSorted((a, b) => b.samples - a.samples || a.number - b.number);
  const rows = [TITLES, ...sorted.map(cellsOf)];
  const widths = TITLES.map((_, column) => Math.max(...rows.map((cells) => cells[column].length)));
  return rows.map((cells) =>
    cells.map((cell, column) =>
      LEFT.has(TITLES[column]) ? cell.padEnd(widths[column]) : cell.padStart(widths[column])
    ).join("  ").trimEnd() + "\n"
  ).join("");
}

function cellsOf(region: JitRegion): string[] {
  return [
    `${region.number}`,
    `${region.samples}`,
    addressText(region.physical),
    addressText(region.virtual),
    `0x${region.modeKey.toString(HEX)}`,
    `${region.instructions}`,
    `${region.bytes}`,
    `${region.entries}`,
    `${region.module}`,
    `${region.moduleBytes}`,
    `${region.moduleRegions}`,
    region.liftMilliseconds.toFixed(2),
    region.optimizeMilliseconds.toFixed(2),
    region.symbol ?? "-",
  ];
}
