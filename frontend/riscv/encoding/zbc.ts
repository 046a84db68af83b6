/**
 * Rows of the carry-less multiplication instructions.
 *
 * Source: Unprivileged ISA, "B" Extension for Bit Manipulation, "Zbc: Carry-less multiplication".
 */
import type { InstructionRow } from "../instruction.ts";
import * as lift from "../lift/zbc.ts";
import { rowTable } from "./row_table.ts";

/** All rows of this file. */
export const ZBC: readonly InstructionRow[] = [
  ...rowTable("zbc or zbkc", "Zbkc: Carry-less multiplication for Cryptography", [
    ["clmul", "0000101 rs2 rs1 001 rd 0110011", "rd, rs1, rs2", lift.clmul],
    ["clmulh", "0000101 rs2 rs1 011 rd 0110011", "rd, rs1, rs2", lift.clmulh],
  ]),
  ...rowTable("zbc", "Zbc: Carry-less multiplication", [
    ["clmulr", "0000101 rs2 rs1 010 rd 0110011", "rd, rs1, rs2", lift.clmulr],
  ]),
];
