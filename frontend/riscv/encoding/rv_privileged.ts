/**
 * Rows of the privileged instructions.
 *
 * Source: Privileged ISA, "Machine-Mode Privileged Instructions" and "Supervisor Instructions".
 */
import type { InstructionRow } from "../instruction.ts";
import * as lift from "../lift/rv_privileged.ts";
import { rowTable } from "./row_table.ts";

/** All rows of this file. */
export const RV_PRIVILEGED: readonly InstructionRow[] = [
  ...rowTable("machine", "Trap-Return Instructions", [
    ["mret", "0011000 00010 00000 000 00000 1110011", "", lift.mret],
  ]),
  ...rowTable("supervisor", "Trap-Return Instructions", [
    ["sret", "0001000 00010 00000 000 00000 1110011", "", lift.sret],
  ]),
  ...rowTable("machine", "Wait for Interrupt", [
    ["wfi", "0001000 00101 00000 000 00000 1110011", "", lift.wfi],
  ]),
  ...rowTable("supervisor", "Supervisor Memory-Management Fence Instruction", [
    ["sfence.vma", "0001001 rs2 rs1 000 00000 1110011", "rs1, rs2", lift.sfenceVma],
  ]),
];
