/**
 * Row of the instruction-fetch fence.
 *
 * Source: Unprivileged ISA, "Zifencei" Extension for Instruction-Fetch Fence.
 */
import type { InstructionRow } from "../instruction.ts";
import * as lift from "../lift/zifencei.ts";
import { rowTable } from "./row_table.ts";

/** All rows of this file. Immediate and registers are reserved for finer fences and ignored. */
export const ZIFENCEI: readonly InstructionRow[] = rowTable("zifencei", "Instruction-Fetch Fence", [
  ["fence.i", "------------ ----- 001 ----- 0001111", "", lift.fenceI],
]);
