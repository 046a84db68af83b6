import { assertEquals } from "@std/assert";
import { buildFunction } from "../../../ir/builder.ts";
import type { Region } from "../../../ir/region.ts";
import { assemble } from "../encoder.ts";
import { AccessStatus, CSR_ACCESS } from "../privileged/signatures.ts";
import { slot } from "../registers.ts";
import { InstructionRunner } from "./single_instruction_fixture.ts";

const PC = 0x8000_0000n;
const OLD = 77n;
const runner = new InstructionRunner();

/** A `csr_access` that stores its operands in unrelated state, gives an old value and this status. */
function accessGiving(status: number): ReadonlyMap<string, Region> {
  const access = buildFunction(CSR_ACCESS, (b) => {
    b.setState(slot("flush_space"), b.signExtend(b.parameter(0)));
    b.setState(slot("flush_scope"), b.parameter(1));
    b.setState(slot("frm"), b.parameter(2));
    b.setState(slot("flush_address"), b.parameter(3));
    b.setState(slot("csr_result"), b.i64(OLD));
    b.return(b.i32(status));
  });
  return new Map([[CSR_ACCESS.name, access]]);
}

const NUMBER = 0xc01;
/** Instruction, its `rs1` field, then operation, writes and source that the access is given. */
const CASES: readonly [string, number, bigint, bigint, bigint][] = [
  ["csrrw", 10, 0n, 1n, -5n],
  ["csrrw", 0, 0n, 1n, 0n],
  ["csrrs", 10, 1n, 1n, -5n],
  ["csrrs", 0, 1n, 0n, 0n],
  ["csrrc", 10, 2n, 1n, -5n],
  ["csrrc", 0, 2n, 0n, 0n],
  ["csrrwi", 31, 0n, 1n, 31n],
  ["csrrwi", 0, 0n, 1n, 0n],
  ["csrrsi", 31, 1n, 1n, 31n],
  ["csrrsi", 0, 1n, 0n, 0n],
  ["csrrci", 31, 2n, 1n, 31n],
  ["csrrci", 0, 2n, 0n, 0n],
];

Deno.test("CSR instructions tell number, operation, whether they write, and source", () => {
  for (const [name, rs1, operation, writes, source] of CASES) {
    const bits = assemble(name, { rd: 11, rs1, imm: NUMBER });
    const { outcome, state } = runner.both({
      bits,
      pc: PC,
      x: { 10: -5n },
      functions: accessGiving(0),
    });
    const given = ["flush_space", "flush_scope", "frm", "flush_address"].map((each) =>
      state.read(each)
    );
    assertEquals(given, [BigInt(NUMBER), operation, writes, source], name);
    assertEquals(state.read("x", 11), OLD);
    assertEquals(outcome, { kind: "goto", pc: PC + 4n });
  }
});

Deno.test("CSR instructions on one register for source and destination, and on x0", () => {
  const bits = assemble("csrrw", { rd: 10, rs1: 10, imm: NUMBER });
  const { state } = runner.both({ bits, x: { 10: 3n }, functions: accessGiving(0) });
  assertEquals([state.read("flush_address"), state.read("x", 10)], [3n, OLD]);
  const dropped = assemble("csrrw", { rs1: 10, imm: NUMBER });
  assertEquals(runner.both({ bits: dropped, functions: accessGiving(0) }).state.read("x"), 0n);
});

Deno.test("An illegal CSR access traps with the instruction's bits and writes no register", () => {
  const bits = assemble("csrrs", { rd: 11, imm: NUMBER });
  const functions = accessGiving(AccessStatus.ILLEGAL);
  const { outcome, state } = runner.both({ bits, pc: PC, x: { 11: 9n }, functions });
  assertEquals(outcome, {
    kind: "trap",
    cause: 2n,
    value: BigInt(bits),
    pc: PC,
  });
  assertEquals(state.read("x", 11), 9n);
});

Deno.test("A CSR access that changes the mode leaves behind the instruction", () => {
  const bits = assemble("csrrw", { rd: 11, rs1: 10, imm: NUMBER });
  const functions = accessGiving(AccessStatus.LEAVE);
  const unbound = runner.unbound({ bits, pc: PC, functions });
  assertEquals(unbound.outcome, { kind: "leave", pc: PC + 4n });
  assertEquals(unbound.state.read("x", 11), OLD);
  assertEquals(runner.bound({ bits, pc: PC, functions }).outcome, { kind: "leave", pc: PC + 4n });
});
