/** Calls and computed jumps of guest code as control flow inside one region. */
import { assertEquals } from "@std/assert";
import type { Region } from "../../../ir/region.ts";
import { printTerminator } from "../../../ir/text/printer.ts";
import { assemble } from "../encoder.ts";
import { RiscvFrontend } from "../riscv_frontend.ts";

const WORD_BYTES = 4;
const [RA, T0, A0, A1] = [1, 5, 10, 11];
const LIMIT = 100;

const nop = assemble("addi", { rd: A0, rs1: A0, imm: 1 });
const call = (distance: number, rd = RA) => assemble("jal", { rd, imm: distance });
const jumpTo = (rs1: number) => assemble("jalr", { rd: 0, rs1, imm: 0 });
const branch = (distance: number) => assemble("bne", { rs1: A0, rs2: A1, imm: distance });
const loadRa = assemble("ld", { rd: RA, rs1: 2, imm: 0 });

interface Options {
  readonly limit?: number;
  /** Indices of instructions that were never executed. */
  readonly unexecuted?: readonly number[];
  /** Indices of instructions that other regions start at. */
  readonly stops?: readonly number[];
  /** Targets by index of the jump, both counted in instructions. */
  readonly jumps?: Readonly<Record<number, readonly number[]>>;
}

function lift(
  code: readonly number[],
  { limit = LIMIT, unexecuted = [], stops = [], jumps = {} }: Options = {},
): Region {
  const parcels = code.flatMap((word) => [word & 0xffff, word >>> 16]);
  const wasExecuted = (offset: number): boolean =>
    offset >= 0 && offset < code.length * WORD_BYTES && !unexecuted.includes(offset / WORD_BYTES);
  return new RiscvFrontend().liftRegion({
    entryOffset: 0,
    modeKey: 0,
    isChecked: false,
    hostFuses: false,
    instructionLimit: limit,
    code: {
      parcel: (offset) => parcels[offset / 2] ?? -1,
      isWanted: (offset) => wasExecuted(offset) && !stops.includes(offset / WORD_BYTES),
      wasExecuted,
      computedTargets: (offset) =>
        (jumps[offset / WORD_BYTES] ?? []).map((index) => index * WORD_BYTES),
    },
  });
}

/** Ends of all blocks, without the numbers of values. */
function ends(region: Region): string[] {
  return region.blocks.map(({ terminator }) =>
    terminator === null ? "" : printTerminator(terminator).replace(/%\d+/g, "%")
  );
}

Deno.test("a short callee stands in place of the call, and returns behind it without a test", () => {
  const region = lift([call(8), nop, nop, jumpTo(RA)], { unexecuted: [1] });
  assertEquals(ends(region), ["jump b1", "goto return %"]);
  const whole = lift([call(12), nop, jumpTo(T0), nop, jumpTo(RA)]);
  assertEquals(ends(whole), ["jump b2", "goto return %", "jump b1"]);
});

Deno.test("a callee that changes its link register returns where that says", () => {
  const region = lift([call(12), nop, jumpTo(T0), loadRa, jumpTo(RA)]);
  assertEquals(ends(region), ["jump b2", "goto return %", "dispatch return %, [+4 b1]"]);
});

Deno.test("a callee is lifted once for each call, nested calls down to a depth", () => {
  const twice = lift([call(16), call(12), nop, jumpTo(T0), nop, jumpTo(RA)]);
  assertEquals(ends(twice), ["jump b3", "jump b4", "goto return %", "jump b1", "jump b2"]);
  const recursive = lift([nop, branch(12), call(-8), nop, jumpTo(RA)]);
  const calls = ends(recursive).filter((end) => end.startsWith("call"));
  assertEquals(calls.length, 1);
  const bodies = ends(recursive).filter((end) => end.startsWith("branch"));
  assertEquals(bodies.length, 4);
});

Deno.test("what is too long, loops no way out, or reserves memory stays a call", () => {
  const long = [call(12), nop, jumpTo(T0), ...Array(60).fill(nop), jumpTo(RA)];
  assertEquals(ends(lift(long, { limit: 200 })), ["call %, %, b1", "goto return %"]);
  const endless = lift([call(12), nop, jumpTo(T0), nop, assemble("jal", { rd: 0, imm: -4 })]);
  assertEquals(ends(endless), ["call %, %, b1", "goto return %"]);
  const reserve = assemble("lr.d", { rd: A0, rs1: A1 });
  const conditional = assemble("sc.d", { rd: A0, rs1: A1, rs2: A0 });
  const locking = lift([call(12), nop, jumpTo(T0), reserve, conditional, jumpTo(RA)]);
  assertEquals(ends(locking), ["call %, %, b1", "goto return %"]);
  const other = lift([call(12, T0), nop, jumpTo(RA), nop, jumpTo(RA)]);
  assertEquals(ends(other), ["call %, %, b1", "goto return %"]);
});

Deno.test("the limit of a region holds for lifted callees too", () => {
  const code = [call(12), nop, jumpTo(T0), nop, nop, nop, jumpTo(RA)];
  assertEquals(ends(lift(code, { limit: 6 }))[0], "jump b2");
  assertEquals(ends(lift(code, { limit: 4 }))[0], "call %, %, b1");
});

Deno.test("a callee that has a region of its own is lifted all the same, one never executed is not", () => {
  const code = [call(12), nop, jumpTo(T0), nop, jumpTo(RA)];
  assertEquals(ends(lift(code, { stops: [3] }))[0], "jump b2");
  assertEquals(ends(lift(code, { unexecuted: [3] }))[0], "call %, %, b1");
});

Deno.test("a computed jump goes on where it went before, and leaves from where it never did", () => {
  const code = [jumpTo(A0), nop, jumpTo(RA), nop, jumpTo(T0)];
  assertEquals(ends(lift(code)), ["goto indirect %"]);
  assertEquals(ends(lift(code, { jumps: { 0: [1, 3] } })), [
    "dispatch indirect %, [+4 b1, +12 b2]",
    "goto return %",
    "goto return %",
  ]);
  assertEquals(ends(lift(code, { jumps: { 0: [1, 3] }, stops: [3] })), [
    "dispatch indirect %, [+4 b1]",
    "goto return %",
  ]);
});

Deno.test("only code of the region's own function is entered from outside", () => {
  const region = lift([call(20), branch(-4), call(12), nop, jumpTo(T0), branch(-4), jumpTo(RA)]);
  assertEquals(region.entries.map(({ offset }) => offset).sort((a, b) => a - b), [0, 4, 12]);
});
