// How many instructions the guest retires, and how many of them in compiled regions: the same count in each tier,
// and QEMU's.
//
// `deno run -A tests/machine/instruction_count_test.ts FILE ROUNDS` writes the program, whose count QEMU prints:
// `qemu-system-riscv64 -M virt -nographic -bios none -icount shift=0 -kernel FILE`.

import { assert, assertEquals } from "@std/assert";
import { assemble } from "../../frontend/riscv/encoder.ts";
import type { AccelOptions } from "../../mod.ts";
import { outputOf, programMachine } from "../library/machine_fixture.ts";

const RA = 1;
const [T0, T1, T2] = [5, 6, 7];
const [S1, S2, S3, S4, S5] = [9, 18, 19, 20, 21];
const [A3, A4] = [13, 14];
const MINSTRET = 0xb02;
/** Distance of the word that the loop loads and stores. */
const DATA = 0x2000;
const UART = 0x1000_0000;
const FINISHER = 0x10_0000;
const FINISHED = 0x5555;
const PAGE = 0x1000;
const FIRST_DIGIT_SHIFT = 60;

/**
 * Counts a loop with a load, a store, a product, two branches and a call, which takes every third turn another way,
 * and prints the count as 16 hexadecimal digits.
 */
const program = (rounds: number): number[] => [
  assemble("auipc", { rd: S5, imm: DATA }),
  assemble("lui", { rd: S4, imm: rounds * PAGE }),
  assemble("addi", { rd: A3, imm: 0 }),
  assemble("csrrs", { rd: S1, imm: MINSTRET }),
  // the loop
  assemble("addi", { rd: A3, rs1: A3, imm: 1 }),
  assemble("addi", { rd: T0, imm: 3 }),
  assemble("remu", { rd: T1, rs1: A3, rs2: T0 }),
  assemble("bne", { rs1: T1, rs2: 0, imm: 8 }),
  assemble("sd", { rs1: S5, rs2: A3, imm: 0 }),
  assemble("jal", { rd: RA, imm: 12 }),
  assemble("bltu", { rs1: A3, rs2: S4, imm: -24 }),
  assemble("jal", { imm: 16 }),
  // the function
  assemble("ld", { rd: A4, rs1: S5, imm: 0 }),
  assemble("mul", { rd: A4, rs1: A4, rs2: A3 }),
  assemble("jalr", { rs1: RA, imm: 0 }),
  // the count, digit by digit
  assemble("csrrs", { rd: S2, imm: MINSTRET }),
  assemble("sub", { rd: S2, rs1: S2, rs2: S1 }),
  assemble("lui", { rd: T0, imm: UART }),
  assemble("addi", { rd: S3, imm: FIRST_DIGIT_SHIFT }),
  assemble("srl", { rd: T1, rs1: S2, rs2: S3 }),
  assemble("andi", { rd: T1, rs1: T1, imm: 15 }),
  assemble("slti", { rd: T2, rs1: T1, imm: 10 }),
  assemble("bne", { rs1: T2, rs2: 0, imm: 8 }),
  assemble("addi", { rd: T1, rs1: T1, imm: 39 }),
  assemble("addi", { rd: T1, rs1: T1, imm: 48 }),
  assemble("sb", { rs1: T0, rs2: T1, imm: 0 }),
  assemble("addi", { rd: S3, rs1: S3, imm: -4 }),
  assemble("bge", { rs1: S3, rs2: 0, imm: -32 }),
  assemble("addi", { rd: T1, imm: 10 }),
  assemble("sb", { rs1: T0, rs2: T1, imm: 0 }),
  // the end
  assemble("lui", { rd: T0, imm: FINISHER }),
  assemble("lui", { rd: T1, imm: FINISHED & -PAGE }),
  assemble("addi", { rd: T1, rs1: T1, imm: FINISHED & (PAGE - 1) }),
  assemble("sw", { rs1: T0, rs2: T1, imm: 0 }),
  assemble("wfi"),
  assemble("jal", { imm: -4 }),
];

interface Amount {
  /** Turns of the loop, in units of 4096. */
  readonly rounds: number;
  /** What QEMU 7.2 and 10.0 print. */
  readonly qemu: string;
}

const SHORT: Amount = { rounds: 0x400, qemu: "0000000002555557" };
/** So long that the time until the compiler has loaded weighs little. */
const LONG: Amount = { rounds: 0x8000, qemu: "000000004aaaaaac" };
/** Instructions before the first and behind the second reading of the count, the reset vector's included. */
const AROUND_LIMIT = 400;
/** The compiler may be late on a busy host. */
const LEAST_HOT_SHARE = 0.5;

async function run(
  { rounds }: Amount,
  accel: AccelOptions,
): Promise<{ count: string; retired: number; hot: number }> {
  await using machine = await programMachine(program(rounds), { accel });
  const output = outputOf(machine);
  await machine.start();
  const count = (await output).trim();
  const [{ instructions, hotInstructions }] = machine.stats().harts;
  return { count, retired: instructions, hot: hotInstructions };
}

const TIERS: readonly (readonly [string, Amount, AccelOptions])[] = [
  ["in the cold tier", SHORT, { experiment: { regions: false } }],
  ["in regions", LONG, {}],
  ["in regions, counted", LONG, { icount: { shift: 0 } }],
];

for (const [where, amount, accel] of TIERS) {
  Deno.test(`as many instructions are retired as QEMU counts, ${where}`, async () => {
    const { count, retired, hot } = await run(amount, accel);
    assertEquals(count, amount.qemu);
    const counted = parseInt(count, 16);
    assert(retired > counted && retired < counted + AROUND_LIMIT, `${retired} in all`);
    if (accel.experiment?.regions === false) assertEquals(hot, 0);
    else assert(hot <= retired && hot / retired > LEAST_HOT_SHARE, `${hot} of them in regions`);
  });
}

if (import.meta.main) {
  const [file, rounds] = Deno.args;
  await Deno.writeFile(file, new Uint8Array(Uint32Array.from(program(Number(rounds))).buffer));
}
