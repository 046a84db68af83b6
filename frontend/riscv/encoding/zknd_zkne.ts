/**
 * Rows of the AES instructions. The key schedule belongs to encryption as well as to decryption.
 *
 * Source: Unprivileged ISA, "Cryptography Extensions: Scalar & Entropy Source Instructions", "Zknd - NIST
 * Suite: AES Decryption" and "Zkne - NIST Suite: AES Encryption".
 */
import type { InstructionRow } from "../instruction.ts";
import * as lift from "../lift/aes.ts";
import { rowTable } from "./row_table.ts";

/** All rows of this file. */
export const ZKND_ZKNE: readonly InstructionRow[] = [
  ...rowTable("zknd", "Zknd - NIST Suite: AES Decryption", [
    ["aes64ds", "0011101 rs2 rs1 000 rd 0110011", "rd, rs1, rs2", lift.aes64ds],
    ["aes64dsm", "0011111 rs2 rs1 000 rd 0110011", "rd, rs1, rs2", lift.aes64dsm],
    ["aes64im", "0011000 00000 rs1 001 rd 0010011", "rd, rs1", lift.aes64im],
  ]),
  ...rowTable("zkne", "Zkne - NIST Suite: AES Encryption", [
    ["aes64es", "0011001 rs2 rs1 000 rd 0110011", "rd, rs1, rs2", lift.aes64es],
    ["aes64esm", "0011011 rs2 rs1 000 rd 0110011", "rd, rs1, rs2", lift.aes64esm],
  ]),
  ...rowTable("zknd or zkne", "Zkne - NIST Suite: AES Encryption", [
    ["aes64ks1i", "0011000 1 uimm[3:0] rs1 001 rd 0010011", "rd, rs1, shamt", lift.aes64ks1i],
    ["aes64ks2", "0111111 rs2 rs1 000 rd 0110011", "rd, rs1, rs2", lift.aes64ks2],
  ]),
];
