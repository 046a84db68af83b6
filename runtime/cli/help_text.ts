/** Texts that the command line prints on request; all of them come from tables. */

import { DEBUG_CATEGORIES } from "../machine/options.ts";
import { KEY_HELP } from "./escape_keys.ts";
import { type FlagRow, FLAGS } from "./flags.ts";

const HELP_COLUMN = 30;
const LINE_WIDTH = 80;

/** The help text. */
export function helpText(version: string): string {
  return [
    `Weft ${version}: a RISC-V machine. Flags have QEMU's spelling.`,
    "",
    "weft -M virt -smp 2 -m 512M -kernel Image -initrd FILE -append TEXT",
    "",
    ...FLAGS.map(flagHelp),
    "",
    "weft img --help: images of disks without a machine, in qemu-img's words.",
    "",
    "Keys on the console:",
    ...KEY_HELP.map(({ keys, does }) => `  ${keys.padEnd(HELP_COLUMN - 2)}${does}`),
    "",
    "Exit code: 0 after power-off, 1 for a machine that cannot be built, 2 for a flag",
    "that is not understood, 3 after a guest panic, 4 for an internal error, else the",
    "guest's own.",
    "",
  ].join("\n");
}

function flagHelp(row: FlagRow): string {
  const spellings = row.names.map((name) => `-${name}`).join(", ");
  const left = `  ${spellings}${row.value === undefined ? "" : ` ${row.value}`}`;
  const [first, ...rest] = wrap(row.help, LINE_WIDTH - HELP_COLUMN);
  const margin = " ".repeat(HELP_COLUMN);
  const lines = left.length < HELP_COLUMN
    ? [left.padEnd(HELP_COLUMN) + first]
    : [left, margin + first];
  return [...lines, ...rest.map((line) => margin + line)].join("\n");
}

function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines[lines.length - 1];
    if (last !== "" && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines;
}

/** Names and meanings of the debug log's items. */
export function debugHelpText(): string {
  const rows = Object.entries(DEBUG_CATEGORIES);
  return ["Items for -d:", ...rows.map(([name, does]) => `  ${name.padEnd(14)}${does}`), ""]
    .join("\n");
}
