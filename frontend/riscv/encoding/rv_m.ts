/**
 * Rows of integer multiplication and division.
 *
 * Source: Unprivileged ISA, "M" Extension for Integer Multiplication and Division.
 */
import type { InstructionRow } from "../instruction.ts";
import * as lift from "../lift/rv_m.ts";
import { rowTable } from "./row_table.ts";

/** All rows of this file. */
export const RV_M: readonly InstructionRow[] = [
  ...rowTable("m", "Multiplication Operations", [
    ["mul", "0000001 rs2 rs1 000 rd 0110011", "rd, rs1, rs2", lift.mul],
    ["mulh", "0000001 rs2 rs1 001 rd 0110011", "rd, rs1, rs2", lift.mulh],
    ["mulhsu", "0000001 rs2 rs1 010 rd 0110011", "rd, rs1, rs2", lift.mulhsu],
    ["mulhu", "0000001 rs2 rs1 011 rd 0110011", "rd, rs1, rs2", lift.mulhu],
    ["mulw", "0000001 rs2 rs1 000 rd 0111011", "rd, rs1, rs2", lift.mulw],
  ]),
  ...rowTable("m", "Division Operations", [
    ["div", "0000001 rs2 rs1 100 rd 0110011", "rd, rs1, rs2", lift.div],
    ["divu", "0000001 rs2 rs1 101 rd 0110011", "rd, rs1, rs2", lift.divu],
    ["rem", "0000001 rs2 rs1 110 rd 0110011", "rd, rs1, rs2", lift.rem],
    ["remu", "0000001 rs2 rs1 111 rd 0110011", "rd, rs1, rs2", lift.remu],
    ["divw", "0000001 rs2 rs1 100 rd 0111011", "rd, rs1, rs2", lift.divw],
    ["divuw", "0000001 rs2 rs1 101 rd 0111011", "rd, rs1, rs2", lift.divuw],
    ["remw", "0000001 rs2 rs1 110 rd 0111011", "rd, rs1, rs2", lift.remw],
    ["remuw", "0000001 rs2 rs1 111 rd 0111011", "rd, rs1, rs2", lift.remuw],
  ]),
];
