import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Builder } from "../../ir/builder.ts";
import { Region } from "../../ir/region.ts";
import { verify } from "../../ir/verifier.ts";
import { COMPRESSED_ROWS } from "./compressed.ts";
import { createDecoder } from "./decoder.ts";
import { encode } from "./encoder.ts";
import { LiftContext } from "./lift/lift_context.ts";
import { liftBound, liftUnbound } from "./lift/single_instruction_fixture.ts";
import { isMoreSpecific, overlaps, parsePattern, type Pattern } from "./pattern.ts";
import { destinationFile, ILLEGAL_ROW, rowIndex, ROWS } from "./rows.ts";

const MODES = [true, false].flatMap((floatEnabled) =>
  [true, false].flatMap((roundsToNearest) =>
    [true, false].map((hasCompressed) => ({ floatEnabled, roundsToNearest, hasCompressed }))
  )
);

Deno.test("Rows have distinct names and name a section and an extension", () => {
  assertEquals(new Set(ROWS.map(({ name }) => name)).size, ROWS.length);
  for (const row of ROWS) {
    assert(row.section !== "" && /^[a-z]+( (or|and) [a-z]+)*$/.test(row.extension), row.name);
    assertEquals(ROWS[rowIndex(row.name)], row);
  }
  assertThrows(() => rowIndex("nonsense"), RangeError, "nonsense");
});

Deno.test("Handler indices fit the byte tables of the cold tier's records", () => {
  assert(ROWS.length < 2 ** 16);
  assertEquals(ROWS[ILLEGAL_ROW].name, "illegal");
});

Deno.test("Every row lifts to a valid handler", () => {
  for (const row of ROWS) verify(liftUnbound(row));
});

Deno.test("Every row lifts to a valid region, whatever its fields and the mode", () => {
  const decoder = createDecoder();
  for (const [index, row] of ROWS.entries()) {
    for (const pattern of parsePattern(row.pattern)) {
      fc.assert(
        fc.property(fc.integer(), fc.constantFrom(...MODES), (noise, mode) => {
          const instruction = decoder.decode(encode(pattern, {}, noise) | (noise & ~pattern.mask));
          verify(liftBound(instruction, mode));
        }),
        { numRuns: 20, seed: index },
      );
    }
  }
});

Deno.test("Handlers of rows with a destination write a register file through the record", () => {
  for (const row of ROWS) {
    const operations = liftUnbound(row).blocks[0].operations;
    const written = operations.filter(({ opcode }) => opcode === "state.set_at")
      .map(({ attribute }) => (attribute as { slot: { name: string } }).slot.name);
    const file = destinationFile(row);
    assertEquals(written, file === "none" ? [] : [file], row.name);
  }
});

function assertUnambiguous(patterns: readonly { name: string; pattern: Pattern }[]): void {
  for (const [i, a] of patterns.entries()) {
    for (const b of patterns.slice(i + 1)) {
      if (!overlaps(a.pattern, b.pattern)) continue;
      const isOrdered = isMoreSpecific(a.pattern, b.pattern) ||
        isMoreSpecific(b.pattern, a.pattern);
      assert(isOrdered, `${a.name} and ${b.name} share words`);
    }
  }
}

Deno.test("Patterns share words only when one is more specific", () => {
  assertUnambiguous(
    ROWS.flatMap(({ name, pattern }) =>
      parsePattern(pattern).map((each) => ({ name, pattern: each }))
    ),
  );
  assertUnambiguous(
    COMPRESSED_ROWS.flatMap(({ name, pattern }) =>
      parsePattern(pattern).map((each) => ({ name, pattern: each }))
    ),
  );
});

Deno.test("Only a few known rows are more specific than another row", () => {
  const patterns = ROWS.flatMap(({ name, pattern }) =>
    parsePattern(pattern).map((each) => ({ name, pattern: each }))
  );
  const special = patterns.filter(({ pattern }) =>
    patterns.some((other) => isMoreSpecific(pattern, other.pattern))
  );
  const prefetches = ["prefetch.i", "prefetch.r", "prefetch.w"];
  const expected = ["fence.tso", "pause", ...prefetches, "zext.h"];
  assertEquals(special.map(({ name }) => name).sort(), expected);
});

function jumpOf(bits: number): { transfer: string; hasLink: boolean } {
  const instruction = createDecoder().decode(bits);
  const end = liftBound(instruction).blocks[0].terminator;
  if (end?.kind !== "goto") throw new TypeError("no jump");
  return { transfer: end.transfer, hasLink: end.link !== null };
}

Deno.test("Jumps tell calls and returns by their link registers", () => {
  const jalr = parsePattern(ROWS[rowIndex("jalr")].pattern)[0];
  const jal = parsePattern(ROWS[rowIndex("jal")].pattern)[0];
  const call = { transfer: "call", hasLink: true };
  assertEquals(jumpOf(encode(jal, { rd: 0 })), { transfer: "jump", hasLink: false });
  assertEquals(jumpOf(encode(jal, { rd: 1 })), call);
  assertEquals(jumpOf(encode(jal, { rd: 5 })), call);
  assertEquals(jumpOf(encode(jalr, { rd: 0, rs1: 6 })), { transfer: "indirect", hasLink: false });
  assertEquals(jumpOf(encode(jalr, { rd: 0, rs1: 1 })), { transfer: "return", hasLink: false });
  assertEquals(jumpOf(encode(jalr, { rd: 3, rs1: 5 })), { transfer: "return", hasLink: false });
  assertEquals(jumpOf(encode(jalr, { rd: 1, rs1: 6 })), call);
  assertEquals(jumpOf(encode(jalr, { rd: 1, rs1: 5 })), call);
  assertEquals(jumpOf(encode(jalr, { rd: 1, rs1: 1 })), call);
  assertEquals(jumpOf(0x8082), { transfer: "return", hasLink: false });
});

Deno.test("An unbound jump predicts nothing", () => {
  const builder = new Builder(new Region("jal", "handler"));
  assertEquals(new LiftContext(builder, null).transferKind("jump"), "jump");
});
