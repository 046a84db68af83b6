/**
 * Rows of the bit manipulation instructions for cryptography that are not among the basic ones.
 *
 * Source: Unprivileged ISA, "B" Extension for Bit Manipulation, "Zbkb: Bit-manipulation for Cryptography".
 */
import type { InstructionRow } from "../instruction.ts";
import * as lift from "../lift/zbkb.ts";
import { rowTable } from "./row_table.ts";

/** All rows of this file. */
export const ZBKB: readonly InstructionRow[] = rowTable(
  "zbkb",
  "Zbkb: Bit-manipulation for Cryptography",
  [
    ["pack", "0000100 rs2 rs1 100 rd 0110011", "rd, rs1, rs2", lift.pack],
    ["packh", "0000100 rs2 rs1 111 rd 0110011", "rd, rs1, rs2", lift.packh],
    ["packw", "0000100 rs2 rs1 100 rd 0111011", "rd, rs1, rs2", lift.packw],
    ["brev8", "011010 000111 rs1 101 rd 0010011", "rd, rs1", lift.brev8],
  ],
);
