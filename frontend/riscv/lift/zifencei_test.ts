import { assertEquals } from "@std/assert";
import { ExitReason } from "../../../ir/exit_reason.ts";
import { assemble } from "../encoder.ts";
import { InstructionRunner } from "./single_instruction_fixture.ts";

Deno.test("fence.i leaves behind itself, whatever its reserved fields hold", () => {
  const runner = new InstructionRunner();
  const outcome = { kind: "exit", reason: ExitReason.FLUSH_INSTRUCTIONS, pc: 0x1004n } as const;
  for (const free of [0, 0xffff_8f80]) {
    const bits = (assemble("fence.i") | free) >>> 0;
    assertEquals(runner.both({ bits, pc: 0x1000n }).outcome, outcome);
  }
});
