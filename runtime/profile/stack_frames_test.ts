import { assertEquals } from "@std/assert";
import { stackFrames } from "./stack_frames.ts";
import { SymbolTable } from "./symbol_table.ts";
import { Symbols } from "./symbols.ts";

const [MAIN, OUTER, INNER] = [0x1000, 0x2000, 0x3000];
const SYMBOLS = new Symbols([{
  table: new SymbolTable([
    { name: "main", address: MAIN, bytes: 0x100 },
    { name: "outer", address: OUTER, bytes: 0x100 },
    { name: "inner", address: INNER, bytes: 0x100 },
  ]),
  isSystem: false,
}]);

function frames(pc: number, link: number, ...chain: number[]): string[] {
  return stackFrames({ pc, link, chain, mark: "k" }, SYMBOLS);
}

Deno.test("a function that has called nothing yet was called from where its return address says", () => {
  assertEquals(frames(INNER + 4, OUTER + 8, MAIN + 8), ["main", "outer", "inner"]);
});

Deno.test("an address that an earlier call left over is no caller", () => {
  assertEquals(frames(OUTER + 40, OUTER + 8, MAIN + 8), ["main", "outer"]);
});

Deno.test("a caller that stands in the frame as well is named once", () => {
  assertEquals(frames(OUTER + 40, MAIN + 8, MAIN + 8), ["main", "outer"]);
});

Deno.test("a call that is the last instruction of its function belongs to that function", () => {
  assertEquals(frames(INNER, OUTER + 0x100), ["outer", "inner"]);
});

Deno.test("without names, places have the privilege's letter, and the return address counts alone", () => {
  const none = new Symbols([]);
  const stack = { pc: 0x10, link: 0x20, chain: [], mark: "u" };
  assertEquals(stackFrames(stack, none), ["[u] 0x20", "[u] 0x10"]);
  assertEquals(stackFrames({ ...stack, chain: [0x30] }, none), ["[u] 0x30", "[u] 0x10"]);
  assertEquals(stackFrames({ ...stack, link: 0 }, none), ["[u] 0x10"]);
});

Deno.test("what a program left in registers and frames is no caller of its system", () => {
  assertEquals(frames(-0x1000, 0x2008), ["[k] 0xfffffffffffff000"]);
  assertEquals(frames(-0x1000, 0, -0x2000, 0x2008, -0x3000), [
    "[k] 0xffffffffffffe000",
    "[k] 0xfffffffffffff000",
  ]);
  assertEquals(frames(INNER + 4, 0x7770), ["inner"]);
  assertEquals(frames(INNER + 4, 0, OUTER + 8, MAIN + 9), ["outer", "inner"]);
});
