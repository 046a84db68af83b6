/**
 * Rows of the double-precision instructions; for the syntax column see `rv_f.ts`.
 *
 * Source: Unprivileged ISA, `"D" Extension for Double-Precision Floating-Point`.
 */
import type { InstructionRow } from "../instruction.ts";
import * as lift from "../lift/rv_d.ts";
import { rowTable } from "./row_table.ts";

const LOADS_AND_STORES = rowTable("d", "Double-Precision Load and Store Instructions", [
  ["fld", "imm[11:0] rs1 011 rd 0000111", "fd, imm(rs1)", lift.fld],
  ["fsd", "imm[11:5] rs2 rs1 011 imm[4:0] 0100111", "fs2, imm(rs1)", lift.fsd],
]);

const COMPUTATION = rowTable("d", "Double-Precision Floating-Point Computational Instructions", [
  ["fmadd.d", "rs3 01 rs2 rs1 rm rd 1000011", "fd, fs1, fs2, fs3, rm", lift.fmaddD],
  ["fmsub.d", "rs3 01 rs2 rs1 rm rd 1000111", "fd, fs1, fs2, fs3, rm", lift.fmsubD],
  ["fnmsub.d", "rs3 01 rs2 rs1 rm rd 1001011", "fd, fs1, fs2, fs3, rm", lift.fnmsubD],
  ["fnmadd.d", "rs3 01 rs2 rs1 rm rd 1001111", "fd, fs1, fs2, fs3, rm", lift.fnmaddD],
  ["fadd.d", "0000001 rs2 rs1 rm rd 1010011", "fd, fs1, fs2, rm", lift.faddD],
  ["fsub.d", "0000101 rs2 rs1 rm rd 1010011", "fd, fs1, fs2, rm", lift.fsubD],
  ["fmul.d", "0001001 rs2 rs1 rm rd 1010011", "fd, fs1, fs2, rm", lift.fmulD],
  ["fdiv.d", "0001101 rs2 rs1 rm rd 1010011", "fd, fs1, fs2, rm", lift.fdivD],
  ["fsqrt.d", "0101101 00000 rs1 rm rd 1010011", "fd, fs1, rm", lift.fsqrtD],
  ["fmin.d", "0010101 rs2 rs1 000 rd 1010011", "fd, fs1, fs2", lift.fminD],
  ["fmax.d", "0010101 rs2 rs1 001 rd 1010011", "fd, fs1, fs2", lift.fmaxD],
]);

const CONVERSION_AND_MOVE = rowTable(
  "d",
  "Double-Precision Floating-Point Conversion and Move Instructions",
  [
    ["fsgnj.d", "0010001 rs2 rs1 000 rd 1010011", "fd, fs1, fs2", lift.fsgnjD],
    ["fsgnjn.d", "0010001 rs2 rs1 001 rd 1010011", "fd, fs1, fs2", lift.fsgnjnD],
    ["fsgnjx.d", "0010001 rs2 rs1 010 rd 1010011", "fd, fs1, fs2", lift.fsgnjxD],
    ["fcvt.s.d", "0100000 00001 rs1 rm rd 1010011", "fd, fs1, rm", lift.fcvtSD],
    ["fcvt.d.s", "0100001 00000 rs1 rm rd 1010011", "fd, fs1, rm", lift.fcvtDS],
    ["fcvt.w.d", "1100001 00000 rs1 rm rd 1010011", "rd, fs1, rm", lift.fcvtWD],
    ["fcvt.wu.d", "1100001 00001 rs1 rm rd 1010011", "rd, fs1, rm", lift.fcvtWuD],
    ["fcvt.l.d", "1100001 00010 rs1 rm rd 1010011", "rd, fs1, rm", lift.fcvtLD],
    ["fcvt.lu.d", "1100001 00011 rs1 rm rd 1010011", "rd, fs1, rm", lift.fcvtLuD],
    ["fcvt.d.w", "1101001 00000 rs1 rm rd 1010011", "fd, rs1, rm", lift.fcvtDW],
    ["fcvt.d.wu", "1101001 00001 rs1 rm rd 1010011", "fd, rs1, rm", lift.fcvtDWu],
    ["fcvt.d.l", "1101001 00010 rs1 rm rd 1010011", "fd, rs1, rm", lift.fcvtDL],
    ["fcvt.d.lu", "1101001 00011 rs1 rm rd 1010011", "fd, rs1, rm", lift.fcvtDLu],
    ["fmv.x.d", "1110001 00000 rs1 000 rd 1010011", "rd, fs1", lift.fmvXD],
    ["fmv.d.x", "1111001 00000 rs1 000 rd 1010011", "fd, rs1", lift.fmvDX],
  ],
);

const COMPARISON = rowTable("d", "Double-Precision Floating-Point Compare Instructions", [
  ["feq.d", "1010001 rs2 rs1 010 rd 1010011", "rd, fs1, fs2", lift.feqD],
  ["flt.d", "1010001 rs2 rs1 001 rd 1010011", "rd, fs1, fs2", lift.fltD],
  ["fle.d", "1010001 rs2 rs1 000 rd 1010011", "rd, fs1, fs2", lift.fleD],
]);

const CLASSIFICATION = rowTable("d", "Double-Precision Floating-Point Classify Instruction", [
  ["fclass.d", "1110001 00000 rs1 001 rd 1010011", "rd, fs1", lift.fclassD],
]);

/** All rows of this file. */
export const RV_D: readonly InstructionRow[] = [
  ...LOADS_AND_STORES,
  ...COMPUTATION,
  ...CONVERSION_AND_MOVE,
  ...COMPARISON,
  ...CLASSIFICATION,
];
