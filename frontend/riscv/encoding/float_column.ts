/** What distinguishes the rows of one precision from those of another. */
import type { InstructionRow, Lifter } from "../instruction.ts";
import { DOUBLE, type FloatAccess, HALF, SINGLE } from "../lift/float_format.ts";
import { rowTable } from "./row_table.ts";

/** One precision. */
export interface FloatColumn {
  /** Last letter of names. */
  readonly suffix: string;
  /** Letter of loads, stores and moves. */
  readonly widthSuffix: string;
  /** Field `fmt`: the two bits that patterns hold as `FF`. */
  readonly format: string;
  /** Field `width` of loads and stores: the bits that patterns hold as `WWW`. */
  readonly width: string;
  /** How section titles begin: those of loads and stores, and the others. */
  readonly titles: { readonly transfer: string; readonly computation: string };
  /** Extension of its instructions. */
  readonly extension: string;
  /** Extension that loads, stores and moves belong to. */
  readonly transferExtension: string;
  /** How lifters reach its operands. */
  readonly access: FloatAccess;
}

/** The precision of F. */
export const SINGLE_COLUMN: FloatColumn = {
  suffix: "s",
  widthSuffix: "w",
  format: "00",
  width: "010",
  titles: { transfer: "Single-Precision", computation: "Single-Precision Floating-Point" },
  extension: "f",
  transferExtension: "f",
  access: SINGLE,
};

/** The precision of D. */
export const DOUBLE_COLUMN: FloatColumn = {
  suffix: "d",
  widthSuffix: "d",
  format: "01",
  width: "011",
  titles: { transfer: "Double-Precision", computation: "Double-Precision Floating-Point" },
  extension: "d",
  transferExtension: "d",
  access: DOUBLE,
};

/** The precision of Zfh and, in part, of Zfhmin. */
export const HALF_COLUMN: FloatColumn = {
  suffix: "h",
  widthSuffix: "h",
  format: "10",
  width: "001",
  titles: { transfer: "Half-Precision", computation: "Half-Precision" },
  extension: "zfh",
  transferExtension: "zfhmin",
  access: HALF,
};

/** Name, pattern, syntax and meaning of an instruction that each precision has. */
export type FloatRowEntry = readonly [
  name: string,
  pattern: string,
  syntax: string,
  lift: (access: FloatAccess) => Lifter,
];

/** The rows that entries give for a precision: in names a last `_` stands for its letter, `~` for that of its width. */
export function floatRows(
  column: FloatColumn,
  extension: string,
  section: string,
  entries: readonly FloatRowEntry[],
): InstructionRow[] {
  const { suffix, widthSuffix, format, width, access } = column;
  return rowTable(
    extension,
    section,
    entries.map(([name, pattern, syntax, lift]) => [
      name.replace("_", suffix).replace("~", widthSuffix),
      pattern.replace("FF", format).replace("WWW", width),
      syntax,
      lift(access),
    ]),
  );
}
