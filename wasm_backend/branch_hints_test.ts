import { assert, assertEquals } from "@std/assert";
import { addBranchHints } from "./branch_hints.ts";
import { BinaryenFactory } from "./binaryen/binaryen_builder.ts";
import { type ModuleBuilder, wasmType } from "./module_builder.ts";

const HEADER_BYTES = 8;
const SectionId = { CUSTOM: 0, CODE: 10 } as const;
const SECTION_NAME = "metadata.code.branch_hint";
/** An `if` without a result whose body starts with a `nop`: what a mark looks like. */
const MARK = [0x04, 0x40, 0x01];
const [I32, NONE] = [wasmType("i32"), wasmType("void")];

/**
 * Instructions whose operands, followed by a growth of the second memory or by themselves, are the bytes of a
 * mark. Whoever loses the step between instructions sees an `if` there.
 */
const DECOYS: readonly (readonly [name: string, text: string])[] = [
  ["a local", "(drop (memory.grow $ram (local.get 4)))"],
  ["an i32 constant", "(drop (memory.grow $ram (i32.const 4)))"],
  ["an i64 constant", "(drop (i64.const 4))"],
  [
    "a load from the second memory",
    "(drop (memory.grow $ram (i32.load $ram offset=4 (local.get 0))))",
  ],
  ["an atomic load", "(drop (memory.grow $ram (i32.atomic.load $cpu offset=4 (local.get 0))))"],
  [
    "an atomic update of the second memory",
    "(drop (memory.grow $ram (i32.atomic.rmw.add $ram offset=4 (local.get 0) (local.get 1))))",
  ],
  ["a fence", "(atomic.fence)"],
  ["an f64 constant", `(drop (f64.const ${doubleOf([0, 0, 0, 0, ...MARK, 0x3f])}))`],
  ["an f32 constant", `(drop (f32.const ${singleOf([...MARK, 0x3f])}))`],
  [
    "a vector constant",
    `(drop (v128.const i8x16 ${[...MARK, ...MARK, ...MARK, ...MARK, ...MARK, 0].join(" ")}))`,
  ],
  [
    "a vector lane",
    "(drop (memory.grow $ram (i8x16.extract_lane_u 4 (v128.const i64x2 0 0))))",
  ],
  ["a fill", "(memory.fill $ram (local.get 0) (local.get 1) (local.get 2))"],
  ["a copy", "(memory.copy $ram $cpu (local.get 0) (local.get 1) (local.get 2))"],
  ["a saturating conversion", "(drop (i32.trunc_sat_f64_s (f64.const 1)))"],
  ["a call through the table", "(call_indirect $table (type $none) (local.get 0))"],
  ["a jump table", jumpTable([4, 64, 1, 0])],
];

function doubleOf(bytes: readonly number[]): number {
  return new DataView(Uint8Array.from(bytes).buffer).getFloat64(0, true);
}

function singleOf(bytes: readonly number[]): number {
  return new DataView(Uint8Array.from(bytes).buffer).getFloat32(0, true);
}

/** A jump table over as many nested blocks as its largest target needs. */
function jumpTable(targets: readonly number[]): string {
  const depth = Math.max(...targets) + 1;
  const jump = `(br_table ${targets.join(" ")} (local.get 0))`;
  return "(block ".repeat(depth) + jump + ")".repeat(depth);
}

const MARKED_IF = "(if (local.get 0) (then (nop) (drop (local.get 1))))";
const PLAIN_IF = "(if (local.get 0) (then (drop (local.get 1))))";
const PARAMETERS = "(param i32 i32 i32 i32 i32)";

function moduleOf(functions: readonly string[]): ModuleBuilder {
  const bodies = functions.map((body, index) => `(func $f${index} ${PARAMETERS} ${body})`);
  return new BinaryenFactory().create(`(type $none (func)) ${bodies.join("\n")}`);
}

interface Section {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

/** Reads the little of the binary format that the tests look at. */
class BinaryView {
  readonly bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  number(): number {
    let value = 0;
    for (let scale = 1;; scale *= 128) {
      const byte = this.bytes[this.at++];
      value += (byte % 128) * scale;
      if (byte < 128) return value;
    }
  }

  text(): string {
    const length = this.number();
    this.at += length;
    return new TextDecoder().decode(this.bytes.subarray(this.at - length, this.at));
  }

  sections(): Section[] {
    const sections: Section[] = [];
    for (this.at = HEADER_BYTES; this.at < this.bytes.length;) {
      const id = this.number();
      const length = this.number();
      sections.push({ id, start: this.at, end: this.at + length });
      this.at += length;
    }
    return sections;
  }
}

/** Places in the file where the functions' bodies start, behind their length. */
function bodyStarts(bytes: Uint8Array): number[] {
  const code = new BinaryView(bytes).sections().find(({ id }) => id === SectionId.CODE);
  const view = new BinaryView(bytes, code?.start ?? 0);
  return Array.from({ length: view.number() }, () => {
    const length = view.number();
    view.at += length;
    return view.at - length;
  });
}

interface Hint {
  readonly function: number;
  readonly offset: number;
  readonly value: readonly number[];
}

/** What the hint section says; null when there is none in front of the code. */
function hintsIn(bytes: Uint8Array): Hint[] | null {
  for (const { id, start } of new BinaryView(bytes).sections()) {
    if (id === SectionId.CODE) return null;
    const view = new BinaryView(bytes, start);
    if (id === SectionId.CUSTOM && view.text() === SECTION_NAME) return readHints(view);
  }
  return null;
}

function readHints(view: BinaryView): Hint[] {
  return Array.from({ length: view.number() }, () => {
    const index = view.number();
    return Array.from({ length: view.number() }, () => {
      const offset = view.number();
      const length = view.number();
      view.at += length;
      return {
        function: index,
        offset,
        value: [...view.bytes.subarray(view.at - length, view.at)],
      };
    });
  }).flat();
}

/** Asserts that V8 takes the module and that its hints are marks; gives their number by function. */
function hintCounts(m: ModuleBuilder, imported = 0): number[] {
  const bytes = addBranchHints(m.emit());
  m.dispose();
  new WebAssembly.Module(bytes);
  const starts = bodyStarts(bytes);
  const counts = starts.map(() => 0);
  for (const { function: index, offset, value } of hintsIn(bytes) ?? []) {
    const at = starts[index - imported] + offset;
    assertEquals([...bytes.subarray(at, at + MARK.length)], MARK);
    assertEquals(value, [0]);
    counts[index - imported]++;
  }
  return counts;
}

Deno.test("marked conditionals are listed as unlikely, others are not", () => {
  assertEquals(
    hintCounts(moduleOf([MARKED_IF, PLAIN_IF, PLAIN_IF + MARKED_IF + MARKED_IF])),
    [1, 0, 2],
  );
});

Deno.test("hints stand in ascending order in front of the code", () => {
  const m = moduleOf([MARKED_IF.repeat(5)]);
  const hints = hintsIn(addBranchHints(m.emit())) ?? [];
  m.dispose();
  const offsets = hints.map(({ offset }) => offset);
  assertEquals(offsets.length, 5);
  assertEquals(offsets, offsets.toSorted((a, b) => a - b));
});

for (const [name, decoy] of DECOYS) {
  Deno.test(`the walk through the code steps over ${name}`, () => {
    const around = moduleOf([MARKED_IF + decoy + MARKED_IF, decoy]);
    assertEquals(hintCounts(around), [2, 0]);
  });
}

Deno.test("enough decoys hold the bytes of a mark", () => {
  const holding = DECOYS.filter(([, text]) => {
    const m = moduleOf([text]);
    const bytes = [...m.emit()];
    m.dispose();
    return bytes.some((_, at) => MARK.every((byte, index) => bytes[at + index] === byte));
  });
  assert(holding.length >= 9, holding.map(([name]) => name).join(", "));
});

Deno.test("imported functions count in the numbers of functions", () => {
  const m = moduleOf([PLAIN_IF, MARKED_IF]);
  m.importFunction("first", [I32], NONE);
  m.importFunction("second", [], I32);
  assertEquals(hintCounts(m, 2), [0, 1]);
});

Deno.test("the builder's rare conditionals are marks, nested ones too", () => {
  const m = new BinaryenFactory().create();
  const condition = () => m.localGet(0, I32);
  const set = () => m.localSet(1, m.i32(1));
  const inner = m.ifRare(condition(), [set()]);
  const body = [m.ifRare(condition(), [set(), inner]), m.if(condition(), set())];
  m.addFunction("f", [I32], NONE, [I32], m.block(null, body));
  assertEquals(hintCounts(m), [2]);
});

Deno.test("a module without marks or without code has no hints", () => {
  assertEquals(hintsIn(addBranchHints(moduleOf([PLAIN_IF]).emit())) ?? [], []);
  const empty = new BinaryenFactory().create().emit();
  const bytes = addBranchHints(empty);
  new WebAssembly.Module(bytes);
  assertEquals(hintsIn(bytes) ?? [], []);
});
