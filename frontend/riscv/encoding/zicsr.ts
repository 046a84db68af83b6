/**
 * Rows of the control and status register instructions.
 *
 * Source: Unprivileged ISA, "Zicsr" Extension for Control and Status Register (CSR) Instructions.
 */
import type { InstructionRow } from "../instruction.ts";
import * as lift from "../lift/zicsr.ts";
import { rowTable } from "./row_table.ts";

/** All rows of this file. The immediate forms hold their five-bit immediate in the field `rs1`. */
export const ZICSR: readonly InstructionRow[] = rowTable("zicsr", "CSR Instructions", [
  ["csrrw", "csr rs1 001 rd 1110011", "rd, csr, rs1", lift.csrrw],
  ["csrrs", "csr rs1 010 rd 1110011", "rd, csr, rs1", lift.csrrs],
  ["csrrc", "csr rs1 011 rd 1110011", "rd, csr, rs1", lift.csrrc],
  ["csrrwi", "csr rs1 101 rd 1110011", "rd, csr, zimm", lift.csrrwi],
  ["csrrsi", "csr rs1 110 rd 1110011", "rd, csr, zimm", lift.csrrsi],
  ["csrrci", "csr rs1 111 rd 1110011", "rd, csr, zimm", lift.csrrci],
]);
