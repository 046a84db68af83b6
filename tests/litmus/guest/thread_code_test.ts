import { assert, assertEquals, assertThrows } from "@std/assert";
import { Decoder } from "../../../frontend/riscv/decoder.ts";
import { Disassembler } from "../../../frontend/riscv/disassembler.ts";
import { EXTENSIONS } from "../../../frontend/riscv/rows.ts";
import { parseLitmusTest } from "../syntax/litmus_test_file.ts";
import { loadLibrary } from "../test_library.ts";
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
    new ThreadCode(test, placement).distanceOf("y");
  assertEquals(distance("line"), 8);
  assertEquals(distance("lines"), 64);
  assert(distance("pages") % 4096 === 0);
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
