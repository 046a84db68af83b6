/**
 * Rows of the conditional operations.
 *
 * Source: Unprivileged ISA, "Zicond" Extension for Integer Conditional Operations.
 */
import type { InstructionRow } from "../instruction.ts";
import * as lift from "../lift/zicond.ts";
import { rowTable } from "./row_table.ts";

/** All rows of this file. */
export const ZICOND: readonly InstructionRow[] = rowTable("zicond", "Instructions", [
  ["czero.eqz", "0000111 rs2 rs1 101 rd 0110011", "rd, rs1, rs2", lift.czeroEqz],
  ["czero.nez", "0000111 rs2 rs1 111 rd 0110011", "rd, rs1, rs2", lift.czeroNez],
]);
