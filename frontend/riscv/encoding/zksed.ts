/**
 * Rows of the SM4 instructions.
 *
 * Source: Unprivileged ISA, "Cryptography Extensions: Scalar & Entropy Source Instructions", "Zksed - ShangMi
 * Suite: SM4 Block Cipher Instructions".
 */
import type { InstructionRow } from "../instruction.ts";
import * as lift from "../lift/sm4.ts";
import { rowTable } from "./row_table.ts";

/** All rows of this file. */
export const ZKSED: readonly InstructionRow[] = rowTable(
  "zksed",
  "Zksed - ShangMi Suite: SM4 Block Cipher Instructions",
  [
    ["sm4ed", "uimm[1:0] 11000 rs2 rs1 000 rd 0110011", "rd, rs1, rs2, shamt", lift.sm4ed],
    ["sm4ks", "uimm[1:0] 11010 rs2 rs1 000 rd 0110011", "rd, rs1, rs2, shamt", lift.sm4ks],
  ],
);
