/**
 * Rows of the fine-grained invalidation of translations.
 *
 * Source: Privileged ISA, "Svinval" Extension for Fine-Grained Address-Translation Cache Invalidation.
 */
import type { InstructionRow } from "../instruction.ts";
import * as lift from "../lift/rv_privileged.ts";
import { rowTable } from "./row_table.ts";

/** All rows of this file. */
export const SVINVAL: readonly InstructionRow[] = rowTable(
  "svinval",
  "Fine-Grained Address-Translation Cache Invalidation",
  [
    ["sinval.vma", "0001011 rs2 rs1 000 00000 1110011", "rs1, rs2", lift.sfenceVma],
    ["sfence.w.inval", "0001100 00000 00000 000 00000 1110011", "", lift.sfenceInval],
    ["sfence.inval.ir", "0001100 00001 00000 000 00000 1110011", "", lift.sfenceInval],
  ],
);
