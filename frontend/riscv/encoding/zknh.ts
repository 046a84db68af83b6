/**
 * Rows of the SHA-2 instructions.
 *
 * Source: Unprivileged ISA, "Cryptography Extensions: Scalar & Entropy Source Instructions", "Zknh - NIST
 * Suite: Hash Function Instructions".
 */
import type { InstructionRow } from "../instruction.ts";
import * as lift from "../lift/hash_functions.ts";
import { rowTable } from "./row_table.ts";

/** All rows of this file. */
export const ZKNH: readonly InstructionRow[] = rowTable(
  "zknh",
  "Zknh - NIST Suite: Hash Function Instructions",
  [
    ["sha256sum0", "0001000 00000 rs1 001 rd 0010011", "rd, rs1", lift.sha256sum0],
    ["sha256sum1", "0001000 00001 rs1 001 rd 0010011", "rd, rs1", lift.sha256sum1],
    ["sha256sig0", "0001000 00010 rs1 001 rd 0010011", "rd, rs1", lift.sha256sig0],
    ["sha256sig1", "0001000 00011 rs1 001 rd 0010011", "rd, rs1", lift.sha256sig1],
    ["sha512sum0", "0001000 00100 rs1 001 rd 0010011", "rd, rs1", lift.sha512sum0],
    ["sha512sum1", "0001000 00101 rs1 001 rd 0010011", "rd, rs1", lift.sha512sum1],
    ["sha512sig0", "0001000 00110 rs1 001 rd 0010011", "rd, rs1", lift.sha512sig0],
    ["sha512sig1", "0001000 00111 rs1 001 rd 0010011", "rd, rs1", lift.sha512sig1],
  ],
);
