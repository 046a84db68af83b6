import { assertEquals } from "@std/assert";
import { assemble } from "../encoder.ts";
import { Cause } from "../privileged/causes.ts";
import {
  bytesOf,
  byteTable,
  fieldInverse,
  fieldProduct,
  fromBytes,
  parity,
} from "./byte_field_fixture.ts";
import { assertComputes, BIT_FUNCTIONS, testRegisterModels } from "./register_model_fixture.ts";
import { InstructionRunner } from "./single_instruction_fixture.ts";

const POLYNOMIAL = 0x11b;
/** FIPS 197, "SubBytes()": each bit is the parity of five bits of the inverse, some inverted. */
const S_BOX = byteTable((byte) => {
  const inverse = fieldInverse(byte, POLYNOMIAL);
  const bits = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => {
    const taps = [0, 4, 5, 6, 7].reduce((mask, tap) => mask | (1 << ((i + tap) % 8)), 0);
    return parity(inverse & taps) ^ ((0x63 >> i) & 1);
  });
  return bits.reduce((sum, bit, i) => sum | (bit << i), 0);
});
const INVERSE_S_BOX = byteTable((byte) => S_BOX.indexOf(byte));

/** FIPS 197, "ShiftRows()": the first two columns of a state of four, rows rotated by `step` columns each. */
function shiftedHalf(first: bigint, second: bigint, step: 1 | 3): number[] {
  const state = [...bytesOf(first, 8), ...bytesOf(second, 8)];
  return Array.from({ length: 8 }, (_, at) => {
    const [row, column] = [at % 4, at >> 2];
    return state[4 * ((column + step * row) % 4) + row];
  });
}

function mixed(bytes: readonly number[], row: readonly number[]): number[] {
  return bytes.map((_, at) =>
    row.reduce((sum, factor, i) => {
      const byte = bytes[(at & 4) | ((at + i) & 3)];
      return sum ^ fieldProduct(factor, byte, POLYNOMIAL);
    }, 0)
  );
}

const FORWARD = [2, 3, 1, 1];
const BACKWARD = [14, 11, 13, 9];

function encrypted(a: bigint, b: bigint): number[] {
  return shiftedHalf(a, b, 1).map((byte) => S_BOX[byte]);
}

function decrypted(a: bigint, b: bigint): number[] {
  return shiftedHalf(a, b, 3).map((byte) => INVERSE_S_BOX[byte]);
}

testRegisterModels({
  "aes64es": (a, b) => fromBytes(encrypted(a, b)),
  "aes64esm": (a, b) => fromBytes(mixed(encrypted(a, b), FORWARD)),
  "aes64ds": (a, b) => fromBytes(decrypted(a, b)),
  "aes64dsm": (a, b) => fromBytes(mixed(decrypted(a, b), BACKWARD)),
  "aes64im": (a) => fromBytes(mixed(bytesOf(a, 8), BACKWARD)),
  "aes64ks2": (a, b) => {
    const [last, first, second] = [a >> 32n, b, b >> 32n].map((word) => word & 0xffff_ffffn);
    return ((last ^ first ^ second) << 32n) | (last ^ first);
  },
});

/** FIPS 197, "Key Expansion": the word's bytes rotated unless it is the last round, the constant added. */
function keyWord(a: bigint, round: bigint): bigint {
  const [b0, b1, b2, b3] = bytesOf(a >> 32n, 4);
  const rotated = round === 10n ? [b0, b1, b2, b3] : [b1, b2, b3, b0];
  const bytes = rotated.map((byte) => S_BOX[byte]);
  let constant = 1;
  for (let i = 0n; i < round; i++) constant = fieldProduct(constant, 2, POLYNOMIAL);
  if (round !== 10n) bytes[0] ^= constant;
  return fromBytes([...bytes, ...bytes]);
}

Deno.test("aes64ks1i computes its model in every round", () => {
  const isRound = (immediate: number): boolean => immediate <= 10;
  assertComputes(new InstructionRunner(), "aes64ks1i", (a, _b, i) => keyWord(a, i), isRound);
});

Deno.test("aes64ks1i is illegal in rounds that do not exist", () => {
  const runner = new InstructionRunner();
  for (let imm = 11; imm <= 15; imm++) {
    const bits = assemble("aes64ks1i", { rd: 10, rs1: 11, imm });
    const { outcome } = runner.both({ bits, functions: BIT_FUNCTIONS });
    const cause = BigInt(Cause.ILLEGAL_INSTRUCTION);
    assertEquals(outcome, { kind: "trap", cause, value: BigInt(bits), pc: 0n });
  }
});

/** Executes one instruction on two registers. */
function execute(runner: InstructionRunner, name: string, a: bigint, b: bigint, imm = 0): bigint {
  const bits = assemble(name, { rd: 12, rs1: 10, rs2: 11, imm });
  const x = { 10: BigInt.asIntN(64, a), 11: BigInt.asIntN(64, b) };
  const { state } = runner.both({ bits, x, functions: BIT_FUNCTIONS });
  return BigInt.asUintN(64, state.read("x", 12));
}

Deno.test("A block encrypted with the instructions is that of FIPS 197, and decrypts", () => {
  const runner = new InstructionRunner();
  const run = (name: string, a: bigint, b: bigint, imm = 0) => execute(runner, name, a, b, imm);
  // "Example Vectors": the key 00 01 .. 0f, the block 00 11 .. ff.
  const keys = [[0x0706_0504_0302_0100n, 0x0f0e_0d0c_0b0a_0908n]];
  for (let round = 0; round < 10; round++) {
    const [low, high] = keys[round];
    const word = run("aes64ks1i", high, 0n, round);
    const next = run("aes64ks2", word, low);
    keys.push([next, run("aes64ks2", next, high)]);
  }
  const block = [0x7766_5544_3322_1100n, 0xffee_ddcc_bbaa_9988n];
  const add = (state: bigint[], round: number): bigint[] => state.map((x, i) => x ^ keys[round][i]);
  const both = (name: string, [a, b]: bigint[]): bigint[] => [run(name, a, b), run(name, b, a)];
  let state = add(block, 0);
  for (let round = 1; round < 10; round++) state = add(both("aes64esm", state), round);
  state = add(both("aes64es", state), 10);
  // 69 c4 e0 d8 6a 7b 04 30 d8 cd b7 80 70 b4 c5 5a
  assertEquals(state, [0x3004_7b6a_d8e0_c469n, 0x5ac5_b470_80b7_cdd8n]);
  const middle = keys.slice(1, 10).map((key) => key.map((half) => run("aes64im", half, 0n)));
  state = add(state, 10);
  for (const key of middle.reverse()) {
    state = both("aes64dsm", state).map((half, i) => half ^ key[i]);
  }
  assertEquals(add(both("aes64ds", state), 0), block);
});
