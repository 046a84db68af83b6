import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ENTRY_INDEX_BITS } from "../abi/vcpu_layout.ts";
import { CodeReader } from "../code_reader.ts";
import { moduleImports } from "../module_fixture.ts";
import { BinaryenFactory } from "../binaryen/binaryen_builder.ts";
import { type ModuleBuilder, wasmType } from "../module_builder.ts";
import { ByteWriter } from "../byte_writer.ts";
import { type FunctionObject, OperandKind } from "./function_object.ts";
import {
  type CallTarget,
  ENTER_FUNCTION,
  type LinkedFunction,
  linkModule,
} from "./module_linker.ts";
import { splitModule } from "./module_splitter.ts";

const [I32, I64] = [wasmType("i32"), wasmType("i64")];
const MARKS = { first: 0x5000_0000, count: 4 };
const DEEP = 3 << ENTRY_INDEX_BITS;

/** Two callers of each other's kind, a helper, an import, and constants that stand for places. */
function compileParts(): Map<string, FunctionObject> {
  const m = new BinaryenFactory().create();
  m.importFunction("outside", [I64], I64);
  add(m, "first", m.binary("i64.add", place(m, 1), m.call("helper", [m.localGet(0, I64)], I64)));
  add(m, "second", m.call("first", [m.localGet(0, I64), m.localGet(1, I32)], I64));
  m.addFunction("helper", [I64], I64, [], m.call("outside", [m.localGet(0, I64)], I64));
  m.addFunction(
    ENTER_FUNCTION,
    [I64, I32],
    I64,
    [],
    m.binary("i64.mul", m.localGet(0, I64), m.unary("i64.extend_i32_u", m.localGet(1, I32))),
  );
  m.exportFunction("first");
  m.exportFunction("second");
  return splitModule(m.emit(), m.addedFunctions, MARKS);
}

function add(m: ModuleBuilder, name: string, body: number): void {
  m.addFunction(name, [I64, I32], I64, [I64], body);
}

function place(m: ModuleBuilder, index: number): number {
  return m.unary("i64.extend_i32_u", m.i32(MARKS.first + index));
}

type Region = (origin: bigint, depth: number) => bigint;

function instance(
  functions: readonly LinkedFunction[],
  helpers: ReadonlyMap<string, FunctionObject>,
): Record<string, Region> {
  const bytes = linkModule(functions, (name) => helpers.get(name));
  const imports = moduleImports({ outside: (value: bigint) => value * 10n });
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), imports)
    .exports as unknown as Record<string, Region>;
}

function linked(
  parts: ReadonlyMap<string, FunctionObject>,
  from: string,
  name: string,
  constants: readonly number[],
  callee: CallTarget | null = null,
): LinkedFunction {
  const object = parts.get(from);
  if (object === undefined) throw new Error(`no function ${from}`);
  const resolve = (called: string): CallTarget =>
    called === "first" && callee !== null ? callee : { kind: "function", name: called };
  return { name, object, constants, resolve };
}

Deno.test("functions run in another module, with constants of another place", () => {
  const parts = compileParts();
  const exports = instance([
    linked(parts, "second", "r9", [], { kind: "function", name: "r4" }),
    linked(parts, "first", "r7", [0, 1000, 0, 0]),
    linked(parts, "first", "r4", [0, 0x7fff_fff0, 0, 0]),
  ], parts);
  assertEquals(Object.keys(exports), ["r9", "r7", "r4"]);
  assertEquals(exports.r7(5n, 0), 1050n);
  assertEquals(exports.r4(5n, 0), 0x7fff_fff0n + 50n);
  assertEquals(exports.r9(6n, 0), 0x7fff_fff0n + 60n);
});

Deno.test("a region that is not in the module is entered by its address, at the first entry", () => {
  const parts = compileParts();
  const far = instance([
    linked(parts, "second", "r1", [], { kind: "unknown", distance: 0x7fe }),
  ], parts);
  assertEquals(far.r1(0x1000n, DEEP | 5), (0x1000n + 0x7fen) * BigInt(DEEP));
  const near = instance([
    linked(parts, "second", "r1", [], { kind: "unknown", distance: 0 }),
  ], parts);
  assertEquals(near.r1(0x1000n, DEEP), 0x1000n * BigInt(DEEP));
});

Deno.test("a helper that is missing is named", () => {
  const parts = compileParts();
  const first = linked(parts, "first", "r1", [0, 0, 0, 0]);
  assertThrows(() => linkModule([first], () => undefined), RangeError, '"helper"');
});

Deno.test("marks are found as often as they stand in the code, and other constants stay", () => {
  const m = new BinaryenFactory().create();
  const sum = [0, 3, 3, -1, 4].map((index) => place(m, index))
    .reduce((a, b) => m.binary("i64.add", a, b));
  m.addFunction("f", [], I64, [], sum);
  m.exportFunction("f");
  const object = splitModule(m.emit(), m.addedFunctions, MARKS).get("f");
  const constants = object?.operands.filter(({ kind }) => kind === OperandKind.CONSTANT);
  assertEquals(constants?.map(({ index }) => index), [0, 3, 3]);
});

Deno.test("what cannot be moved is refused", () => {
  const LOOP = 0x03;
  const emitted = (text: string): Uint8Array<ArrayBuffer> =>
    new BinaryenFactory().create(text).emit();
  const split = (bytes: Uint8Array<ArrayBuffer>, names = ["f"]): unknown =>
    splitModule(bytes, names, MARKS);
  const setting = "(global $g (mut i32) (i32.const 0)) (func $f (global.set $g (i32.const 1)))";
  assertThrows(() => split(emitted(setting)), TypeError, "instruction 0x24");
  const typed = emitted("(func $f (param i32) (loop $again (br_if $again (local.get 0))))");
  split(typed);
  typed[typed.lastIndexOf(LOOP) + 1] = 0; // the number of a type where there was none
  assertThrows(() => split(typed), TypeError, "instruction 0x3");
  const exported = emitted('(func $f (export "f"))');
  assertThrows(() => split(exported, ["g"]), TypeError, "another order");
});

Deno.test("numbers are read as they were written", () => {
  fc.assert(fc.property(fc.array(fc.integer()), (numbers) => {
    const w = new ByteWriter();
    for (const number of numbers) {
      w.signed(number);
      w.unsigned(number);
    }
    const reader = new CodeReader(w.take(), 0);
    for (const number of numbers) {
      assertEquals(reader.signed(), number);
      assertEquals(reader.unsigned(), number >>> 0);
    }
    assertEquals(reader.position, w.length);
  }));
});
