import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  extractField,
  insertField,
  isMoreSpecific,
  matches,
  overlaps,
  parsePattern,
  type PatternField,
} from "./pattern.ts";

function field(pattern: string, name: string): PatternField {
  const found = parsePattern(pattern)[0].fields.find((each) => each.name === name);
  if (found === undefined) throw new RangeError(`no field ${name}`);
  return found;
}

Deno.test("parsePattern() reads literal bits and registers", () => {
  const [pattern] = parsePattern("0000000 rs2 rs1 000 rd 0110011");
  assertEquals(pattern.width, 32);
  assertEquals(pattern.mask >>> 0, 0xfe00707f);
  assertEquals(pattern.match, 0x33);
  assertEquals(pattern.fields.map(({ name }) => name), ["rs2", "rs1", "rd"]);
  assertEquals(extractField(pattern.fields[1], 0x00a58593), 11);
});

Deno.test("parsePattern() reads the bits of a scattered immediate in the manual's order", () => {
  const branch = field("imm[12|10:5] rs2 rs1 000 imm[4:1|11] 1100011", "imm");
  assertEquals(extractField(branch, 0xfe000ee3 | 0), -4);
  assertEquals(extractField(branch, 0x00000463), 8);
  const jump = field("imm[20|10:1|11|19:12] rd 1101111", "imm");
  assertEquals(extractField(jump, 0xfe5ff06f | 0), -28);
});

Deno.test("parsePattern() sign-extends imm, not uimm and shamt, and adds 8 to short registers", () => {
  assertEquals(extractField(field("imm[11:0] rs1 000 rd 0010011", "imm"), -1), -1);
  assertEquals(extractField(field("000000 shamt[5:0] rs1 001 rd 0010011", "imm"), -1), 63);
  assertEquals(extractField(field("010 uimm[5:3] rs1' uimm[2|6] rd' 00", "rd"), 0b11100), 15);
  assertEquals(extractField(field("010 uimm[5:3] rs1' uimm[2|6] rd' 00", "imm"), 0x1fff), 0x7c);
});

Deno.test("parsePattern() reads alternatives and rejects what it does not know", () => {
  assertEquals(parsePattern("0000000000000000 or 1111111111111111").length, 2);
  assertEquals(parsePattern(""), []);
  assertThrows(() => parsePattern("01010"), SyntaxError, "5 bits");
  assertThrows(() => parsePattern("0000000 rs9 rs1 000 rd 0110011"), SyntaxError, "rs9");
});

Deno.test("insertField() is the inverse of extractField()", () => {
  const immediate = field("imm[20|10:1|11|19:12] rd 1101111", "imm");
  fc.assert(fc.property(fc.integer({ min: -(2 ** 19), max: 2 ** 19 - 1 }), (half) => {
    assertEquals(extractField(immediate, insertField(immediate, half * 2)), half * 2);
  }));
});

Deno.test("overlaps() and isMoreSpecific() tell patterns that share words", () => {
  const [move] = parsePattern("100 0 rd rs2 10");
  const [jump] = parsePattern("100 0 rs1 00000 10");
  const [add] = parsePattern("100 1 rd/rs1 rs2 10");
  assertEquals(overlaps(move, jump), true);
  assertEquals(isMoreSpecific(jump, move), true);
  assertEquals(isMoreSpecific(move, jump), false);
  assertEquals(overlaps(move, add), false);
  assertEquals(matches(jump, 0x8082), true);
});
