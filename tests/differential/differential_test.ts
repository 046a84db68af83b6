/** Regions do what the cold tier does: on random programs, and on programs that once told them apart. */
import { assert, assertEquals } from "@std/assert";
import { assemble } from "../../frontend/riscv/encoder.ts";
import type { Pass } from "../../optimizer/pass.ts";
import {
  type Difference,
  DifferentialRun,
  type HotVariant,
  WHOLE_VARIANT,
} from "./differential_run.ts";
import { minimizeDifference, reportDifference } from "./failure_report.ts";
import { fuzzProgram } from "../fuzz/programs/fuzz_programs.ts";
import { Device, REMAP_BITS, VIRTUAL } from "./guest_layout.ts";
import { instruction, type Line } from "./guest_program.ts";
import type { GeneratedProgram } from "./program_features.ts";
import { generateProgram } from "./program_generator.ts";
import { Register } from "./program_registers.ts";
import { writeCsr } from "./trap_handler.ts";
import { csrNumber } from "./csr_numbers.ts";

const FIRST_SEED = 1;
const PROGRAMS = 90;
const PAGE_BYTES = 4096;
const COUNTER = Register.FIRST_COUNTER;
const [LOOP, CALLEE, SITE, RETRY] = [0, 1, 2, 3];
const END: Line = instruction("sw", { rs1: Register.DEVICE, rs2: 0, imm: Device.END });

const MACHINE: GeneratedProgram["features"] = {
  mode: "machine",
  traps: true,
  csrs: true,
  counters: true,
  atomics: true,
  reservations: false,
  floats: true,
  compressed: true,
  dispatch: false,
  spread: false,
  calls: true,
  wildJumps: true,
  selfModifying: true,
  interrupts: false,
  delegation: false,
  remaps: false,
  accessPercent: 0,
  registers: 0,
};

/** A program that runs a body some times. */
function looped(body: readonly Line[], rest: readonly Line[] = [], start = 0): GeneratedProgram {
  const lines: Line[] = [
    instruction("addi", { rd: COUNTER, rs1: 0, imm: 6 }),
    { kind: "label", label: LOOP },
    ...body,
    instruction("addi", { rd: COUNTER, rs1: COUNTER, imm: -1 }),
    instruction("blt", { rs1: 0, rs2: COUNTER }, LOOP),
    END,
    ...rest,
  ];
  return { seed: 0, features: MACHINE, lines, start, supervisorHandler: null };
}

const SHIFTED = assemble("slli", { rd: 12, rs1: 12, imm: 1 });
const SHORT: HotVariant = { ...WHOLE_VARIANT, hasShortBudgets: true, runs: 8, seed: 1 };

function assertSame(run: DifferentialRun, program: GeneratedProgram): void {
  assertEquals(
    run.compare(program, [
      WHOLE_VARIANT,
      { ...WHOLE_VARIANT, isLinked: true },
      { ...WHOLE_VARIANT, passes: [] },
      SHORT,
    ]),
    null,
  );
}

Deno.test("random programs do the same in regions and in the cold tier", async () => {
  const run = await DifferentialRun.create();
  let endless = 0;
  for (let seed = FIRST_SEED; seed < FIRST_SEED + PROGRAMS; seed++) {
    const failure = fuzzProgram(run, seed);
    if (failure === undefined) endless++;
    else if (failure !== null) {
      throw new Error(reportDifference(run, failure.program, failure.difference));
    }
  }
  assert(endless < PROGRAMS / 5, `${endless} programs do not end`);
});

Deno.test("a region for another float mode is not called directly", async () => {
  const program = looped([instruction("jal", { rd: Register.RA }, CALLEE)], [
    { kind: "label", label: CALLEE },
    instruction("fadd.s", { rd: 4, rs1: 2, rs2: 7, rm: 7 }),
    instruction("csrrwi", { rd: 7, rs1: 5, imm: csrNumber("frm") }),
    instruction("jalr", { rd: 0, rs1: Register.RA, imm: 0 }),
  ]);
  assertSame(await DifferentialRun.create(), program);
});

Deno.test("flags are exact where the guest clears, sets and reads them between roundings", async () => {
  const [flags, number, sum] = [10, 11, 12];
  const fflags = csrNumber("fflags");
  const setFlags = (value: number): Line =>
    instruction("csrrwi", { rd: 0, rs1: value, imm: fflags });
  const readFlags: readonly Line[] = [
    instruction("csrrs", { rd: flags, rs1: 0, imm: fflags }),
    instruction("slli", { rd: sum, rs1: sum, imm: 5 }),
    instruction("add", { rd: sum, rs1: sum, rs2: flags }),
  ];
  const arithmetic: readonly Line[] = [
    instruction("fadd.d", { rd: 6, rs1: 2, rs2: 3 }),
    ...readFlags,
    instruction("fdiv.d", { rd: 4, rs1: 2, rs2: 3 }),
    ...readFlags,
    instruction("fmul.d", { rd: 5, rs1: 4, rs2: 7 }),
    ...readFlags,
    instruction("fsqrt.d", { rd: 8, rs1: 5 }),
    instruction("fsub.d", { rd: 9, rs1: 8, rs2: 4 }),
    ...readFlags,
    instruction("csrrs", { rd: 0, rs1: number, imm: csrNumber("mscratch") }),
  ];
  const program = looped([
    instruction("fcvt.d.w", { rd: 2, rs1: COUNTER }),
    { kind: "constant", rd: number, value: 3 },
    instruction("fcvt.d.w", { rd: 3, rs1: number }),
    instruction("fmv.d.x", { rd: 7, rs1: number }),
    ...[0, 1, 16, 31].flatMap((value) => [setFlags(value), ...arithmetic]),
    instruction("csrrwi", { rd: 0, rs1: 3, imm: csrNumber("frm") }),
    instruction("fdiv.d", { rd: 14, rs1: 2, rs2: 3, rm: 7 }),
    instruction("csrrwi", { rd: 0, rs1: 0, imm: csrNumber("frm") }),
    instruction("fdiv.d", { rd: 15, rs1: 2, rs2: 3, rm: 7 }),
    writeCsr("mscratch", sum),
  ]);
  assertSame(await DifferentialRun.create(), program);
});

Deno.test("a loop of words that is entered with other numbers extends these", async () => {
  const program = looped([
    { kind: "constant", rd: 12, value: 0x1234_89ab_cdef },
    { kind: "constant", rd: 13, value: 0x1234_89ab_cdef },
    instruction("addi", { rd: 7, rs1: 0, imm: 3 }),
    instruction("jal", { rd: Register.RA }, CALLEE),
  ], [
    { kind: "label", label: CALLEE },
    instruction("addiw", { rd: 14, rs1: 12, imm: 0 }),
    instruction("slli", { rd: 15, rs1: 13, imm: 32 }),
    instruction("srli", { rd: 15, rs1: 15, imm: 32 }),
    instruction("add", { rd: 10, rs1: 10, rs2: 14 }),
    instruction("add", { rd: 11, rs1: 11, rs2: 15 }),
    instruction("addiw", { rd: 12, rs1: 12, imm: 5 }),
    instruction("andi", { rd: 13, rs1: 13, imm: 1023 }),
    instruction("addi", { rd: 7, rs1: 7, imm: -1 }),
    instruction("bne", { rs1: 7, rs2: 0 }, CALLEE),
    instruction("jalr", { rd: 0, rs1: Register.RA, imm: 0 }),
  ]);
  assertSame(await DifferentialRun.create(), program);
});

Deno.test("a loop holds a word in a register that it computes with as a double", async () => {
  const program = looped([
    instruction("fadd.d", { rd: 2, rs1: 2, rs2: 1, rm: 0 }),
    instruction("fmv.d.x", { rd: 1, rs1: 0 }),
  ]);
  assertSame(await DifferentialRun.create(), program);
});

Deno.test("counters count the instructions before the one that reads them", async () => {
  const read = instruction("csrrs", { rd: 10, rs1: 0, imm: csrNumber("instret") });
  const sum = instruction("add", { rd: 11, rs1: 11, rs2: 10 });
  assertSame(await DifferentialRun.create(), looped([read, sum, writeCsr("mscratch", 11)]));
});

Deno.test("a region whose code has changed goes on at its own entry", async () => {
  const program = looped([
    instruction("jal", { rd: Register.RA }, CALLEE),
    { kind: "address", rd: 6, label: SITE },
    instruction("lw", { rd: 7, rs1: 6, imm: 0 }),
    // The site adds its immediate to itself: every turn another instruction stands there.
    { kind: "constant", rd: 12, value: 1 << 20 },
    instruction("add", { rd: 7, rs1: 7, rs2: 12 }),
    instruction("sw", { rs1: 6, rs2: 7, imm: 0 }),
    instruction("fence.i"),
    instruction("jal", { rd: Register.RA }, CALLEE),
    instruction("jal", { rd: Register.RA }, CALLEE),
  ], [
    { kind: "label", label: CALLEE },
    instruction("addi", { rd: 13, rs1: 13, imm: 7 }),
    { kind: "label", label: SITE },
    instruction("addi", { rd: 14, rs1: 14, imm: 1 }),
    instruction("jalr", { rd: 0, rs1: Register.RA, imm: 0 }),
  ]);
  assertSame(await DifferentialRun.create(), program);
});

Deno.test("a window that code also jumps into from outside ends", async () => {
  const address = Register.DATA;
  const program = looped([
    instruction("andi", { rd: 12, rs1: COUNTER, imm: 1 }),
    instruction("bne", { rs1: 12, rs2: 0 }, SITE),
    { kind: "label", label: RETRY },
    instruction("lr.d", { rd: 11, rs1: address }),
    instruction("addi", { rd: 11, rs1: 11, imm: 1 }),
    { kind: "label", label: SITE },
    instruction("sc.d", { rd: 10, rs1: address, rs2: 11 }),
    instruction("bne", { rs1: 10, rs2: 0 }, RETRY),
  ]);
  assertSame(await DifferentialRun.create(), program);
});

Deno.test("a head across a page's end forgets a region that went", async () => {
  const run = await DifferentialRun.create();
  const before = 4;
  const start = PAGE_BYTES - before - 2;
  const program = looped([instruction("add", { rd: 11, rs1: 11, rs2: 10 })], [], start);
  for (let time = 0; time < 3; time++) assertSame(run, program);
});

Deno.test("a region looks whether its other pages are mapped as before", async () => {
  const start = PAGE_BYTES - 16;
  const at = (page: number, distance = 0): Line => {
    return { kind: "place", rd: 6, offset: page * PAGE_BYTES + distance - start };
  };
  const sum = instruction("addi", { rd: 11, rs1: 11, imm: 1 });
  const program = looped([
    instruction("jal", { rd: Register.RA }, CALLEE),
    sum,
    sum,
    // The second page starts here; in its copy this is another instruction.
    { kind: "variant", bits: assemble("addi", { rd: 12, rs1: 12, imm: 3 }), copyBits: SHIFTED },
  ], [
    { kind: "label", label: CALLEE },
    at(VIRTUAL.TABLE, 8 * (VIRTUAL.CODE + 1)),
    instruction("ld", { rd: 7, rs1: 6, imm: 0 }),
    { kind: "constant", rd: 10, value: REMAP_BITS },
    instruction("xor", { rd: 7, rs1: 7, rs2: 10 }),
    instruction("sd", { rs1: 6, rs2: 7, imm: 0 }),
    at(VIRTUAL.CODE + 1),
    instruction("sfence.vma", { rs1: 6, rs2: 0 }),
    instruction("jalr", { rd: 0, rs1: Register.RA, imm: 0 }),
  ], start);
  const features = { ...MACHINE, mode: "supervisor", remaps: true } as const;
  // Of the regions that hold the second page's code, different ones get to run.
  const variants = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => {
    return { ...WHOLE_VARIANT, compiledPercent: 50, seed };
  });
  const run = await DifferentialRun.create();
  assertEquals(run.compare({ ...program, features }, variants), null);
});

/** Lets every exclusive or give zero. */
const BROKEN_PASS: Pass = {
  name: "broken",
  run: (region) => {
    let changes = 0;
    for (const { operations } of region.blocks) {
      for (const operation of operations) {
        if (operation.opcode !== "i64.xor") continue;
        operation.operands[1] = operation.operands[0];
        changes++;
      }
    }
    return changes;
  },
};

Deno.test("a pass that breaks programs is found, and the program made small", async () => {
  const run = await DifferentialRun.create();
  const variant = { ...WHOLE_VARIANT, passes: [BROKEN_PASS] };
  const [program, difference] = firstDifference(run, variant);
  const small = minimizeDifference(run, program, difference);
  const instructions = small.lines.filter(({ kind }) => kind !== "label");
  assert(instructions.length <= 10, `${instructions.length} instructions are left`);
  assertEquals(run.compare(small, [WHOLE_VARIANT]), null);
});

function firstDifference(
  run: DifferentialRun,
  variant: HotVariant,
): [GeneratedProgram, Difference] {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + PROGRAMS; seed++) {
    const program = generateProgram(seed);
    const difference = run.compare(program, [variant]);
    if (difference !== null && difference !== undefined) return [program, difference];
  }
  throw new Error("Cannot find what the broken pass broke");
}
