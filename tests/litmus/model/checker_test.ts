import { assert, assertEquals, assertThrows } from "@std/assert";
import { holds } from "../syntax/condition.ts";
import { parseLitmusTest } from "../syntax/litmus_test_file.ts";
import { EXPECTED_MODELS, loadLibrary, testNamed } from "../test_library.ts";
import { Checker } from "./checker.ts";
import { explain, parseOutcomeQuestion } from "./explanation.ts";
import { RVWMO, TSO } from "./preserved_order.ts";

const MODELS = { RVWMO, TSO };
const library = await loadLibrary();
const ALLOWED = true;
const FORBIDDEN = false;

/** The table of the design: shape, RVWMO, TSO. */
const TABLE: readonly (readonly [string, boolean, boolean])[] = [
  ["MP", ALLOWED, FORBIDDEN],
  ["MP+fence.w.w+fence.r.r", FORBIDDEN, FORBIDDEN],
  ["MP+fence.w.w+po", ALLOWED, FORBIDDEN],
  ["MP+fence.w.w+addr", FORBIDDEN, FORBIDDEN],
  ["MP+fence.w.w+ctrl", ALLOWED, FORBIDDEN],
  ["MP+fence.w.w+ctrl-fence.i", ALLOWED, FORBIDDEN],
  ["MP+amoswap.rl+lr.aq", FORBIDDEN, FORBIDDEN],
  ["MP+fence.tsos", FORBIDDEN, FORBIDDEN],
  ["MP+amoswap.rl+amoadd.aq", FORBIDDEN, FORBIDDEN],
  ["SB", ALLOWED, ALLOWED],
  ["SB+fence.rw.rws", FORBIDDEN, FORBIDDEN],
  ["SB+fence.tsos", ALLOWED, ALLOWED],
  ["SB+amoswaps+po", ALLOWED, FORBIDDEN],
  ["SB+amoswap.aqrls+po", FORBIDDEN, FORBIDDEN],
  ["SB+amoswap.rl+lr.aq", FORBIDDEN, FORBIDDEN],
  ["SB+rfi-addrs", ALLOWED, ALLOWED],
  ["SB+lr-scs+po", ALLOWED, ALLOWED],
  ["LB", ALLOWED, FORBIDDEN],
  ["LB+datas", FORBIDDEN, FORBIDDEN],
  ["LB+ctrls", FORBIDDEN, FORBIDDEN],
  ["LB+addr-pos", FORBIDDEN, FORBIDDEN],
  ["lr-sc-lost-update", FORBIDDEN, FORBIDDEN],
  ["lr-sc-both-read-initial", FORBIDDEN, FORBIDDEN],
  ["2+2W", ALLOWED, FORBIDDEN],
  ["2+2W+fence.w.ws", FORBIDDEN, FORBIDDEN],
  ["S+fence.w.w+po", ALLOWED, FORBIDDEN],
  ["S+fence.w.w+data", FORBIDDEN, FORBIDDEN],
  ["R", ALLOWED, ALLOWED],
  ["R+fence.w.w+fence.rw.rw", FORBIDDEN, FORBIDDEN],
  ["R+fence.w.w+fence.tso", ALLOWED, ALLOWED],
  ["WRC+pos", ALLOWED, FORBIDDEN],
  ["WRC+addrs", FORBIDDEN, FORBIDDEN],
  ["IRIW", ALLOWED, FORBIDDEN],
  ["IRIW+addrs", FORBIDDEN, FORBIDDEN],
  ["RWC+fence.r.r+po", ALLOWED, ALLOWED],
  ["RWC+addr+fence.rw.rw", FORBIDDEN, FORBIDDEN],
  ["ISA2", ALLOWED, FORBIDDEN],
  ["ISA2+fence.w.w+data+addr", FORBIDDEN, FORBIDDEN],
  ["CoRR", FORBIDDEN, FORBIDDEN],
  ["CoWW", FORBIDDEN, FORBIDDEN],
  ["CoRW1", FORBIDDEN, FORBIDDEN],
  ["CoWR", FORBIDDEN, FORBIDDEN],
  ["RSW", ALLOWED, FORBIDDEN],
  ["RDW", FORBIDDEN, FORBIDDEN],
  ["PPOCA", ALLOWED, FORBIDDEN],
  ["PPOAA", FORBIDDEN, FORBIDDEN],
  ["MP+fence.w.w+ctrl-amoswap-rfi-addr", FORBIDDEN, FORBIDDEN],
  ["lr-sc+store-between", FORBIDDEN, FORBIDDEN],
];

Deno.test("the checker agrees with every row of the design's table", () => {
  for (const [name, rvwmo, tso] of TABLE) {
    const test = testNamed(library, name);
    for (const [model, expected] of [[RVWMO, rvwmo], [TSO, tso]] as const) {
      const outcomes = [...new Checker(test).allowed(model).values()];
      const isSeen = outcomes.some(({ outcome }) => holds(test.condition.proposition, outcome));
      assertEquals(isSeen, expected, `${name} under ${model.name}`);
    }
  }
});

Deno.test("every shape is as its file says", () => {
  assert(library.length >= 80);
  for (const { file, test, expected } of library) {
    const checker = new Checker(test);
    for (const name of EXPECTED_MODELS) {
      const outcomes = [...checker.allowed(MODELS[name]).values()];
      const isSeen = outcomes.some(({ outcome }) => holds(test.condition.proposition, outcome));
      assertEquals(isSeen, expected[name], `${file} under ${name}`);
    }
  }
});

Deno.test("the outcomes of TSO are outcomes of RVWMO, for every shape", () => {
  for (const { file, test } of library) {
    const checker = new Checker(test);
    const weak = checker.allowed(RVWMO);
    for (const outcome of checker.allowed(TSO).keys()) assert(weak.has(outcome), file);
  }
});

Deno.test("names of shapes and files agree, and no name is there twice", () => {
  const names = library.map(({ test }) => test.name);
  assertEquals(new Set(names).size, names.length);
  for (const { file, test } of library) assertEquals(file.split("/")[1], `${test.name}.litmus`);
});

Deno.test("a forbidden outcome is explained by its cycle", () => {
  const text = explain(
    testNamed(library, "MP+fence.w.w+addr"),
    RVWMO,
    parseOutcomeQuestion("1:x10=1; 1:x12=0"),
  );
  assertEquals(
    text.split("\n").at(-1)?.trim(),
    [
      "forbidden by the global memory order:",
      "a -[ppo 4 fence]-> b -[rf]-> c -[ppo 9 addr]-> d -[fr]-> a",
    ].join(" "),
  );
});

Deno.test("an allowed outcome is shown as an execution", () => {
  const text = explain(testNamed(library, "SB"), TSO, parseOutcomeQuestion("0:x11=0; 1:x11=0"));
  assertEquals(text.split("\n"), [
    "SB: 0:x11=0; 1:x11=0 is allowed by TSO",
    "  P0  a: W32 x=1   sw x10,0(x5)",
    "      b: R32 y=0   lw x11,0(x6)",
    "  P1  c: W32 y=1   sw x10,0(x5)",
    "      d: R32 x=0   lw x11,0(x6)",
    "  rf  the initial state -> b",
    "  rf  the initial state -> d",
  ]);
});

Deno.test("a walk that a fence of translations holds back is explained by it", () => {
  const text = explain(
    testNamed(library, "remap+sfence.vma"),
    RVWMO,
    parseOutcomeQuestion("0:x11=1"),
  );
  const lines = text.split("\n");
  assert(lines.includes("      d: walk R64 PTE(v)=entry(x, 0xc7)   lw x11,0(x5)"), text);
  assertEquals(
    lines.at(-1)?.trim(),
    "forbidden by the global memory order: c -[ppo sfence.vma]-> d -[fr]-> c",
  );
});

Deno.test("a walk that sets bits is an update of the entry", () => {
  const text = explain(
    testNamed(library, "dirty+own-load"),
    RVWMO,
    parseOutcomeQuestion("0:x9=128"),
  );
  assert(text.includes("walk R64 PTE(v)=entry(x, 0x47), W64 PTE(v)=entry(x, 0xc7)"), text);
});

Deno.test("stale reads of own stores and intruders between a pair are named", () => {
  const stale = explain(testNamed(library, "CoWR0"), RVWMO, parseOutcomeQuestion("0:x11=0"));
  assert(stale.includes("forbidden by the load value axiom: b misses its hart's own a"), stale);
  const text = `RISCV pair
{ 0:x5=x; 0:x6=2; 1:x5=x; 1:x6=1; }
 P0             | P1           ;
 lr.w x7,(x5)   | sw x6,0(x5)  ;
 sc.w x8,x6,(x5)|              ;
exists (0:x7=0 /\\ 0:x8=0 /\\ x=2)`;
  const question = parseOutcomeQuestion("0:x7=0; 0:x8=0; x=2");
  const broken = explain(parseLitmusTest(text), RVWMO, question);
  assert(broken.includes("c comes between the load and the store of the pair"), broken);
});

Deno.test("what no run can end in is said to be that", () => {
  const text = explain(testNamed(library, "SB"), RVWMO, parseOutcomeQuestion("0:x11=7"));
  assert(text.endsWith("no run of the threads ends like this, whatever loads return"), text);
});

Deno.test("accesses outside of locations and misaligned ones are refused", () => {
  const program = (offset: number): string =>
    `RISCV bad\n{ 0:x5=x; }\n P0 ;\n lw x6,${offset}(x5) ;\nexists (0:x6=0)`;
  assertThrows(() => new Checker(parseLitmusTest(program(2))), RangeError, "misaligned");
  assertThrows(() => new Checker(parseLitmusTest(program(4))), RangeError, "in no location");
});
