import { assertEquals, assertThrows } from "@std/assert";
import { holds } from "./condition.ts";
import { parseLitmusTest } from "./litmus_test_file.ts";
import { LitmusSyntaxError } from "./source_error.ts";

const GOOD = `RISCV MP+all
"words of the author"
RVWMO=allowed
{ (* a comment
     of two lines *)
uint64_t x=0x10; y; int p=x;
0:x5=x; 0:t1=-1; 1:a0=y;
}
 P0            | P1               ;
 li x7,0x20    | LC00:            ;
 sd x7,8(x5)   | lr.w.aq x6,(a0)  ;
 fence rw,w    | sc.w.rl x7,x6,(a0);
 amoadd.d.aqrl x8,x7,(x5) | bne x7,x0,LC00 ;
 fence.tso     | beqz x6,LC01     ;
 fence.i       | LC01: lhu x9,2(a0);
locations [y; 0:a0;]
~exists (~(1:x6=1 \\/ not x=2) /\\ [p]=x)
`;

Deno.test("every part of the format is read", () => {
  const test = parseLitmusTest(GOOD);
  assertEquals(test.name, "MP+all");
  assertEquals([...test.properties], [["RVWMO", "allowed"]]);
  assertEquals(test.locations, [
    { name: "x", bytes: 8, initial: 16n },
    { name: "y", bytes: 4, initial: 0n },
    { name: "p", bytes: 4, initial: { location: "x" } },
  ]);
  assertEquals([...test.registers[0]], [[5, { location: "x" }], [6, -1n]]);
  assertEquals([...test.registers[1]], [[10, { location: "y" }]]);
  assertEquals([...test.threads[1].labels], [["LC00", 0], ["LC01", 4]]);
  assertEquals(test.threads[0].instructions.map(({ instruction }) => instruction), [
    { kind: "li", rd: 7, value: 32n },
    { kind: "store", bytes: 8, source: 7, base: 5, offset: 8n },
    { kind: "fence", order: 10, sets: { before: "rw", after: "w" } },
    {
      kind: "amo",
      operation: "add",
      bytes: 8,
      annotation: { acquire: true, release: true },
      rd: 8,
      source: 7,
      base: 5,
    },
    { kind: "fence", order: 11, sets: null },
    { kind: "fence.i" },
  ]);
  assertEquals(test.threads[1].instructions[4].instruction, {
    kind: "load",
    bytes: 2,
    signed: false,
    rd: 9,
    base: 10,
    offset: 2n,
  });
  assertEquals(test.condition.quantifier, "~exists");
  assertEquals(test.observed, ["1:x6", "x", "p", "y", "0:x10"]);
});

Deno.test("a condition is true or false of a final state", () => {
  const { condition: { proposition } } = parseLitmusTest(GOOD);
  const state = (read: string, x: string, p: string) =>
    new Map([["1:x6", read], ["x", x], ["p", p]]);
  assertEquals(holds(proposition, state("0", "2", "x")), true);
  assertEquals(holds(proposition, state("1", "2", "x")), false);
  assertEquals(holds(proposition, state("0", "3", "x")), false);
  assertEquals(holds(proposition, state("0", "2", "y")), false);
});

/** What is replaced in the good test, by what, and where which problem is reported. */
const BROKEN: readonly (readonly [string, string, number, number, string])[] = [
  ["RISCV MP+all", "X86 MP", 1, 1, 'the first line is "RISCV NAME"'],
  ["RVWMO=allowed", "RVWMO allowed", 3, 1, "neither a quoted text nor Key=Value"],
  ["uint64_t x", "uint65_t x", 6, 1, 'no type "uint65_t"'],
  ["0:t1=-1", "0:q1=-1", 7, 11, '"q1" is no integer register'],
  ["0:t1=-1", "0:t1=1x", 7, 14, '"1x" is no integer'],
  ["P0            |", "P1            |", 9, 2, "column 0 is headed P0"],
  ["li x7,0x20", "la x7,0x20", 10, 2, '"la" is no instruction'],
  ["sd x7,8(x5)", "sd x7,8[x5]", 11, 8, "no memory operand"],
  ["sd x7,8(x5)", "sd x7", 11, 2, "2 operands are expected, not 1"],
  ["lr.w.aq x6,(a0)", "lr.w.aq x6,4(a0)", 11, 29, "atomic instructions have no offset"],
  ["fence rw,w ", "fence wr,w ", 12, 8, '"wr" is no set of accesses'],
  ["bne x7,x0,LC00", "bne x7,x0,LC09", 13, 39, 'no label "LC09"'],
  [" fence.i       |", "", 15, 2, "the row has 1 cells, not 2"],
  ["[y; 0:a0;]", "[y; 0:a0.;]", 16, 15, "is neither a location nor a thread's register"],
  ["~exists (", "exist (", 17, 1, "the test ends with exists, forall or ~exists"],
  ["[p]=x)", "[p]=x", 17, 39, '")" is expected'],
  ["[p]=x)", "[q]=x)", 8, 2, '"q" is observed, and there is no such thing'],
];

for (const [good, bad, line, column, problem] of BROKEN) {
  Deno.test(`"${bad.trim()}" is refused with its place: ${problem}`, () => {
    const error = assertThrows(
      () => parseLitmusTest(GOOD.replace(good, bad)),
      LitmusSyntaxError,
      problem,
    );
    assertEquals([error.place.line, error.place.column], [line, column]);
  });
}

const PAGES = `RISCV pages
{
uint64_t x=1; page v=x; page w=entry(y, readonly, clean);
0:x5=v; 0:x6=PTE(w); 0:x7=entry(x, invalid);
}
 P0 ;
 sd x7,(x6) ;
 sfence.vma x5,x0 ;
 sfence.vma ;
 sfence.w.inval ;
 sinval.vma x5,x6 ;
 sfence.inval.ir ;
exists (PTE(v)=0x40 /\\ 0:x27=13)`;

Deno.test("pages, their entries and values of entries are read", () => {
  const test = parseLitmusTest(PAGES);
  const whole = { target: "x", flags: 0xc7 };
  const part = { target: "y", flags: 0x43 };
  assertEquals(test.pages, [{ name: "v", entry: whole }, { name: "w", entry: part }]);
  assertEquals(test.locations, [
    { name: "x", bytes: 8, initial: 1n },
    { name: "y", bytes: 4, initial: 0n },
    { name: "PTE(v)", bytes: 8, initial: { entry: whole } },
    { name: "PTE(w)", bytes: 8, initial: { entry: part } },
  ]);
  assertEquals([...test.registers[0].values()], [
    { location: "v" },
    { location: "PTE(w)" },
    { entry: { target: "x", flags: 0xc6 } },
  ]);
  assertEquals(test.threads[0].instructions.slice(1).map(({ instruction }) => instruction), [
    { kind: "sfence.vma", address: 5, space: 0 },
    { kind: "sfence.vma", address: 0, space: 0 },
    { kind: "sfence.w.inval" },
    { kind: "sinval.vma", address: 5, space: 6 },
    { kind: "sfence.inval.ir" },
  ]);
  assertEquals(test.observed, ["PTE(v)", "0:x27"]);
});

/** The same for the test with pages. */
const BROKEN_PAGES: readonly (readonly [string, string, number, number, string])[] = [
  ["page v=x", "page v=1", 3, 22, "a page maps a location"],
  ["readonly, clean", "readonly, dirty", 3, 32, "is no page table entry"],
  ["page w=entry(y, readonly, clean)", "page w=v", 3, 32, 'page "v" is no location to be mapped'],
  ["0:x6=PTE(w)", "0:x6=PTE(x)", 4, 14, "no page has the entry PTE(x)"],
  ["sfence.vma x5,x0", "sfence.vma x5", 8, 2, "2 operands are expected, not 1"],
  ["sinval.vma x5,x6", "sinval.vma", 11, 2, "2 operands are expected, not 0"],
  ["PTE(v)=0x40", "PTE(x)=0x40", 5, 2, '"PTE(x)" is observed'],
];

for (const [good, bad, line, column, problem] of BROKEN_PAGES) {
  Deno.test(`"${bad}" is refused with its place: ${problem}`, () => {
    const error = assertThrows(
      () => parseLitmusTest(PAGES.replace(good, bad)),
      LitmusSyntaxError,
      problem,
    );
    assertEquals([error.place.line, error.place.column], [line, column]);
  });
}

Deno.test("an immediate must fit", () => {
  const text = "RISCV bad\n{ }\n P0 ;\n addi x5,x5,4096 ;\nexists (0:x5=0)";
  assertThrows(() => parseLitmusTest(text), LitmusSyntaxError, "4:13: immediate 4096");
});
