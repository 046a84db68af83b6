import { assertEquals } from "@std/assert";
import { assemble } from "../encoder.ts";
import { BIT_FUNCTIONS, testRegisterModels, unsigned } from "./register_model_fixture.ts";
import { InstructionRunner } from "./single_instruction_fixture.ts";

/** Picks groups of hexadecimal digits by indices that are such groups. */
function crossbar(groups: bigint, indices: bigint, digits: 1 | 2): bigint {
  const split = (value: bigint): string[] =>
    (unsigned(value).toString(16).padStart(16, "0").match(digits === 1 ? /./g : /../g) ?? [])
      .reverse();
  const table = split(groups);
  const picked = split(indices).map((index) =>
    table[Number.parseInt(index, 16)] ?? "0".repeat(digits)
  );
  return BigInt(`0x${picked.reverse().join("")}`);
}

testRegisterModels({
  "xperm4": (a, b) => crossbar(a, b, 1),
  "xperm8": (a, b) => crossbar(a, b, 2),
});

Deno.test("xperm8 takes bytes that exist, and 0 for others", () => {
  const runner = new InstructionRunner();
  const bits = assemble("xperm8", { rd: 12, rs1: 10, rs2: 11 });
  const x = { 10: 0x7766_5544_3322_1101n, 11: 0x0001_0708_0302_800fn };
  const { state } = runner.both({ bits, x, functions: BIT_FUNCTIONS });
  assertEquals(state.read("x", 12), 0x0111_7700_3322_0000n);
});
