/**
 * Rows of the cache-block instructions. A prefetch is an `ori` that writes x0: where prefetches are switched
 * off it still does nothing.
 *
 * Source: Unprivileged ISA, "Cache-Block Management Instructions", "Cache-Block Zero Instructions" and
 * "Cache-Block Prefetch Instructions".
 */
import type { InstructionRow } from "../instruction.ts";
import * as lift from "../lift/zicbo.ts";
import { rowTable } from "./row_table.ts";

/** All rows of this file. */
export const ZICBO: readonly InstructionRow[] = [
  ...rowTable("zicbom", "Cache-Block Management Instructions", [
    ["cbo.inval", "0000000 00000 rs1 010 00000 0001111", "(rs1)", lift.cboInval],
    ["cbo.clean", "0000000 00001 rs1 010 00000 0001111", "(rs1)", lift.cboClean],
    ["cbo.flush", "0000000 00010 rs1 010 00000 0001111", "(rs1)", lift.cboFlush],
  ]),
  ...rowTable("zicboz", "Cache-Block Zero Instructions", [
    ["cbo.zero", "0000000 00100 rs1 010 00000 0001111", "(rs1)", lift.cboZero],
  ]),
  ...rowTable("zicbop", "Cache-Block Prefetch Instructions", [
    ["prefetch.i", "imm[11:5] 00000 rs1 110 00000 0010011", "imm(rs1)", lift.prefetch],
    ["prefetch.r", "imm[11:5] 00001 rs1 110 00000 0010011", "imm(rs1)", lift.prefetch],
    ["prefetch.w", "imm[11:5] 00011 rs1 110 00000 0010011", "imm(rs1)", lift.prefetch],
  ]),
];
