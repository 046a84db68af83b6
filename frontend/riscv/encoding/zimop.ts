/**
 * Rows of the may-be-operations: encodings that write zero until an extension gives them a meaning. The
 * immediate is the number in the name.
 *
 * Source: Unprivileged ISA, `"Zimop" Extension for May-Be-Operations`.
 */
import type { InstructionRow } from "../instruction.ts";
import { writeZero } from "../lift/zimop.ts";
import { rowTable } from "./row_table.ts";

/** All rows of this file. */
export const ZIMOP: readonly InstructionRow[] = rowTable(
  "zimop",
  "May-Be-Operations Instructions",
  [
    [
      "mop.r.imm",
      "1 uimm[4] 00 uimm[3:2] 0111 uimm[1:0] rs1 100 rd 1110011",
      "rd, rs1",
      writeZero,
    ],
    ["mop.rr.imm", "1 uimm[2] 00 uimm[1:0] 1 rs2 rs1 100 rd 1110011", "rd, rs1, rs2", writeZero],
  ],
);
