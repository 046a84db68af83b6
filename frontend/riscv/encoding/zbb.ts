/**
 * Rows of the basic bit manipulation instructions. Some of them are there for cryptography too.
 *
 * Source: Unprivileged ISA, "B" Extension for Bit Manipulation, "Zbb: Basic bit-manipulation".
 */
import type { InstructionRow } from "../instruction.ts";
import * as lift from "../lift/zbb.ts";
import { rowTable } from "./row_table.ts";

const BASIC = rowTable("zbb", "Zbb: Basic bit-manipulation", [
  ["clz", "0110000 00000 rs1 001 rd 0010011", "rd, rs1", lift.clz],
  ["clzw", "0110000 00000 rs1 001 rd 0011011", "rd, rs1", lift.clzw],
  ["ctz", "0110000 00001 rs1 001 rd 0010011", "rd, rs1", lift.ctz],
  ["ctzw", "0110000 00001 rs1 001 rd 0011011", "rd, rs1", lift.ctzw],
  ["cpop", "0110000 00010 rs1 001 rd 0010011", "rd, rs1", lift.cpop],
  ["cpopw", "0110000 00010 rs1 001 rd 0011011", "rd, rs1", lift.cpopw],
  ["max", "0000101 rs2 rs1 110 rd 0110011", "rd, rs1, rs2", lift.max],
  ["maxu", "0000101 rs2 rs1 111 rd 0110011", "rd, rs1, rs2", lift.maxu],
  ["min", "0000101 rs2 rs1 100 rd 0110011", "rd, rs1, rs2", lift.min],
  ["minu", "0000101 rs2 rs1 101 rd 0110011", "rd, rs1, rs2", lift.minu],
  ["sext.b", "0110000 00100 rs1 001 rd 0010011", "rd, rs1", lift.sextB],
  ["sext.h", "0110000 00101 rs1 001 rd 0010011", "rd, rs1", lift.sextH],
  ["zext.h", "0000100 00000 rs1 100 rd 0111011", "rd, rs1", lift.zextH],
  ["orc.b", "001010 000111 rs1 101 rd 0010011", "rd, rs1", lift.orcB],
]);

const FOR_CRYPTOGRAPHY = rowTable("zbb or zbkb", "Zbkb: Bit-manipulation for Cryptography", [
  ["andn", "0100000 rs2 rs1 111 rd 0110011", "rd, rs1, rs2", lift.andn],
  ["orn", "0100000 rs2 rs1 110 rd 0110011", "rd, rs1, rs2", lift.orn],
  ["xnor", "0100000 rs2 rs1 100 rd 0110011", "rd, rs1, rs2", lift.xnor],
  ["rol", "0110000 rs2 rs1 001 rd 0110011", "rd, rs1, rs2", lift.rol],
  ["rolw", "0110000 rs2 rs1 001 rd 0111011", "rd, rs1, rs2", lift.rolw],
  ["ror", "0110000 rs2 rs1 101 rd 0110011", "rd, rs1, rs2", lift.ror],
  ["rori", "011000 shamt[5:0] rs1 101 rd 0010011", "rd, rs1, shamt", lift.rori],
  ["roriw", "0110000 shamt[4:0] rs1 101 rd 0011011", "rd, rs1, shamt", lift.roriw],
  ["rorw", "0110000 rs2 rs1 101 rd 0111011", "rd, rs1, rs2", lift.rorw],
  ["rev8", "011010 111000 rs1 101 rd 0010011", "rd, rs1", lift.rev8],
]);

/** All rows of this file. */
export const ZBB: readonly InstructionRow[] = [...BASIC, ...FOR_CRYPTOGRAPHY];
