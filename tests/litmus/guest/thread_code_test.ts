import { assert, assertEquals, assertThrows } from "@std/assert";
import { Decoder } from "../../../frontend/riscv/decoder.ts";
import { Disassembler } from "../../../frontend/riscv/disassembler.ts";
import { EXTENSIONS } from "../../../frontend/riscv/rows.ts";
import { parseLitmusTest } from "../syntax/litmus_test_file.ts";
import { loadLibrary } from "../test_library.ts";
import { PLACEMENTS } from "./guest_layout.ts";
import { SlotAddresses } from "./slot_addresses.ts";
import { ThreadCode, UnrunnableTestError } from "./thread_code.ts";

const disassembler = new Disassembler(new Decoder(EXTENSIONS));

function textOf(words: Uint32Array): string[] {
  return [...words].map((bits) => disassembler.disassemble(bits, 0n).replaceAll(/\s+/g, " "));
}

/** An instruction in the disassembler's style: registers by their ABI names. */
const MEMORY = `RISCV all
{ uint64_t x; y=7; 0:x5=x; 0:x6=y; }
 P0 ;
 lbu x7,3(x5) ;
 sh x7,6(x5) ;
 lr.d.aqrl x8,(x5) ;
 sc.d.rl x9,x8,(x5) ;
 amomaxu.w.aq x10,x9,(x6) ;
 fence rw,w ;
 fence i,o ;
 fence.tso ;
 fence.i ;
 andi x11,x10,1 ;
 sub x12,x11,x10 ;
exists (0:x10=1 /\\ y=2)`;

Deno.test("a thread's instructions are the test's own", () => {
  const [thread] = new ThreadCode(parseLitmusTest(MEMORY), "lines").generate().parts;
  const text = textOf(thread);
  const start = text.findIndex((line) => line.startsWith("lbu"));
  assertEquals(text.slice(start, start + 12), [
    "lbu t2,3(t0)",
    "sh t2,6(t0)",
    "lr.d.aqrl s0,(t0)",
    "sc.d.rl s1,s0,(t0)",
    "amomaxu.w.aq a0,s1,(t1)",
    "fence rw,w",
    "fence i,o",
    "fence.tso",
    "fence.i",
    "andi a1,a0,1",
    "sub a2,a1,a0",
    "sd a0,0(gp)",
  ]);
});

Deno.test("slots are reset to the test's values and what it observes is collected", () => {
  const { parts, finalCount, observed } = new ThreadCode(parseLitmusTest(MEMORY), "lines")
    .generate();
  const [reset, collect] = parts.slice(1).map(textOf);
  assertEquals(reset.filter((line) => /^s[bhwd] /.test(line)), ["sd t1,0(t0)", "sw t1,0(t0)"]);
  assert(reset.includes("addi t1,zero,7"), reset.join("\n"));
  assertEquals(collect.filter((line) => line.startsWith("lwu")), ["lwu t0,0(t0)"]);
  assertEquals(finalCount, 1);
  assertEquals(observed.map(({ name, bytes }) => [name, bytes]), [["0:x10", 8], ["y", 4]]);
});

Deno.test("each placement keeps locations apart in its own way", () => {
  const test = parseLitmusTest(MEMORY);
  const distance = (placement: "lines" | "line" | "pages") =>
    new SlotAddresses(test, placement).distanceOf("y");
  assertEquals(distance("line"), 8);
  assertEquals(distance("lines"), 64);
  assert(distance("pages") % 4096 === 0);
});

const PAGES = `RISCV pages
{ page v=x; page w=entry(y, clean); 0:x5=v; 0:x6=PTE(w); 0:x7=entry(x, readonly); 0:x8=1; }
 P0 ;
 sd x7,0(x6) ;
 sfence.vma x5,x8 ;
 lw x9,0(x5) ;
exists (0:x27=13 /\\ PTE(w)=0x47)`;

Deno.test("tests with pages forget old entries first, and show the flags of entries only", () => {
  const [thread, reset, collect] = new ThreadCode(parseLitmusTest(PAGES), "lines").generate()
    .parts.map(textOf);
  for (const part of [thread, reset, collect]) assertEquals(part[0], "sfence.vma zero,zero");
  const start = thread.indexOf("sd t2,0(t1)");
  assertEquals(thread.slice(start - 1, start + 4), [
    "addi s11,zero,0",
    "sd t2,0(t1)",
    "sfence.vma t0,s0",
    "lw s1,0(t0)",
    "sd s11,0(gp)",
  ]);
  assertEquals(reset.filter((line) => /^s[dw] /.test(line)), [
    "sw t1,0(t0)",
    "sw t1,0(t0)",
    "sd t1,0(t0)",
    "sd t1,0(t0)",
  ]);
  assert(collect.includes("andi t0,t0,1023"), collect.join("\n"));
});

Deno.test("locations on pages have a page each, in every placement", () => {
  const test = parseLitmusTest(PAGES);
  for (const placement of PLACEMENTS) {
    assert(new SlotAddresses(test, placement).distanceOf("y") % 4096 === 0);
  }
});

Deno.test("a test may not use the driver's registers", () => {
  const text = MEMORY.replace("andi x11,x10,1", "andi x31,x10,1");
  assertThrows(
    () => new ThreadCode(parseLitmusTest(text), "lines"),
    UnrunnableTestError,
    "uses x31",
  );
});

Deno.test("every shape can be run", async () => {
  for (const { test } of await loadLibrary()) new ThreadCode(test, "lines").generate();
});
