/** How the tables of this folder are written down: what the rows of one section share is said once. */
import type { InstructionRow, Lifter } from "../instruction.ts";

/** Name, pattern, syntax and meaning of an instruction. */
export type RowEntry = readonly [name: string, pattern: string, syntax: string, lift: Lifter];

/** Rows of one section of the manual, given by its title, that belong to the same extensions. */
export function rowTable(
  extension: string,
  section: string,
  entries: readonly RowEntry[],
): InstructionRow[] {
  return entries.map(([name, pattern, syntax, lift]) => ({
    name,
    pattern,
    extension,
    section,
    syntax,
    lift,
  }));
}
