/**
 * Rows of the additional float instructions of all precisions; for the syntax column see `rv_float.ts`.
 *
 * Source: Unprivileged ISA, `"Zfa" Extension for Additional Floating-Point Instructions`.
 */
import type { InstructionRow } from "../instruction.ts";
import { compare, extremum } from "../lift/float_operations.ts";
import { fcvtmodWD, loadImmediate, round } from "../lift/zfa.ts";
import {
  DOUBLE_COLUMN,
  type FloatColumn,
  type FloatRowEntry,
  floatRows,
  HALF_COLUMN,
  SINGLE_COLUMN,
} from "./float_column.ts";
import { rowTable } from "./row_table.ts";

const IMMEDIATES: readonly FloatRowEntry[] = [
  ["fli._", "11110FF 00001 rs1 000 rd 1010011", "fd, constant", loadImmediate],
];

const EXTREMA: readonly FloatRowEntry[] = [
  [
    "fminm._",
    "00101FF rs2 rs1 010 rd 1010011",
    "fd, fs1, fs2",
    (access) => extremum(access, "minimum", "propagate"),
  ],
  [
    "fmaxm._",
    "00101FF rs2 rs1 011 rd 1010011",
    "fd, fs1, fs2",
    (access) => extremum(access, "maximum", "propagate"),
  ],
];

const ROUNDING: readonly FloatRowEntry[] = [
  [
    "fround._",
    "01000FF 00100 rs1 rm rd 1010011",
    "fd, fs1, rm",
    (access) => round(access, { isExact: false }),
  ],
  [
    "froundnx._",
    "01000FF 00101 rs1 rm rd 1010011",
    "fd, fs1, rm",
    (access) => round(access, { isExact: true }),
  ],
];

const COMPARISON: readonly FloatRowEntry[] = [
  [
    "fleq._",
    "10100FF rs2 rs1 100 rd 1010011",
    "rd, fs1, fs2",
    (access) => compare(access, { relation: "le", isQuiet: true }),
  ],
  [
    "fltq._",
    "10100FF rs2 rs1 101 rd 1010011",
    "rd, fs1, fs2",
    (access) => compare(access, { relation: "lt", isQuiet: true }),
  ],
];

const MODULAR = rowTable("zfa and d", "Modular Convert-to-Integer Instruction", [
  ["fcvtmod.w.d", "1100001 01000 rs1 001 rd 1010011", "rd, fs1, rtz", fcvtmodWD],
]);

function rowsOf(column: FloatColumn): InstructionRow[] {
  const extension = `zfa and ${column.extension}`;
  return [
    ...floatRows(column, extension, "Load-Immediate Instructions", IMMEDIATES),
    ...floatRows(column, extension, "Minimum and Maximum Instructions", EXTREMA),
    ...floatRows(column, extension, "Round-to-Integer Instructions", ROUNDING),
    ...floatRows(column, extension, "Comparison Instructions", COMPARISON),
  ];
}

/** All rows of this file. */
export const ZFA: readonly InstructionRow[] = [
  ...[SINGLE_COLUMN, DOUBLE_COLUMN, HALF_COLUMN].flatMap(rowsOf),
  ...MODULAR,
];
