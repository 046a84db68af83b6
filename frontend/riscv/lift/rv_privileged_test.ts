import { assertEquals } from "@std/assert";
import { buildFunction } from "../../../ir/builder.ts";
import { ExitReason } from "../../../ir/exit_reason.ts";
import type { FunctionSignature, Region } from "../../../ir/region.ts";
import { assemble } from "../encoder.ts";
import { AccessStatus, CHECK_SFENCE, CHECK_WFI, MRET, SRET } from "../privileged/signatures.ts";
import { slot } from "../registers.ts";
import { InstructionRunner } from "./single_instruction_fixture.ts";

const PC = 0x8000_0000n;
const HANDLER_RETURN = 0x1234n;
const runner = new InstructionRunner();

/** All four functions, with this status; the returns set the program counter unless illegal. */
function functionsGiving(status: number): ReadonlyMap<string, Region> {
  const one = (signature: FunctionSignature): [string, Region] => [
    signature.name,
    buildFunction(signature, (b) => {
      if (status !== AccessStatus.ILLEGAL) b.setState(slot("pc"), b.i64(HANDLER_RETURN));
      b.return(b.i32(status));
    }),
  ];
  return new Map([MRET, SRET, CHECK_WFI, CHECK_SFENCE].map(one));
}

const ALLOWED = functionsGiving(0);
const FORBIDDEN = functionsGiving(AccessStatus.ILLEGAL);

Deno.test("Privileged instructions trap with their bits where they are illegal", () => {
  for (const name of ["mret", "sret", "wfi", "sfence.vma", "sinval.vma"]) {
    const bits = assemble(name);
    const { outcome, state } = runner.both({ bits, pc: PC, functions: FORBIDDEN });
    assertEquals(outcome, { kind: "trap", cause: 2n, value: BigInt(bits), pc: PC }, name);
    assertEquals(state.read("flush_scope"), 0n);
  }
});

Deno.test("mret and sret go on where the privileged function says", () => {
  for (const status of [0, AccessStatus.LEAVE]) {
    for (const name of ["mret", "sret"]) {
      const functions = functionsGiving(status);
      const { outcome } = runner.both({ bits: assemble(name), pc: PC, functions });
      assertEquals(outcome, { kind: "exit", reason: ExitReason.REFRESH, pc: HANDLER_RETURN }, name);
    }
  }
});

Deno.test("wfi waits behind itself", () => {
  const { outcome } = runner.both({ bits: assemble("wfi"), pc: PC, functions: ALLOWED });
  assertEquals(outcome, { kind: "exit", reason: ExitReason.WAIT_FOR_INTERRUPT, pc: PC + 4n });
});

Deno.test("sfence.vma hands over its operands; only named registers narrow it", () => {
  const cases: [rs1: number, rs2: number, scope: bigint][] = [
    [0, 0, 0n],
    [10, 0, 1n],
    [0, 11, 2n],
    [10, 11, 3n],
    [12, 12, 3n],
  ];
  const x = { 10: 0x4000n, 11: 7n };
  for (const [rs1, rs2, scope] of cases) {
    for (const name of ["sfence.vma", "sinval.vma"]) {
      const bits = assemble(name, { rs1, rs2 });
      const { outcome, state } = runner.both({ bits, pc: PC, x, functions: ALLOWED });
      assertEquals(state.read("flush_scope"), scope);
      assertEquals(state.read("flush_address"), rs1 === 10 ? 0x4000n : 0n);
      assertEquals(state.read("flush_space"), rs2 === 11 ? 7n : 0n);
      assertEquals(outcome, { kind: "exit", reason: ExitReason.FLUSH_TRANSLATIONS, pc: PC + 4n });
    }
  }
});

Deno.test("the fences around invalidations are illegal in user mode only", () => {
  for (const name of ["sfence.w.inval", "sfence.inval.ir"]) {
    for (const privilege of [0n, 1n, 3n]) {
      const bits = assemble(name);
      const { outcome } = runner.both({ bits, pc: PC, state: { privilege } });
      const trap = { kind: "trap", cause: 2n, value: BigInt(bits), pc: PC } as const;
      assertEquals(outcome, privilege === 0n ? trap : { kind: "goto", pc: PC + 4n }, name);
    }
  }
});
