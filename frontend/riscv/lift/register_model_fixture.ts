/**
 * Checks of instructions that compute a register from registers and an immediate against a model written on
 * bigints: for tests.
 */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Region } from "../../../ir/region.ts";
import { bitFunctions } from "../bit_functions/bit_functions.ts";
import { encode, type OperandFields } from "../encoder.ts";
import { extractField, parsePattern, type Pattern } from "../pattern.ts";
import { rowIndex, ROWS } from "../rows.ts";
import { InstructionRunner } from "./single_instruction_fixture.ts";

/**
 * What stands in `rd` afterwards, taken modulo 2^64, from the values of `rs1` and `rs2` as signed numbers and
 * the immediate.
 */
export type RegisterModel = (a: bigint, b: bigint, immediate: bigint) => bigint;

const PC = 0x8000_0000n;
const RUNS = 150;
const REGISTER_BITS = 64;

/** The functions that such instructions call. */
export const BIT_FUNCTIONS: ReadonlyMap<string, Region> = new Map(
  bitFunctions().map((region) => [region.name, region]),
);

/** Values around the borders of words and of registers. */
const BORDERS: readonly bigint[] = [0n, 7n, 8n, 15n, 16n, 31n, 32n, 63n]
  .flatMap((bit) => [1n << bit, (1n << bit) - 1n, -(1n << bit), (1n << bit) + 1n])
  .map((value) => BigInt.asIntN(REGISTER_BITS, value));

/** Register values, often ones at a border. */
export function registerValue(): fc.Arbitrary<bigint> {
  return fc.oneof(
    fc.constantFrom(...BORDERS),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.integer().map(BigInt),
  );
}

/** Registers that are often the same, and often x0. */
const DESTINATIONS = [0, 1, 10, 11];
const SOURCES = [0, 10, 11];

function operands(
  pattern: Pattern,
  isLegal: (immediate: number) => boolean,
): fc.Arbitrary<OperandFields> {
  const immediate = pattern.fields.find(({ name }) => name === "imm");
  const has = (name: string): boolean => pattern.fields.some((field) => field.name === name);
  return fc.record({
    rd: fc.constantFrom(...DESTINATIONS),
    rs1: has("rs1") ? fc.constantFrom(...SOURCES) : fc.constant(0),
    rs2: has("rs2") ? fc.constantFrom(...SOURCES) : fc.constant(0),
    imm: fc.integer().map((bits) => immediate === undefined ? 0 : extractField(immediate, bits))
      .filter(isLegal),
  });
}

/**
 * Asserts that the instruction computes what the model says, and changes nothing else, with immediates that
 * are legal.
 */
export function assertComputes(
  runner: InstructionRunner,
  name: string,
  model: RegisterModel,
  isLegal: (immediate: number) => boolean = () => true,
): void {
  const [pattern] = parsePattern(ROWS[rowIndex(name)].pattern);
  fc.assert(
    fc.property(
      operands(pattern, isLegal),
      registerValue(),
      registerValue(),
      (fields, first, second) => {
        const { rd = 0, rs1 = 0, rs2 = 0, imm = 0 } = fields;
        const x: Record<number, bigint> = { [rs2]: second, [rs1]: first, 0: 0n };
        const bits = encode(pattern, fields);
        const { outcome, state } = runner.both({ bits, pc: PC, x, functions: BIT_FUNCTIONS });
        const result = BigInt.asIntN(REGISTER_BITS, model(x[rs1], x[rs2], BigInt(imm)));
        const expected: Record<number, bigint> = { ...x, [rd]: result, 0: 0n };
        for (const register of [...DESTINATIONS, ...SOURCES]) {
          assertEquals(state.read("x", register), expected[register] ?? 0n, name);
        }
        assertEquals(outcome, { kind: "goto", pc: PC + 4n });
      },
    ),
    { numRuns: RUNS },
  );
}

/** Declares a test for each instruction of the table. */
export function testRegisterModels(models: Readonly<Record<string, RegisterModel>>): void {
  const runner = new InstructionRunner();
  for (const [name, model] of Object.entries(models)) {
    Deno.test(`${name} computes its model`, () => assertComputes(runner, name, model));
  }
}

/** Signed reading of the low bits. */
export function signed(value: bigint, bits = REGISTER_BITS): bigint {
  return BigInt.asIntN(bits, value);
}

/** Unsigned reading of the low bits. */
export function unsigned(value: bigint, bits = REGISTER_BITS): bigint {
  return BigInt.asUintN(bits, value);
}
