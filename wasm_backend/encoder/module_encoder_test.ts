import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { BinaryenFactory } from "../binaryen/binaryen_builder.ts";
import { CodeReader, HEADER_BYTES, SectionId } from "../code_reader.ts";
import { moduleImports } from "../module_fixture.ts";
import {
  type AtomicUpdate,
  type Expression,
  type MemoryName,
  type ModuleBuilder,
  type WasmType,
  wasmType,
} from "../module_builder.ts";
import { EncoderFactory } from "./module_encoder.ts";
import { OPERATORS } from "./operator_codes.ts";

const [I32, I64, F32, F64, VOID] = (["i32", "i64", "f32", "f64", "void"] as const).map(wasmType);
const TYPES = { i32: I32, i64: I64, f32: F32, f64: F64 } as const;
const MEMORIES: readonly MemoryName[] = ["ram", "cpu"];
const UPDATES: readonly AtomicUpdate[] = ["add", "sub", "and", "or", "xor", "xchg"];
const OFFSETS = [0, 1, 127, 128, 65_535, 0x1234_5678];
const binaryen = new BinaryenFactory();
const encoder = new EncoderFactory();

/** One function of both builders' modules. */
function codeOf(m: ModuleBuilder, build: (m: ModuleBuilder) => void): Uint8Array {
  build(m);
  const bytes = m.emit();
  m.dispose();
  assert(WebAssembly.validate(bytes), "the module is not valid");
  const reader = new CodeReader(bytes, HEADER_BYTES);
  for (;;) {
    const id = bytes[reader.position++];
    const length = reader.unsigned();
    if (id === SectionId.CODE) {
      return bytes.slice(reader.position, reader.position + length);
    }
    reader.position += length;
  }
}

function assertSameCode(build: (m: ModuleBuilder) => void, about: string): void {
  assertEquals(codeOf(encoder.create(), build), codeOf(binaryen.create(), build), about);
}

/** A function whose parameters are what `body` uses. */
function assertSameFunction(
  parameters: readonly WasmType[],
  result: WasmType,
  body: (m: ModuleBuilder, operands: Expression[]) => Expression,
  about: string,
): void {
  assertSameCode((m) => {
    const operands = parameters.map((type, index) => m.localGet(index, type));
    m.addFunction("f", parameters, result, [], body(m, operands));
  }, about);
}

function typeNamed(name: string): WasmType {
  return TYPES[name as keyof typeof TYPES];
}

/** Type of an operator's operands. */
function operandType(name: string): WasmType {
  const [type, operation] = name.split(".");
  const source = /_([if]\d\d)(_[su])?$/.exec(operation);
  return typeNamed(source === null ? type : source[1]);
}

const TWO_OPERANDS =
  /\.(add|sub|mul|div|rem|and|or|xor|shl|shr|rotl|rotr|eq|ne|lt|gt|le|ge|min|max|copysign)(_[su])?$/;

Deno.test("every operator that Binaryen's builder knows is encoded as Binaryen does", () => {
  const m = binaryen.create();
  const names = [...OPERATORS.keys()].filter((name) => m.hasOperator(name));
  assert(names.length > 80);
  for (const name of names) {
    const type = operandType(name);
    const { result } = OPERATORS.get(name) ?? { result: VOID };
    const isBinary = TWO_OPERANDS.test(name);
    assertSameFunction(
      isBinary ? [type, type] : [type],
      result,
      (b, [x, y]) => isBinary ? b.binary(name, x, y) : b.unary(name, x),
      name,
    );
  }
});

Deno.test("every operator is valid with the operands of its name", () => {
  for (const [name, { result }] of OPERATORS) {
    const type = operandType(name);
    const m = encoder.create();
    const operands = TWO_OPERANDS.test(name) ? [type, type] : [type];
    const [x, y] = operands.map((_, index) => m.localGet(index, type));
    const body = y === undefined ? m.unary(name, x) : m.binary(name, x, y);
    m.addFunction("f", operands, result, [], body);
    assert(WebAssembly.validate(m.emit()), name);
  }
});

Deno.test("constants of any size are encoded as Binaryen does", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.bigInt({ min: -1n << 63n, max: (1n << 63n) - 1n }), (
      number,
      wide,
    ) => {
      assertSameFunction([], I32, (m) => m.i32(number), `${number}`);
      for (const value of [wide, wide >> 31n, wide >> 32n, wide >> 57n, BigInt(number)]) {
        assertSameFunction([], I64, (m) => m.i64(value), `${value}`);
      }
    }),
    { numRuns: 100 },
  );
});

Deno.test("plain accesses are encoded as Binaryen does", () => {
  const forms = Object.entries(TYPES).flatMap(([name, type]) => {
    const widths = name === "i32"
      ? [1, 2, 4]
      : name === "i64"
      ? [1, 2, 4, 8]
      : [Number(name[1]) * 4];
    return widths.map((bytes) => ({
      type,
      bytes: name === "f32" ? 4 : name === "f64" ? 8 : bytes,
    }));
  });
  for (const { type, bytes } of forms) {
    for (const memory of MEMORIES) {
      for (const offset of OFFSETS) {
        const about = `${type} ${bytes} ${memory} ${offset}`;
        for (const signed of [false, true]) {
          assertSameFunction(
            [I32],
            type,
            (m, [at]) => m.load(memory, bytes, signed, type, at, offset),
            about,
          );
        }
        assertSameFunction(
          [I32, type],
          VOID,
          (m, [at, value]) => m.store(memory, bytes, type, at, value, offset),
          about,
        );
      }
    }
  }
});

Deno.test("atomic accesses are encoded as Binaryen does", () => {
  const forms = [[I32, 1], [I32, 2], [I32, 4], [I64, 1], [I64, 2], [I64, 4], [I64, 8]];
  for (const [type, bytes] of forms) {
    const about = `${type} ${bytes}`;
    assertSameFunction([I32], type, (m, [at]) => m.atomicLoad("ram", bytes, type, at, 8), about);
    assertSameFunction(
      [I32, type],
      VOID,
      (m, [at, value]) => m.atomicStore("ram", bytes, type, at, value, 8),
      about,
    );
    for (const update of UPDATES) {
      assertSameFunction(
        [I32, type],
        type,
        (m, [at, value]) => m.atomicUpdate(update, "ram", bytes, type, at, value),
        `${update} ${about}`,
      );
    }
    assertSameFunction(
      [I32, type, type],
      type,
      (m, [at, old, value]) => m.atomicCompareExchange("ram", bytes, type, at, old, value, 4),
      about,
    );
  }
  assertSameFunction([], VOID, (m) => m.atomicFence(), "fence");
});

Deno.test("the rest is encoded as Binaryen does", () => {
  assertSameFunction(
    [I32, I32, I32],
    VOID,
    (m, [at, value, bytes]) => m.memoryFill("cpu", at, value, bytes),
    "fill",
  );
  for (const type of ["f32", "f64"] as const) {
    const own = wasmType(type);
    assertSameFunction(
      [own, own, own],
      own,
      (m, [a, b, c]) => m.fusedMultiplyAdd(type, a, b, c),
      "fused",
    );
  }
  assertSameFunction([I32, I64, I64], I64, (m, [c, a, b]) => m.select(c, a, b), "select");
  assertSameFunction(
    [I64, I32],
    I64,
    (m, [a, target]) => m.callIndirect(target, [a, m.i32(1)], [I64, I32], I64),
    "indirect call",
  );
  assertSameFunction(
    [I64, I32],
    I64,
    (m, [a, target]) => m.returnCallIndirect(target, [a, m.i32(1)], [I64, I32], I64),
    "indirect tail call",
  );
  assertSameFunction([I32], VOID, (m, [a]) => m.drop(a), "drop");
  assertSameFunction([I32], I32, (m, [a]) => m.localTee(0, a, I32), "tee");
});

// --- programs ---------------------------------------------------------------------------------------

/** A program with every kind of control; it runs to its end, whatever it computes. */
type Plan =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "local"; readonly index: number }
  | { readonly kind: "binary"; readonly left: Plan; readonly right: Plan; readonly name: string }
  | { readonly kind: "if"; readonly condition: Plan; readonly then: Plan; readonly other: Plan }
  | { readonly kind: "early"; readonly condition: Plan; readonly value: Plan }
  | {
    readonly kind: "break";
    readonly condition: Plan;
    readonly value: Plan;
    readonly isSwitch: boolean;
  }
  | { readonly kind: "loop"; readonly count: number; readonly value: Plan }
  | { readonly kind: "call"; readonly value: Plan };

const LOCALS = 3;
const COUNTER = LOCALS;
const SAVED = LOCALS + 1;

const { plan } = fc.letrec<{ plan: Plan }>((tie) => ({
  plan: fc.oneof(
    { maxDepth: 5, depthSize: "medium" },
    fc.record({ kind: fc.constant("constant" as const), value: fc.integer() }),
    fc.record({ kind: fc.constant("local" as const), index: fc.nat(LOCALS - 1) }),
    fc.record({
      kind: fc.constant("binary" as const),
      left: tie("plan"),
      right: tie("plan"),
      name: fc.constantFrom("i32.add", "i32.xor", "i32.mul", "i32.lt_s", "i32.shl"),
    }),
    fc.record({
      kind: fc.constant("if" as const),
      condition: tie("plan"),
      then: tie("plan"),
      other: tie("plan"),
    }),
    fc.record({
      kind: fc.constant("early" as const),
      condition: tie("plan"),
      value: tie("plan"),
    }),
    fc.record({
      kind: fc.constant("break" as const),
      condition: tie("plan"),
      value: tie("plan"),
      isSwitch: fc.boolean(),
    }),
    fc.record({ kind: fc.constant("loop" as const), count: fc.nat(3), value: tie("plan") }),
    fc.record({ kind: fc.constant("call" as const), value: tie("plan") }),
  ),
}));

class PlanBuilder {
  readonly #m: ModuleBuilder;
  #labels = 0;

  constructor(m: ModuleBuilder) {
    this.#m = m;
  }

  build(plan: Plan): Expression {
    const m = this.#m;
    switch (plan.kind) {
      case "constant":
        return m.i32(plan.value);
      case "local":
        return m.localGet(plan.index, I32);
      case "binary":
        return m.binary(plan.name, this.build(plan.left), this.build(plan.right));
      case "if":
        return m.if(this.build(plan.condition), this.build(plan.then), this.build(plan.other));
      case "early": {
        const leave = m.ifRare(this.build(plan.condition), [m.return(this.build(plan.value))]);
        return m.block(null, [leave, m.localGet(0, I32)], I32);
      }
      case "break":
        return this.#break(plan);
      case "loop":
        return this.#loop(plan);
      case "call":
        return m.call("twice", [this.build(plan.value)], I32);
    }
  }

  #break({ condition, value, isSwitch }: Plan & { kind: "break" }): Expression {
    const m = this.#m;
    const [inner, outer] = [`inner${++this.#labels}`, `outer${this.#labels}`];
    const jump = isSwitch
      ? m.switch([inner, outer], inner, this.build(condition))
      : m.br(outer, this.build(condition));
    const body = [jump, ...isSwitch ? [] : [m.br(inner)]];
    return m.block(null, [
      m.block(outer, [
        m.block(inner, body),
        m.localSet(1, this.build(value)),
      ]),
      m.localGet(1, I32),
    ], I32);
  }

  /** Loops inside of loops share a counter: that of the inner one ends both. */
  #loop({ count, value }: Plan & { kind: "loop" }): Expression {
    const m = this.#m;
    const head = `head${++this.#labels}`;
    const less = m.binary("i32.sub", m.localGet(COUNTER, I32), m.i32(1));
    return m.block(null, [
      m.localSet(COUNTER, m.i32(count)),
      m.loop(
        head,
        m.block(null, [
          m.localSet(SAVED, this.build(value)),
          m.localSet(2, m.localGet(SAVED, I32)),
          m.br(head, m.binary("i32.ge_s", m.localTee(COUNTER, less, I32), m.i32(1))),
        ]),
      ),
      m.localGet(2, I32),
    ], I32);
  }
}

function programOf(m: ModuleBuilder, plan: Plan): (...operands: number[]) => number {
  const parameters = Array.from({ length: LOCALS }, () => I32);
  m.importFunction("add", [I32, I32], I32);
  m.addFunction("run", parameters, I32, [I32, I32, I64, I32], new PlanBuilder(m).build(plan));
  const doubled = m.call("add", [m.localGet(0, I32), m.localGet(0, I32)], I32);
  m.addFunction("twice", [I32], I32, [], doubled);
  m.exportFunction("run");
  const imports = moduleImports({ add: (a: number, b: number) => (a + b) | 0 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(m.emit()), imports);
  m.dispose();
  return exports.run as (...operands: number[]) => number;
}

Deno.test("random programs give what they give when Binaryen encodes them", () => {
  const operands = fc.array(fc.integer(), { minLength: LOCALS, maxLength: LOCALS });
  fc.assert(
    fc.property(plan, fc.array(operands, { minLength: 3, maxLength: 3 }), (one, all) => {
      const [mine, other] = [encoder, binaryen].map((factory) => programOf(factory.create(), one));
      for (const values of all) assertEquals(mine(...values), other(...values));
    }),
    { numRuns: 400 },
  );
});

Deno.test("a call of what is not there is refused", () => {
  const m = encoder.create();
  m.addFunction("f", [], VOID, [], m.call("nowhere", [], VOID));
  assertThrows(() => m.emit(), RangeError, "nowhere");
});

Deno.test("operators and accesses that Wasm does not have are refused", () => {
  const m = encoder.create();
  assertThrows(() => m.binary("i32.power", m.i32(1), m.i32(2)), RangeError, "i32.power");
  assertThrows(() => m.load("ram", 8, false, I32, m.i32(0)), RangeError, "8 bytes");
  assertThrows(() => m.text(), TypeError, "Binaryen");
});
