/**
 * Rows of the single-bit instructions.
 *
 * Source: Unprivileged ISA, "B" Extension for Bit Manipulation, "Zbs: Single-bit instructions".
 */
import type { InstructionRow } from "../instruction.ts";
import * as lift from "../lift/zbs.ts";
import { rowTable } from "./row_table.ts";

/** All rows of this file. */
export const ZBS: readonly InstructionRow[] = rowTable("zbs", "Zbs: Single-bit instructions", [
  ["bclr", "0100100 rs2 rs1 001 rd 0110011", "rd, rs1, rs2", lift.bclr],
  ["bclri", "010010 shamt[5:0] rs1 001 rd 0010011", "rd, rs1, shamt", lift.bclri],
  ["bext", "0100100 rs2 rs1 101 rd 0110011", "rd, rs1, rs2", lift.bext],
  ["bexti", "010010 shamt[5:0] rs1 101 rd 0010011", "rd, rs1, shamt", lift.bexti],
  ["binv", "0110100 rs2 rs1 001 rd 0110011", "rd, rs1, rs2", lift.binv],
  ["binvi", "011010 shamt[5:0] rs1 001 rd 0010011", "rd, rs1, shamt", lift.binvi],
  ["bset", "0010100 rs2 rs1 001 rd 0110011", "rd, rs1, rs2", lift.bset],
  ["bseti", "001010 shamt[5:0] rs1 001 rd 0010011", "rd, rs1, shamt", lift.bseti],
]);
