/**
 * Rows of the single-precision instructions. In the syntax column, `fd` and `fs1`.. are float registers in
 * the fields `rd` and `rs1`..; `rm` is the rounding mode.
 *
 * Source: Unprivileged ISA, `"F" Extension for Single-Precision Floating-Point`.
 */
import type { InstructionRow } from "../instruction.ts";
import * as lift from "../lift/rv_f.ts";
import { rowTable } from "./row_table.ts";

const LOADS_AND_STORES = rowTable("f", "Single-Precision Load and Store Instructions", [
  ["flw", "imm[11:0] rs1 010 rd 0000111", "fd, imm(rs1)", lift.flw],
  ["fsw", "imm[11:5] rs2 rs1 010 imm[4:0] 0100111", "fs2, imm(rs1)", lift.fsw],
]);

const COMPUTATION = rowTable("f", "Single-Precision Floating-Point Computational Instructions", [
  ["fmadd.s", "rs3 00 rs2 rs1 rm rd 1000011", "fd, fs1, fs2, fs3, rm", lift.fmaddS],
  ["fmsub.s", "rs3 00 rs2 rs1 rm rd 1000111", "fd, fs1, fs2, fs3, rm", lift.fmsubS],
  ["fnmsub.s", "rs3 00 rs2 rs1 rm rd 1001011", "fd, fs1, fs2, fs3, rm", lift.fnmsubS],
  ["fnmadd.s", "rs3 00 rs2 rs1 rm rd 1001111", "fd, fs1, fs2, fs3, rm", lift.fnmaddS],
  ["fadd.s", "0000000 rs2 rs1 rm rd 1010011", "fd, fs1, fs2, rm", lift.faddS],
  ["fsub.s", "0000100 rs2 rs1 rm rd 1010011", "fd, fs1, fs2, rm", lift.fsubS],
  ["fmul.s", "0001000 rs2 rs1 rm rd 1010011", "fd, fs1, fs2, rm", lift.fmulS],
  ["fdiv.s", "0001100 rs2 rs1 rm rd 1010011", "fd, fs1, fs2, rm", lift.fdivS],
  ["fsqrt.s", "0101100 00000 rs1 rm rd 1010011", "fd, fs1, rm", lift.fsqrtS],
  ["fmin.s", "0010100 rs2 rs1 000 rd 1010011", "fd, fs1, fs2", lift.fminS],
  ["fmax.s", "0010100 rs2 rs1 001 rd 1010011", "fd, fs1, fs2", lift.fmaxS],
]);

const CONVERSION_AND_MOVE = rowTable(
  "f",
  "Single-Precision Floating-Point Conversion and Move Instructions",
  [
    ["fsgnj.s", "0010000 rs2 rs1 000 rd 1010011", "fd, fs1, fs2", lift.fsgnjS],
    ["fsgnjn.s", "0010000 rs2 rs1 001 rd 1010011", "fd, fs1, fs2", lift.fsgnjnS],
    ["fsgnjx.s", "0010000 rs2 rs1 010 rd 1010011", "fd, fs1, fs2", lift.fsgnjxS],
    ["fcvt.w.s", "1100000 00000 rs1 rm rd 1010011", "rd, fs1, rm", lift.fcvtWS],
    ["fcvt.wu.s", "1100000 00001 rs1 rm rd 1010011", "rd, fs1, rm", lift.fcvtWuS],
    ["fcvt.l.s", "1100000 00010 rs1 rm rd 1010011", "rd, fs1, rm", lift.fcvtLS],
    ["fcvt.lu.s", "1100000 00011 rs1 rm rd 1010011", "rd, fs1, rm", lift.fcvtLuS],
    ["fcvt.s.w", "1101000 00000 rs1 rm rd 1010011", "fd, rs1, rm", lift.fcvtSW],
    ["fcvt.s.wu", "1101000 00001 rs1 rm rd 1010011", "fd, rs1, rm", lift.fcvtSWu],
    ["fcvt.s.l", "1101000 00010 rs1 rm rd 1010011", "fd, rs1, rm", lift.fcvtSL],
    ["fcvt.s.lu", "1101000 00011 rs1 rm rd 1010011", "fd, rs1, rm", lift.fcvtSLu],
    ["fmv.x.w", "1110000 00000 rs1 000 rd 1010011", "rd, fs1", lift.fmvXW],
    ["fmv.w.x", "1111000 00000 rs1 000 rd 1010011", "fd, rs1", lift.fmvWX],
  ],
);

const COMPARISON = rowTable("f", "Single-Precision Floating-Point Compare Instructions", [
  ["feq.s", "1010000 rs2 rs1 010 rd 1010011", "rd, fs1, fs2", lift.feqS],
  ["flt.s", "1010000 rs2 rs1 001 rd 1010011", "rd, fs1, fs2", lift.fltS],
  ["fle.s", "1010000 rs2 rs1 000 rd 1010011", "rd, fs1, fs2", lift.fleS],
]);

const CLASSIFICATION = rowTable("f", "Single-Precision Floating-Point Classify Instruction", [
  ["fclass.s", "1110000 00000 rs1 001 rd 1010011", "rd, fs1", lift.fclassS],
]);

/** All rows of this file. */
export const RV_F: readonly InstructionRow[] = [
  ...LOADS_AND_STORES,
  ...COMPUTATION,
  ...CONVERSION_AND_MOVE,
  ...COMPARISON,
  ...CLASSIFICATION,
];
