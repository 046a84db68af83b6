import { assertEquals, assertThrows } from "@std/assert";
import { Disassembler } from "../../../frontend/riscv/disassembler.ts";
import { Decoder } from "../../../frontend/riscv/decoder.ts";
import { EXTENSIONS } from "../../../frontend/riscv/rows.ts";
import { Assembler } from "./assembler.ts";

const SIGN_BITS = 64;

function disassembled(words: Uint32Array): string[] {
  const disassembler = new Disassembler(new Decoder(EXTENSIONS));
  return [...words].map((bits, index) => disassembler.disassemble(bits, BigInt(index * 4)));
}

/** What a sequence of lui, addi, addiw and slli leaves in its register. */
function evaluate(words: Uint32Array): bigint {
  let value = 0n;
  for (const word of words) {
    const bits = BigInt(word);
    const immediate = BigInt.asIntN(12, bits >> 20n);
    const opcode = word & 0x707f;
    const isFirst = (word >>> 15 & 31) === 0;
    if ((word & 0x7f) === 0x37) value = BigInt.asIntN(32, bits & 0xffff_f000n);
    else if (opcode === 0x1013) value <<= bits >> 20n & 0x3fn;
    else if (opcode === 0x001b) value = BigInt.asIntN(32, value + immediate);
    else value = (isFirst ? 0n : value) + immediate;
    value = BigInt.asIntN(SIGN_BITS, value);
  }
  return value;
}

Deno.test("branches and jumps reach their labels in both directions", () => {
  const a = new Assembler();
  a.label("start");
  a.jump("beq", "end", { rs1: 5, rs2: 0 });
  a.emit("addi", { rd: 5, rs1: 5, imm: -1 });
  a.jump("jal", "start", { rd: 0 });
  a.label("end");
  a.emit("jalr", { rd: 0, rs1: 1, imm: 0 });
  assertEquals(disassembled(a.finish()).map((text) => text.replaceAll(/\s+/g, " ")), [
    "beq t0,zero,0xc",
    "addi t0,t0,-1",
    "jal zero,0x0",
    "jalr zero,0(ra)",
  ]);
});

Deno.test("any constant can be made", () => {
  const values = [0n, 1n, -1n, 2047n, 2048n, -2049n, 0x7fff_ffffn, 0x8000_0000n, -0x8000_0000n];
  for (const value of [...values, 0x8123_4567_89ab_cdefn, 0x7fff_ffff_ffff_ffffn, 0x8020_0800n]) {
    const a = new Assembler();
    a.constant(5, value);
    assertEquals(evaluate(a.finish()), BigInt.asIntN(SIGN_BITS, value), `${value}`);
  }
});

Deno.test("labels are placed once and must exist", () => {
  const a = new Assembler();
  a.label("here");
  assertThrows(() => a.label("here"), RangeError, "twice");
  a.jump("jal", "there", { rd: 0 });
  assertThrows(() => a.finish(), RangeError, "there");
});
