/**
 * The laws of the README's section on memory operations: for each, a region that tempts a pass to break it. The
 * sequence of memory operations, with widths, orders and constants among the operands, must come out of the
 * whole pipeline as it went in.
 */

import { assertEquals, assertNotEquals } from "@std/assert";
import { opcodeRow } from "../ir/opcodes.ts";
import type { MemoryAttribute, Operation, Region } from "../ir/region.ts";
import { parseModule } from "../ir/text/parser.ts";
import { PIPELINE, runPasses } from "./pipeline.ts";

/** Body of a region: `%1` and `%2` are two addresses, `%3` and `%4` two values. */
const LAWS: Readonly<Record<string, string>> = {
  "a load whose value nobody uses stays": `
    %5 = guest.load u64 %1`,
  "two loads of one address stay two": `
    %5 = guest.load u64 %1
    %6 = guest.load u64 %1
    state.set x[5] %5
    state.set x[6] %6`,
  "a load is not repeated across another load": `
    %5 = guest.load u64 %1
    %6 = guest.load u64 %2
    %7 = guest.load u64 %1
    state.set x[5] %5
    state.set x[6] %6
    state.set x[7] %7`,
  "a load of another width is another load": `
    %5 = guest.load u64 %1
    %6 = guest.load u32 %1
    state.set x[5] %5
    state.set x[6] %6`,
  "a load behind a fence reads anew": `
    %5 = guest.load u64 %1
    guest.fence rr
    %6 = guest.load u64 %1
    state.set x[5] %5
    state.set x[6] %6`,
  "a load behind an atomic update reads anew": `
    %5 = guest.load u64 %1
    %6 = guest.rmw add s64 %2, %3
    %7 = guest.load u64 %1
    state.set x[5] %5
    state.set x[7] %7`,
  "a load behind an acquire reads anew": `
    %5 = guest.load u64 %1
    %6 = guest.load u64 rr+rw %2
    %7 = guest.load u64 %1
    state.set x[5] %5
    state.set x[7] %7`,
  "a stored value is not forwarded to a load": `
    guest.store u64 %1, %3
    %5 = guest.load u64 %1
    state.set x[5] %5`,
  "a stored value is not forwarded across a fence": `
    guest.store u64 %1, %3
    guest.fence wr
    %5 = guest.load u64 %1
    state.set x[5] %5`,
  "an overwritten store stays": `
    guest.store u64 %1, %3
    guest.store u64 %1, %4`,
  "an overwritten store stays across a store to another place": `
    guest.store u64 %1, %3
    guest.store u64 %2, %3
    guest.store u64 %1, %4`,
  "a store of what was just read stays": `
    %5 = guest.load u64 %1
    guest.store u64 %1, %5`,
  "narrow stores side by side stay narrow": `
    %5 = i64.const 1
    %6 = i64.add %1, %5
    guest.store u8 %1, %3
    guest.store u8 %6, %4`,
  "loads and stores keep their places": `
    %5 = guest.load u64 %1
    guest.store u64 %2, %3
    %6 = guest.load u64 %2
    guest.store u64 %1, %4
    state.set x[5] %5
    state.set x[6] %6`,
  "an access stays behind a departure": `
    %5 = i64.eqz %3
    %6 = i32.const 2
    trap_if %5, %6, %3
    %7 = guest.load u64 %1
    state.set x[7] %7`,
  "an update that changes nothing stays": `
    %5 = i64.const 0
    %6 = guest.rmw or s64 %1, %5`,
  "an update is no fence, and a fence beside it stays": `
    %5 = guest.rmw add s64 %1, %3
    guest.fence rr+rw+wr+ww
    %6 = guest.load u64 %2
    state.set x[6] %6`,
  "fences with a store between them stay two": `
    guest.fence ww
    guest.store u64 %1, %3
    guest.fence wr`,
  "fences with a load between them stay two": `
    guest.fence rr
    %5 = guest.load u64 %1
    guest.fence rw`,
  "fences with an update between them stay two": `
    guest.fence ww
    %5 = guest.rmw add s64 %1, %3
    guest.fence wr`,
  "fences with a departure between them stay two": `
    %5 = i64.eqz %3
    %6 = i32.const 2
    guest.fence ww
    trap_if %5, %6, %3
    guest.fence wr`,
  "a reserved pair stays a pair": `
    %5 = guest.load_reserved s64 %1
    %6 = guest.store_conditional u64 %1, %5
    state.set x[6] %6`,
};

/** A loop that reads until a value appears: each turn reads. */
const POLLING = `
region @polling {
  entry b0 +0
b0:
  jump b1
b1:
  guest.boundary +0 length 4 index 0
  %1 = state.get x[1]
  %2 = guest.load u64 %1
  %3 = i64.eqz %2
  branch %3, b1, b2
b2:
  goto jump %1
}`;

const STATE = "state x: i64[8] promotable\n";

function regionOf(body: string): string {
  return `region @law {
  entry b0 +0
b0:
  guest.boundary +0 length 4 index 0
  %1 = state.get x[1]
  %2 = state.get x[2]
  %3 = state.get x[3]
  %4 = i64.const 7
${body}
  %90 = i64.const 4
  goto jump %90
}`;
}

function parse(text: string): Region {
  return parseModule(STATE + text).regions[0];
}

function isMemoryOperation({ opcode }: Operation): boolean {
  const { effect } = opcodeRow(opcode);
  return effect === "access" || effect === "leave" || opcode === "guest.fence";
}

/** Each memory operation as text: what of it another hart, a device or a fault can tell. */
function sequence({ blocks }: Region): string[] {
  return blocks.flatMap(({ operations }) =>
    operations.filter(isMemoryOperation).map(({ opcode, attribute, operands }) => {
      const { width, signed, order, rmw } = (attribute ?? {}) as Partial<MemoryAttribute>;
      const constants = operands.map((operand) =>
        operand.opcode.endsWith(".const")
          ? String((operand.attribute as { constant: bigint }).constant)
          : "value"
      );
      return [opcode, width, signed, order, rmw, ...constants].join(" ");
    })
  );
}

function optimized(text: string): Region {
  const region = parse(text);
  runPasses(region, PIPELINE, { verifies: true });
  return region;
}

for (const [law, body] of Object.entries(LAWS)) {
  Deno.test(`memory law: ${law}`, () => {
    const text = regionOf(body);
    assertNotEquals(sequence(parse(text)), []);
    assertEquals(sequence(optimized(text)), sequence(parse(text)));
  });
}

Deno.test("memory law: a polling loop reads in each of its turns", () => {
  const [load] = sequence(parse(POLLING));
  const region = optimized(POLLING);
  assertEquals(sequence(region), [load]);
  const holder = region.blocks.find(({ operations }) => operations.some(isMemoryOperation));
  const end = holder?.terminator;
  assertEquals(end?.kind === "branch" && (end.taken === holder || end.otherwise === holder), true);
});
