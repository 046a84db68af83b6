/**
 * Rows of the address generation instructions.
 *
 * Source: Unprivileged ISA, "B" Extension for Bit Manipulation, "Zba: Address generation".
 */
import type { InstructionRow } from "../instruction.ts";
import * as lift from "../lift/zba.ts";
import { rowTable } from "./row_table.ts";

/** All rows of this file. */
export const ZBA: readonly InstructionRow[] = rowTable("zba", "Zba: Address generation", [
  ["add.uw", "0000100 rs2 rs1 000 rd 0111011", "rd, rs1, rs2", lift.addUw],
  ["sh1add", "0010000 rs2 rs1 010 rd 0110011", "rd, rs1, rs2", lift.sh1add],
  ["sh1add.uw", "0010000 rs2 rs1 010 rd 0111011", "rd, rs1, rs2", lift.sh1addUw],
  ["sh2add", "0010000 rs2 rs1 100 rd 0110011", "rd, rs1, rs2", lift.sh2add],
  ["sh2add.uw", "0010000 rs2 rs1 100 rd 0111011", "rd, rs1, rs2", lift.sh2addUw],
  ["sh3add", "0010000 rs2 rs1 110 rd 0110011", "rd, rs1, rs2", lift.sh3add],
  ["sh3add.uw", "0010000 rs2 rs1 110 rd 0111011", "rd, rs1, rs2", lift.sh3addUw],
  ["slli.uw", "000010 shamt[5:0] rs1 001 rd 0011011", "rd, rs1, shamt", lift.slliUw],
]);
