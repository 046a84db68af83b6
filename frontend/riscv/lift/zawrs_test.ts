import { assertEquals } from "@std/assert";
import { ExitReason } from "../../../ir/exit_reason.ts";
import { assemble } from "../encoder.ts";
import { InstructionRunner } from "./single_instruction_fixture.ts";

Deno.test("waits on a reservation leave behind themselves, in every mode", () => {
  const runner = new InstructionRunner();
  for (const name of ["wrs.nto", "wrs.sto"]) {
    for (const privilege of [0n, 1n, 3n]) {
      const state = { privilege, mstatus: 1n << 21n };
      const { outcome } = runner.both({ bits: assemble(name), pc: 0x1000n, state });
      assertEquals(outcome, { kind: "exit", reason: ExitReason.YIELD, pc: 0x1004n }, name);
    }
  }
});
