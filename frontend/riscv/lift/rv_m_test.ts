import { assertEquals } from "@std/assert";
import { assemble } from "../encoder.ts";
import { signed, testRegisterModels, unsigned } from "./register_model_fixture.ts";
import { InstructionRunner } from "./single_instruction_fixture.ts";

/** BigInt division rounds toward zero, as the instructions do; its overflow vanishes modulo 2^64. */
function quotient(a: bigint, b: bigint): bigint {
  return b === 0n ? -1n : a / b;
}

function remainder(a: bigint, b: bigint): bigint {
  return b === 0n ? a : a % b;
}

function word(value: bigint): bigint {
  return signed(value, 32);
}

function unsignedWord(value: bigint): bigint {
  return unsigned(value, 32);
}

testRegisterModels({
  mul: (a, b) => a * b,
  mulh: (a, b) => (a * b) >> 64n,
  mulhsu: (a, b) => (a * unsigned(b)) >> 64n,
  mulhu: (a, b) => (unsigned(a) * unsigned(b)) >> 64n,
  mulw: (a, b) => word(a * b),
  div: quotient,
  divu: (a, b) => quotient(unsigned(a), unsigned(b)),
  rem: remainder,
  remu: (a, b) => remainder(unsigned(a), unsigned(b)),
  divw: (a, b) => word(quotient(word(a), word(b))),
  divuw: (a, b) => word(quotient(unsignedWord(a), unsignedWord(b))),
  remw: (a, b) => word(remainder(word(a), word(b))),
  remuw: (a, b) => word(remainder(unsignedWord(a), unsignedWord(b))),
});

const MIN_64 = -(2n ** 63n);
const MIN_32 = -(2n ** 31n);

Deno.test("Division by zero and overflow have the results of the manual's table", () => {
  const runner = new InstructionRunner();
  const cases: [name: string, a: bigint, b: bigint, result: bigint][] = [
    ["div", 7n, 0n, -1n],
    ["divu", 7n, 0n, -1n],
    ["rem", 7n, 0n, 7n],
    ["remu", -7n, 0n, -7n],
    ["div", MIN_64, -1n, MIN_64],
    ["rem", MIN_64, -1n, 0n],
    ["divu", MIN_64, -1n, 0n],
    ["divw", 7n, 2n ** 32n, -1n],
    ["divuw", 7n, 2n ** 32n, -1n],
    ["remw", 2n ** 32n + 7n, 0n, 7n],
    ["remuw", 0x8000_0000n, 0n, MIN_32],
    ["divw", MIN_32, -1n, MIN_32],
    ["remw", MIN_32, -1n, 0n],
  ];
  for (const [name, a, b, result] of cases) {
    const bits = assemble(name, { rd: 12, rs1: 10, rs2: 11 });
    assertEquals(runner.both({ bits, x: { 10: a, 11: b } }).state.read("x", 12), result, name);
  }
});
