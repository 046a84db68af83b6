import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ExitReason } from "../../../ir/exit_reason.ts";
import { Order } from "../../../ir/memory_order.ts";
import { assemble } from "../encoder.ts";
import { registerValue, signed, testRegisterModels, unsigned } from "./register_model_fixture.ts";
import { InstructionRunner } from "./single_instruction_fixture.ts";

const PC = 0x8000_0000n;
const runner = new InstructionRunner();

function flag(condition: boolean): bigint {
  return condition ? 1n : 0n;
}

testRegisterModels({
  lui: (_a, _b, i) => i,
  auipc: (_a, _b, i) => PC + i,
  addi: (a, _b, i) => a + i,
  slti: (a, _b, i) => flag(a < i),
  sltiu: (a, _b, i) => flag(unsigned(a) < unsigned(i)),
  xori: (a, _b, i) => a ^ i,
  ori: (a, _b, i) => a | i,
  andi: (a, _b, i) => a & i,
  slli: (a, _b, i) => a << i,
  srli: (a, _b, i) => unsigned(a) >> i,
  srai: (a, _b, i) => a >> i,
  addiw: (a, _b, i) => signed(a + i, 32),
  slliw: (a, _b, i) => signed(a << i, 32),
  srliw: (a, _b, i) => signed(unsigned(a, 32) >> i, 32),
  sraiw: (a, _b, i) => signed(a, 32) >> i,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  sll: (a, b) => a << (b & 63n),
  slt: (a, b) => flag(a < b),
  sltu: (a, b) => flag(unsigned(a) < unsigned(b)),
  xor: (a, b) => a ^ b,
  srl: (a, b) => unsigned(a) >> (b & 63n),
  sra: (a, b) => a >> (b & 63n),
  or: (a, b) => a | b,
  and: (a, b) => a & b,
  addw: (a, b) => signed(a + b, 32),
  subw: (a, b) => signed(a - b, 32),
  sllw: (a, b) => signed(a << (b & 31n), 32),
  srlw: (a, b) => signed(unsigned(a, 32) >> (b & 31n), 32),
  sraw: (a, b) => signed(a, 32) >> (b & 31n),
});

const CONDITIONS: Readonly<Record<string, (a: bigint, b: bigint) => boolean>> = {
  beq: (a, b) => a === b,
  bne: (a, b) => a !== b,
  blt: (a, b) => a < b,
  bge: (a, b) => a >= b,
  bltu: (a, b) => unsigned(a) < unsigned(b),
  bgeu: (a, b) => unsigned(a) >= unsigned(b),
};

for (const [name, condition] of Object.entries(CONDITIONS)) {
  Deno.test(`${name} branches when its condition holds`, () => {
    const bits = assemble(name, { rs1: 10, rs2: 11, imm: -4096 });
    fc.assert(fc.property(registerValue(), registerValue(), fc.boolean(), (a, other, isSame) => {
      const b = isSame ? a : other;
      const { outcome } = runner.both({ bits, pc: PC, x: { 10: a, 11: b } });
      assertEquals(outcome, { kind: "goto", pc: condition(a, b) ? PC - 4096n : PC + 4n });
    }));
  });
}

Deno.test("Compressed branches go on 2 bytes behind", () => {
  const bits = assemble("c.beqz", { rs1: 10, imm: 16 });
  assertEquals(runner.both({ bits, pc: PC, x: { 10: 1n } }).outcome, { kind: "goto", pc: PC + 2n });
  assertEquals(runner.both({ bits, pc: PC }).outcome, { kind: "goto", pc: PC + 16n });
});

Deno.test("jal links and jumps", () => {
  const bits = assemble("jal", { rd: 1, imm: -(2 ** 20) });
  const { outcome, state } = runner.both({ bits, pc: PC });
  assertEquals(outcome, { kind: "goto", pc: PC - 2n ** 20n });
  assertEquals(state.read("x", 1), PC + 4n);
});

Deno.test("jalr clears bit 0 of the target, which it computes before it links", () => {
  const bits = assemble("jalr", { rd: 10, rs1: 10, imm: -1 });
  const { outcome, state } = runner.both({ bits, pc: PC, x: { 10: 0x1002n } });
  assertEquals(outcome, { kind: "goto", pc: 0x1000n });
  assertEquals(state.read("x", 10), PC + 4n);
});

Deno.test("c.jalr links to the address 2 bytes behind", () => {
  const bits = assemble("c.jalr", { rs1: 10 });
  const { outcome, state } = runner.both({ bits, pc: PC, x: { 10: 0x1235n } });
  assertEquals(outcome, { kind: "goto", pc: 0x1234n });
  assertEquals(state.read("x", 1), PC + 2n);
});

const RAM = Uint8Array.of(0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88);
const LOADS: Readonly<Record<string, bigint>> = {
  lb: signed(0x81n, 8),
  lbu: 0x81n,
  lh: signed(0x8281n, 16),
  lhu: 0x8281n,
  lw: signed(0x8483_8281n, 32),
  lwu: 0x8483_8281n,
  ld: signed(0x8887_8685_8483_8281n),
};

Deno.test("Loads extend what they read at register plus immediate", () => {
  for (const [name, value] of Object.entries(LOADS)) {
    const bits = assemble(name, { rd: 11, rs1: 10, imm: -15 });
    const { outcome, state } = runner.both({ bits, pc: PC, x: { 10: 0x1010n }, ram: RAM });
    assertEquals(outcome, { kind: "goto", pc: PC + 4n });
    assertEquals(state.read("x", 11), value, name);
  }
});

Deno.test("A load into its own base register, and one into x0", () => {
  const own = assemble("ld", { rd: 10, rs1: 10 });
  const { state } = runner.both({ bits: own, x: { 10: 0x1000n }, ram: RAM });
  assertEquals(state.read("x", 10), signed(0x8786_8584_8382_8180n));
  const dropped = runner.both({ bits: assemble("ld", { rs1: 10 }), x: { 10: 0x1000n }, ram: RAM });
  assertEquals(dropped.state.read("x", 0), 0n);
});

Deno.test("A load that faults changes no register", () => {
  const bits = assemble("lw", { rd: 10, rs1: 10 });
  for (const rd of [0, 10]) {
    const { outcome, state } = runner.both({
      bits: assemble("lw", { rd, rs1: 10 }),
      pc: PC,
      x: { 10: 8n },
    });
    assert(outcome.kind === "fault" && outcome.access === "load" && outcome.address === 8n);
    assertEquals(state.read("x", 10), 8n);
  }
  assertEquals(runner.both({ bits, pc: PC }).outcome.kind, "fault");
});

Deno.test("Stores write the low bytes at register plus immediate", () => {
  const widths = { sb: 1, sh: 2, sw: 4, sd: 8 };
  for (const [name, bytes] of Object.entries(widths)) {
    const bits = assemble(name, { rs1: 10, rs2: 11, imm: -8 });
    const x = { 10: 0x1010n, 11: 0x0102_0304_0506_0708n };
    const { memory } = runner.both({ bits, x });
    const written = Array.from({ length: 8 }, (_, i) => i < bytes ? 8 - i : 0);
    assertEquals([...memory.bytes.subarray(8, 16)], written, name);
  }
});

Deno.test("Fences order what their sets say, devices like memory", () => {
  const fences: [bits: number, order: number[]][] = [
    [0x0330_000f, [Order.ALL]],
    [0x0ff0_000f, [Order.ALL]],
    [0x0310_000f, [Order.RELEASE]],
    [0x0230_000f, [Order.ACQUIRE]],
    [0x0110_000f, [Order.WRITE_WRITE]],
    [0x0140_000f, [Order.WRITE_WRITE]],
    [0x0820_000f, [Order.READ_READ]],
    [0x0120_000f, [Order.WRITE_READ]],
    [0x0210_000f, [Order.READ_WRITE]],
    [0x0130_000f, [Order.WRITE_READ | Order.WRITE_WRITE]],
    [0x0320_000f, [Order.READ_READ | Order.WRITE_READ]],
    [0x0030_000f, []],
    [0x8330_000f, [Order.READ_READ | Order.READ_WRITE | Order.WRITE_WRITE]],
  ];
  for (const [bits, order] of fences) assertEquals(runner.both({ bits }).memory.fences, order);
});

Deno.test("without compressed instructions a taken jump between two words names its target", () => {
  const jumps: [bits: number, target: bigint, taken: boolean][] = [
    [assemble("jal", { rd: 1, imm: 6 }), PC + 6n, true],
    [assemble("jal", { rd: 1, imm: -2 }), PC - 2n, true],
    [assemble("jalr", { rd: 1, rs1: 10, imm: 3 }), 0x1002n, true],
    [assemble("beq", { imm: 10 }), PC + 10n, true],
    [assemble("bne", { imm: 10 }), PC + 10n, false],
    [assemble("jalr", { rd: 1, rs1: 10, imm: 5 }), 0x1004n, false],
    [assemble("jal", { rd: 1, imm: 8 }), PC + 8n, false],
  ];
  for (const [bits, target, traps] of jumps) {
    const x = { 1: 77n, 10: 0x1000n };
    const { outcome, state } = runner.both({ bits, pc: PC, x, hasCompressed: false });
    if (traps) {
      assertEquals(outcome, { kind: "trap", cause: 0n, value: target, pc: PC });
      assertEquals(state.read("x", 1), 77n);
    } else assertEquals(outcome.kind, "goto");
    assertEquals(runner.both({ bits, pc: PC, x }).outcome.kind, "goto");
  }
});

Deno.test("ecall leaves at its own address, pause behind itself", () => {
  const call = runner.both({ bits: assemble("ecall"), pc: PC });
  assertEquals(call.outcome, { kind: "exit", reason: ExitReason.ENVIRONMENT_CALL, pc: PC });
  const pause = runner.both({ bits: assemble("pause"), pc: PC });
  assertEquals(pause.outcome, { kind: "exit", reason: ExitReason.YIELD, pc: PC + 4n });
});

Deno.test("ebreak traps with its address, an illegal instruction with its bits", () => {
  const trap = { kind: "trap", pc: PC } as const;
  for (const bits of [assemble("ebreak"), assemble("c.ebreak")]) {
    assertEquals(runner.both({ bits, pc: PC }).outcome, { ...trap, cause: 3n, value: PC });
  }
  for (const bits of [0xffff_ffff, 0, 0x8002]) {
    assertEquals(runner.both({ bits, pc: PC }).outcome, {
      ...trap,
      cause: 2n,
      value: BigInt(bits),
    });
  }
});
