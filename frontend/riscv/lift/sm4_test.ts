import { assertEquals } from "@std/assert";
import { assemble } from "../encoder.ts";
import { byteTable, fieldInverse, parity } from "./byte_field_fixture.ts";
import { BIT_FUNCTIONS, signed, testRegisterModels, unsigned } from "./register_model_fixture.ts";
import { InstructionRunner } from "./single_instruction_fixture.ts";

const POLYNOMIAL = 0x1f5;
const CONSTANT = 0xd3;
/** Row i of the affine map has these taps, rotated by i. */
const TAPS = 0xa7;

function affine(byte: number): number {
  let result = CONSTANT;
  for (let row = 0; row < 8; row++) {
    const taps = ((TAPS << row) | (TAPS >> (8 - row))) & 0xff;
    result ^= parity(byte & taps) << row;
  }
  return result;
}

const S_BOX = byteTable((byte) => affine(fieldInverse(affine(byte), POLYNOMIAL)));

function swapped(word: bigint): bigint {
  const digits = unsigned(word, 32).toString(16).padStart(8, "0").match(/../g) ?? [];
  return BigInt(`0x${digits.reverse().join("")}`);
}

function rotatedLeft(word: bigint, distance: bigint): bigint {
  return unsigned((word << distance) | (word >> (32n - distance)), 32);
}

/** The cipher's map of a word with one byte in it, in the cipher's order of bytes. */
function mixed(a: bigint, b: bigint, byte: bigint, distances: readonly bigint[]): bigint {
  const substituted = BigInt(S_BOX[Number((b >> (8n * byte)) & 0xffn)]);
  const word = swapped(substituted << (8n * byte));
  const sum = distances.map((distance) => rotatedLeft(word, distance)).reduce((x, y) => x ^ y);
  return signed(a ^ swapped(sum), 32);
}

testRegisterModels({
  "sm4ed": (a, b, i) => mixed(a, b, i, [0n, 2n, 10n, 18n, 24n]),
  "sm4ks": (a, b, i) => mixed(a, b, i, [0n, 13n, 23n]),
});

/** The cipher's round function: all four bytes of `input` into `word`. */
function round(runner: InstructionRunner, name: string, word: bigint, input: bigint): bigint {
  return [0, 1, 2, 3].reduce((sum, imm) => {
    const bits = assemble(name, { rd: 10, rs1: 10, rs2: 11, imm });
    const x = { 10: signed(sum), 11: signed(input) };
    return unsigned(runner.both({ bits, x, functions: BIT_FUNCTIONS }).state.read("x", 10), 32);
  }, word);
}

const FAMILY_KEY = [0xa3b1bac6n, 0x56aa3350n, 0x677d9197n, 0xb27022dcn];
const EXAMPLE = [0x01234567n, 0x89abcdefn, 0xfedcba98n, 0x76543210n];
const EXAMPLE_RESULT = [0x681edf34n, 0xd206965en, 0x86b3e94fn, 0x536e4246n];

/** Byte i of constant n is 7 * (4 * n + i), the first one the most significant. */
function keyConstant(n: number): bigint {
  return [0, 1, 2, 3].reduce((word, i) => (word << 8n) | BigInt((7 * (4 * n + i)) & 0xff), 0n);
}

Deno.test("A block encrypted with the instructions is that of the standard's first example", () => {
  const runner = new InstructionRunner();
  const keys = EXAMPLE.map((word, i) => swapped(word ^ FAMILY_KEY[i]));
  const state = EXAMPLE.map(swapped);
  for (let n = 0; n < 32; n++) {
    const [first, ...others] = keys.slice(-4);
    const constant = swapped(keyConstant(n));
    keys.push(round(runner, "sm4ks", first, others.reduce((x, y) => x ^ y, constant)));
    const [oldest, ...rest] = state.slice(-4);
    const input = rest.reduce((x, y) => x ^ y, keys[keys.length - 1]);
    state.push(round(runner, "sm4ed", oldest, input));
  }
  assertEquals(state.slice(-4).reverse().map(swapped), EXAMPLE_RESULT);
});
