/**
 * Rows of the waits on a reservation set.
 *
 * Source: Unprivileged ISA, "Zawrs" Extension for Wait-on-Reservation-Set instructions.
 */
import type { InstructionRow } from "../instruction.ts";
import * as lift from "../lift/zawrs.ts";
import { rowTable } from "./row_table.ts";

/** All rows of this file. */
export const ZAWRS: readonly InstructionRow[] = rowTable("zawrs", "Wait-on-Reservation-Set", [
  ["wrs.nto", "0000000 01101 00000 000 00000 1110011", "", lift.waitOnReservation],
  ["wrs.sto", "0000000 11101 00000 000 00000 1110011", "", lift.waitOnReservation],
]);
