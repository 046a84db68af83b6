import { assertEquals } from "@std/assert";
import { assemble } from "../encoder.ts";
import { Cause, Privilege } from "../privileged/causes.ts";
import { Feature } from "../privileged/features.ts";
import { InterpretedHart } from "../privileged/interpreted_hart.ts";
import { privilegedFunctions } from "../privileged/privileged.ts";
import { CHECK_BLOCK } from "../privileged/signatures.ts";
import { InstructionRunner } from "./single_instruction_fixture.ts";

const runner = new InstructionRunner();
const functions = new Map(privilegedFunctions().map((region) => [region.name, region]));
const RAM = 0x1000n;
const RAM_BYTES = 0x1000;
const BLOCK_BYTES = 64;

/** Instruction and the fields of which one must be set. */
const CONTROLLED: readonly (readonly [name: string, fields: bigint])[] = [
  ["cbo.inval", 0x30n],
  ["cbo.clean", 0x40n],
  ["cbo.flush", 0x40n],
  ["cbo.zero", 0x80n],
];

Deno.test("cache-block instructions are given to lower privileges field by field", () => {
  for (const [name, fields] of CONTROLLED) {
    const bits = assemble(name, { rs1: 10 });
    for (const privilege of Object.values(Privilege)) {
      for (const [menvcfg, senvcfg] of [[0n, 0n], [fields, 0n], [0n, fields], [fields, fields]]) {
        const state = { privilege: BigInt(privilege), menvcfg, senvcfg: senvcfg | ~0xf0n };
        const { outcome } = runner.both({ bits, x: { 10: RAM }, state, functions });
        const isLegal = privilege === Privilege.MACHINE || menvcfg !== 0n &&
            (privilege === Privilege.SUPERVISOR || senvcfg !== 0n);
        const trap = { kind: "trap", cause: 2n, value: BigInt(bits), pc: 0n } as const;
        assertEquals(outcome, isLegal ? { kind: "goto", pc: 4n } : trap, `${name} ${privilege}`);
      }
    }
  }
});

Deno.test("cbo.zero clears the block that holds the address, the others nothing", () => {
  const ram = new Uint8Array(RAM_BYTES).fill(0xa5);
  const state = { privilege: BigInt(Privilege.MACHINE) };
  for (const [name] of CONTROLLED) {
    const bits = assemble(name, { rs1: 10 });
    for (const offset of [0, 63, 64, 100, RAM_BYTES - BLOCK_BYTES, RAM_BYTES - 1]) {
      const x = { 10: RAM + BigInt(offset) };
      const { memory } = runner.both({ bits, x, ram, state, functions });
      const expected = ram.slice();
      const start = offset - offset % BLOCK_BYTES;
      if (name === "cbo.zero") expected.fill(0, start, start + BLOCK_BYTES);
      assertEquals(memory.bytes, expected);
    }
  }
});

Deno.test("a refused cache-block instruction names the address itself", () => {
  const state = { privilege: BigInt(Privilege.MACHINE) };
  const address = RAM + BigInt(RAM_BYTES) + 77n;
  for (const name of ["cbo.inval", "cbo.clean", "cbo.flush"]) {
    const bits = assemble(name, { rs1: 10 });
    const { outcome } = runner.both({ bits, x: { 10: address }, state, functions });
    const cause = BigInt(Cause.STORE_ACCESS_FAULT);
    assertEquals(outcome, { kind: "trap", cause, value: address, pc: 0n }, name);
  }
});

Deno.test("check_block refuses as stores are refused", () => {
  const hart = new InterpretedHart({ features: [Feature.PMP] });
  const check = (address: bigint): bigint => hart.call(CHECK_BLOCK, address);
  assertEquals(check(0x123n), 0n);
  assertEquals(check(1n << 40n), BigInt(Cause.STORE_ACCESS_FAULT));
  hart.write("privilege", Privilege.SUPERVISOR);
  assertEquals(check(0x123n), BigInt(Cause.STORE_ACCESS_FAULT));
  hart.write("pmpcfg", 0x19n);
  hart.write("pmpaddr", (1n << 54n) - 1n);
  assertEquals(check(0x123n), 0n);
  hart.write("satp", 8n << 60n);
  assertEquals(check(0x123n), BigInt(Cause.STORE_PAGE_FAULT));
});

Deno.test("prefetches do nothing", () => {
  for (const name of ["prefetch.i", "prefetch.r", "prefetch.w"]) {
    const bits = assemble(name, { rs1: 10, imm: -2048 });
    assertEquals(runner.both({ bits, x: { 10: 5n } }).outcome, { kind: "goto", pc: 4n });
  }
});
