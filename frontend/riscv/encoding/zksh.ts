/**
 * Rows of the SM3 instructions.
 *
 * Source: Unprivileged ISA, "Cryptography Extensions: Scalar & Entropy Source Instructions", "Zksh - ShangMi
 * Suite: SM3 Hash Function Instructions".
 */
import type { InstructionRow } from "../instruction.ts";
import * as lift from "../lift/hash_functions.ts";
import { rowTable } from "./row_table.ts";

/** All rows of this file. */
export const ZKSH: readonly InstructionRow[] = rowTable(
  "zksh",
  "Zksh - ShangMi Suite: SM3 Hash Function Instructions",
  [
    ["sm3p0", "0001000 01000 rs1 001 rd 0010011", "rd, rs1", lift.sm3p0],
    ["sm3p1", "0001000 01001 rs1 001 rd 0010011", "rd, rs1", lift.sm3p1],
  ],
);
