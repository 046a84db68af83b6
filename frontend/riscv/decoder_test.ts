import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { COMPRESSED_ROWS } from "./compressed.ts";
import { blankInstruction, createDecoder, type Decoder, instructionLength } from "./decoder.ts";
import { assemble, encode, type OperandFields } from "./encoder.ts";
import type { DecodedInstruction } from "./instruction.ts";
import { extractField, isMoreSpecific, parsePattern, type Pattern } from "./pattern.ts";
import { EXTENSIONS, ILLEGAL_ROW, rowIndex, ROWS } from "./rows.ts";

const RUNS = 40;

function name(instruction: DecodedInstruction): string {
  return ROWS[instruction.row].name;
}

/** Field values that some word of the pattern holds. */
function someFields(pattern: Pattern): fc.Arbitrary<OperandFields> {
  return fc.integer().map((noise) =>
    Object.fromEntries(pattern.fields.map((field) => [field.name, extractField(field, noise)]))
  );
}

/** Is the word taken by a pattern that is more specific than the one it was made from? */
function isTaken(bits: number, by: readonly Pattern[], from: Pattern): boolean {
  return by.some((other) => isMoreSpecific(other, from) && (bits & other.mask) === other.match);
}

Deno.test("decode() finds row and fields of every encoded instruction", () => {
  const decoder = createDecoder();
  const all = ROWS.flatMap(({ pattern }) => parsePattern(pattern));
  for (const [row, { pattern }] of ROWS.entries()) {
    for (const alternative of parsePattern(pattern)) {
      fc.assert(
        fc.property(someFields(alternative), fc.integer(), (fields, free) => {
          const bits = encode(alternative, fields, free);
          if (isTaken(bits, all, alternative)) return;
          const blank = blankInstruction();
          assertEquals(decoder.decode(bits), { ...blank, ...fields, row, length: 4, bits });
        }),
        { numRuns: RUNS },
      );
    }
  }
});

Deno.test("decode() expands every encoded compressed instruction", () => {
  const decoder = createDecoder();
  const all = COMPRESSED_ROWS.flatMap(({ pattern }) => parsePattern(pattern));
  for (const compressed of COMPRESSED_ROWS) {
    const row = rowIndex(compressed.base);
    for (const pattern of parsePattern(compressed.pattern)) {
      fc.assert(
        fc.property(someFields(pattern), fc.integer(), (fields, free) => {
          const bits = encode(pattern, fields, free);
          if (isTaken(bits, all, pattern)) return;
          const expected = { ...blankInstruction(), ...compressed.fixed, ...fields };
          assertEquals(decoder.decode(bits), { ...expected, row, length: 2, bits });
        }),
        { numRuns: RUNS },
      );
    }
  }
});

Deno.test("decode() takes the more specific of two patterns", () => {
  const decoder = createDecoder();
  assertEquals(name(decoder.decode(0x0100000f)), "pause");
  assertEquals(name(decoder.decode(0x0110000f)), "fence w,w");
  assertEquals(name(decoder.decode(0x8330000f)), "fence.tso");
  assertEquals(name(decoder.decode(0x0330000f)), "fence");
  assertEquals(name(decoder.decode(0x8082)), "jalr");
  assertEquals(name(decoder.decode(0x9002)), "ebreak");
});

Deno.test("decode() classifies a fence by what it orders, devices included", () => {
  const decoder = createDecoder();
  const fence = (sets: number): string => name(decoder.decode((sets << 20) | 0x0f));
  const READ = 0b1010;
  const WRITE = 0b0101;
  for (let predecessor = 0; predecessor < 16; predecessor++) {
    for (let successor = 0; successor < 16; successor++) {
      const set = (bits: number): string =>
        ((bits & READ) !== 0 ? "r" : "") + ((bits & WRITE) !== 0 ? "w" : "");
      const [before, after] = [set(predecessor), set(successor)];
      const ordered = before === "" || after === "" ? "none" : `${before},${after}`;
      const expected = ordered === "rw,rw" ? "fence" : `fence ${ordered}`;
      const isPause = predecessor === 1 && successor === 0;
      assertEquals(fence((predecessor << 4) | successor), isPause ? "pause" : expected);
    }
  }
});

Deno.test("decode() gives the illegal row for what is no instruction", () => {
  const decoder = createDecoder();
  const nonsense = [0x0000_0000, 0xffff_ffff, 0x0000_0004, 0x6101, 0x8002, 0x2001, 0x4002];
  for (const bits of nonsense) assertEquals(decoder.decode(bits).row, ILLEGAL_ROW);
  assertEquals(decoder.decode(0xffff_ffff).bits, 0xffff_ffff);
  assertEquals(decoder.decode(0x1234_0000), { ...blankInstruction(), length: 2, bits: 0 });
});

/** Rows whose words another row matches too, with less bits fixed. */
const MORE_SPECIFIC: ReadonlySet<string> = new Set(["pause", "zext.h"]);
/** Extensions whose instructions do nothing of note elsewhere. */
const HINTS: ReadonlySet<string> = new Set(["zihintpause", "zicbop"]);

Deno.test("Extensions that are not enabled are illegal, compressed forms of theirs too", () => {
  const without = (...extensions: string[]): Decoder =>
    createDecoder(new Set([...EXTENSIONS].filter((each) => !extensions.includes(each))));
  for (const { name: own, extension, pattern } of ROWS) {
    for (const alternative of parsePattern(pattern).slice(0, 1)) {
      if (MORE_SPECIFIC.has(own) || HINTS.has(extension)) continue;
      const has = (name: string): boolean => alternative.fields.some((each) => each.name === name);
      const bits = encode(alternative, { rs2: 1, ...(has("rd") ? { rd: 1 } : {}) });
      for (const names of extension.split(" and ")) {
        assertEquals(without(...names.split(" or ")).decode(bits).row, ILLEGAL_ROW, own);
      }
      for (const one of extension.split(" or ").slice(1)) {
        assertEquals(name(without(one).decode(bits)), own, `${own} without ${one}`);
      }
    }
  }
  assertEquals(without("d").decode(assemble("c.fld", { rd: 8, rs1: 8 })).row, ILLEGAL_ROW);
  assertEquals(name(without("d").decode(assemble("c.lw", { rd: 8, rs1: 8 }))), "lw");
  assertEquals(without("c").decode(0x8082).row, ILLEGAL_ROW);
  assertEquals(name(without("zihintpause").decode(0x0100000f)), "fence none");
  assertEquals(name(without("zbb").decode(assemble("zext.h", { rd: 1 }))), "packw");
  assertEquals(name(without("zicbop").decode(assemble("prefetch.r", { rs1: 5 }))), "ori");
});

Deno.test("instructionLength() reads the two low bits", () => {
  assertEquals([0, 1, 2, 3].map(instructionLength), [2, 2, 2, 4]);
});

Deno.test("assemble() makes bits of named instructions and rejects what does not fit", () => {
  assertEquals(assemble("addi", { rd: 11, rs1: 11, imm: 10 }), 0x00a58593);
  assertEquals(assemble("c.addi", { rd: 2, imm: 16 }), 0x0141);
  assertEquals(assemble("fence rw,w"), 0x0310000f);
  assertEquals(assemble("csrrw", { imm: 0x305, rs1: 5 }), 0x30529073);
  assertThrows(() => assemble("addi", { imm: 2048 }), RangeError, "imm = 2048");
  assertThrows(() => assemble("beq", { imm: 3 }), RangeError, "imm = 3");
  assertThrows(() => assemble("c.lw", { rd: 1, rs1: 8 }), RangeError, "rd = 1");
  assertThrows(() => assemble("illegal"), RangeError, "no encoding");
  assertThrows(() => assemble("nonsense"), RangeError, "nonsense");
});
