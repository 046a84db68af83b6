/** The registers of a RISC-V hart by name, for those who look at it from outside. */

import { FLOAT_NAMES, INTEGER_NAMES, slot } from "../../../../frontend/riscv/registers.ts";
import type { RegisterPlaces } from "../../paused_hart.ts";

/** Registers with a place of their own. */
export const RISCV_REGISTERS: RegisterPlaces = {
  pc: slot("pc"),
  x: slot("x"),
  f: slot("f"),
  integerNames: INTEGER_NAMES,
  floatNames: FLOAT_NAMES,
};

/** Numbers of control and status registers by name; loaded when it is asked for. */
export async function riscvControlRegisters(): Promise<ReadonlyMap<string, number>> {
  const { CSR_NAMES } = await import("../../../../frontend/riscv/csr_names.ts");
  return new Map(Array.from(CSR_NAMES, ([number, name]) => [name, number]));
}
