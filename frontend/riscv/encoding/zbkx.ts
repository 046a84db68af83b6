/**
 * Rows of the crossbar permutations.
 *
 * Source: Unprivileged ISA, "B" Extension for Bit Manipulation, "Zbkx: Crossbar permutations".
 */
import type { InstructionRow } from "../instruction.ts";
import * as lift from "../lift/zbkx.ts";
import { rowTable } from "./row_table.ts";

/** All rows of this file. */
export const ZBKX: readonly InstructionRow[] = rowTable("zbkx", "Zbkx: Crossbar permutations", [
  ["xperm4", "0010100 rs2 rs1 010 rd 0110011", "rd, rs1, rs2", lift.xperm4],
  ["xperm8", "0010100 rs2 rs1 100 rd 0110011", "rd, rs1, rs2", lift.xperm8],
]);
