/** Registers of a hart as text for people. */

import type { Hart } from "../machine/machine_interface.ts";

const IN_A_LINE = 4;
const NAME_WIDTH = 4;
const DIGITS = 16;

/** What `info registers` prints of a hart. */
export function registerTable(hart: Hart): string {
  const cells = Array.from(
    hart.registers(),
    ([name, value]) => `${name.padEnd(NAME_WIDTH)} ${value.toString(16).padStart(DIGITS, "0")}`,
  );
  const [pc, ...others] = cells;
  const lines = [`hart ${hart.index}`, pc];
  for (let at = 0; at < others.length; at += IN_A_LINE) {
    lines.push(others.slice(at, at + IN_A_LINE).join("  "));
  }
  return lines.map((line) => `${line}\n`).join("");
}
