/** A guest with more hot code than may be kept: what is given up is compiled again, and results are right. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { assemble } from "../../frontend/riscv/encoder.ts";
import { MIN_CODE_BYTES } from "../../runtime/machine/options.ts";
import { pausedWhen, programMachine } from "../library/machine_fixture.ts";

const WORD_BYTES = 4;
const [LINK, SUM, COUNTER, FIRST_TOTAL, TOTAL, PASSES] = [1, 10, 11, 12, 13, 14];

/** So many functions of so many additions: 1.2 to 1.8 kB of a module each, where 210 kB are kept. */
const FUNCTIONS = 240;
const ADDITIONS = 120;
/** Words of a function: the additions, one before them and the return. */
const FUNCTION_WORDS = ADDITIONS + 2;
/** Calls of a function before the next one has its turn: enough for it to become hot. */
const CALLS = 0x3000;
/** Words of a loop that makes these calls. */
const LOOP_WORDS = 4;
/** Words before and after the loops. */
const START_WORDS = 2;
const END_WORDS = 6;
const FUNCTIONS_AT = START_WORDS + FUNCTIONS * LOOP_WORDS + END_WORDS;

/** Where a guest ends whose totals differ. */
const STUCK_AT = 0x8000_0000n + BigInt((FUNCTIONS_AT - 1) * WORD_BYTES);

/** Regions that are to be given up, passes that each hart is to do, and instructions after which they have not. */
const ENOUGH = 100;
const PASSES_WANTED = 2n;
const GIVING_UP = 20_000_000_000;

/** A loop that calls the function with that number. */
function callingLoop(index: number): number[] {
  const call = START_WORDS + index * LOOP_WORDS + 1;
  const distance = FUNCTIONS_AT + index * FUNCTION_WORDS - call;
  return [
    assemble("lui", { rd: COUNTER, imm: CALLS }),
    assemble("jal", { rd: LINK, imm: distance * WORD_BYTES }),
    assemble("addi", { rd: COUNTER, rs1: COUNTER, imm: -1 }),
    assemble("bne", { rs1: COUNTER, rs2: 0, imm: -2 * WORD_BYTES }),
  ];
}

function functionBody(index: number): number[] {
  return [
    assemble("addi", { rd: SUM, rs1: SUM, imm: index }),
    ...new Array<number>(ADDITIONS).fill(assemble("add", { rd: TOTAL, rs1: TOTAL, rs2: SUM })),
    assemble("jalr", { rd: 0, rs1: LINK, imm: 0 }),
  ];
}

/** Calls each function often, again and again, and counts the passes; the first one with another total is the last. */
function program(): number[] {
  const indices = Array.from({ length: FUNCTIONS }, (_, index) => index);
  const jumpBack = FUNCTIONS_AT - 2;
  return [
    assemble("addi", { rd: SUM, rs1: 0, imm: 0 }),
    assemble("addi", { rd: TOTAL, rs1: 0, imm: 0 }),
    ...indices.flatMap(callingLoop),
    assemble("bne", { rs1: PASSES, rs2: 0, imm: 2 * WORD_BYTES }),
    assemble("addi", { rd: FIRST_TOTAL, rs1: TOTAL, imm: 0 }),
    assemble("addi", { rd: PASSES, rs1: PASSES, imm: 1 }),
    assemble("bne", { rs1: TOTAL, rs2: FIRST_TOTAL, imm: 2 * WORD_BYTES }),
    assemble("jal", { rd: 0, imm: -jumpBack * WORD_BYTES }),
    assemble("jal", { rd: 0, imm: 0 }),
    ...indices.flatMap(functionBody),
  ];
}

/** The total of a pass. */
function expectedTotal(): bigint {
  const calls = BigInt(CALLS);
  let [sum, total] = [0n, 0n];
  for (let index = 0n; index < BigInt(FUNCTIONS); index++) {
    total += BigInt(ADDITIONS) * (calls * sum + index * calls * (calls + 1n) / 2n);
    sum += index * calls;
  }
  return BigInt.asUintN(64, total);
}

for (const harts of [1, 2]) {
  Deno.test(`code beyond the limit is given up and compiled again, for ${harts} harts`, async () => {
    const accel = { codeBytes: MIN_CODE_BYTES };
    await using machine = await programMachine(program(), { harts, accel });
    await machine.start();
    await pausedWhen(machine, () => {
      const { evictedRegions, harts: rows } = machine.stats();
      const executed = rows.reduce((sum, { instructions }) => sum + instructions, 0);
      const isThrough = machine.harts.every(({ x }) => x[PASSES] >= PASSES_WANTED);
      return executed > GIVING_UP || (isThrough && evictedRegions >= ENOUGH);
    });
    assert(machine.stats().evictedRegions >= ENOUGH, "hardly anything was given up");
    for (const { x, pc } of machine.harts) {
      assert(x[PASSES] >= PASSES_WANTED);
      assertEquals(x[FIRST_TOTAL], expectedTotal());
      assertNotEquals(pc, STUCK_AT, `pass ${x[PASSES]} had another total`);
    }
  });
}
