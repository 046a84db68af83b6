/**
 * Builds and encodes modules for the hot tier, in a fraction of the time that Binaryen takes for it, and without
 * Binaryen's own code, which V8 would have to load, compile and optimize while the guest waits.
 */
import { ByteWriter } from "../byte_writer.ts";
import { Op } from "../code_reader.ts";
import {
  type AtomicUpdate,
  type Expression,
  type MemoryName,
  type ModuleBuilder,
  type ModuleFactory,
  type WasmType,
  wasmType,
} from "../module_builder.ts";
import { encodeModule, FUNCTION_TYPE, type NamedNumber } from "../module_sections.ts";
import { Expressions, Kind, memoryWord, NEVER } from "./expressions.ts";
import { FunctionEncoder } from "./function_encoder.ts";
import {
  atomicCode,
  loadCode,
  Opcode,
  type Operator,
  OPERATORS,
  storeCode,
} from "./operator_codes.ts";

const [I32, VOID] = [wasmType("i32"), wasmType("void")];
/** A vector, between two operators of a fused multiply-add. */
const V128: WasmType = 0x7b;
const HALF_BITS = 32n;
/** Numbers of the memories, in the order of their imports: `module_sections.ts`. */
const MEMORY: Readonly<Record<MemoryName, number>> = { cpu: 0, ram: 1 };
const FENCE_ORDER = 0;
const FIRST_LANE = 0;

/** Splat, relaxed multiply-add, and extraction of a lane: Wasm has it for vectors only. */
const FUSED = {
  f32: {
    splat: Opcode.F32X4_SPLAT,
    add: Opcode.F32X4_RELAXED_MADD,
    extract: Opcode.F32X4_EXTRACT_LANE,
  },
  f64: {
    splat: Opcode.F64X2_SPLAT,
    add: Opcode.F64X2_RELAXED_MADD,
    extract: Opcode.F64X2_EXTRACT_LANE,
  },
} as const;

/** A function that was added. */
interface AddedFunction {
  readonly name: string;
  readonly type: number;
  readonly locals: readonly WasmType[];
  readonly body: Expression;
}

/** Numbers of names, from 1 on. */
class Names {
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [""];

  number(name: string): number {
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.#names.push(name) - 1;
      this.#numbers.set(name, number);
    }
    return number;
  }

  name(number: number): string {
    return this.#names[number];
  }
}

/** Starts modules that are encoded here. */
export class EncoderFactory implements ModuleFactory {
  create(): ModuleBuilder {
    return new ModuleEncoder();
  }
}

/** See the header of this file. */
class ModuleEncoder implements ModuleBuilder {
  readonly #expressions = new Expressions();
  readonly #names = new Names();
  readonly #types = new Map<string, number>();
  readonly #imports: NamedNumber[] = [];
  readonly #functions: AddedFunction[] = [];
  readonly #exports: string[] = [];
  readonly #labelLists: (readonly number[])[] = [];

  // --- constants and arithmetic ---------------------------------------------------------------------

  i32(value: number): Expression {
    return this.#expressions.leaf(Kind.CONST32, I32, value | 0, 0);
  }

  i64(value: bigint): Expression {
    const low = Number(BigInt.asIntN(32, value));
    const high = Number(BigInt.asIntN(32, value >> HALF_BITS));
    return this.#expressions.leaf(Kind.CONST64, wasmType("i64"), low, high);
  }

  unary(name: string, value: Expression): Expression {
    const { code, result } = operator(name);
    return this.#expressions.unary(Kind.OPERATOR, result, code, 0, value);
  }

  binary(name: string, left: Expression, right: Expression): Expression {
    const { code, result } = operator(name);
    return this.#expressions.binary(Kind.OPERATOR, result, code, 0, left, right);
  }

  hasOperator(name: string): boolean {
    return OPERATORS.has(name);
  }

  select(condition: Expression, whenTrue: Expression, whenFalse: Expression): Expression {
    const type = this.#expressions.joinedType(whenTrue, whenFalse);
    const operands = [whenTrue, whenFalse, condition];
    return this.#expressions.add(Kind.OPERATOR, type, Opcode.SELECT, 0, operands);
  }

  // --- locals ---------------------------------------------------------------------------------------

  localGet(index: number, type: WasmType): Expression {
    return this.#expressions.leaf(Kind.INDEXED, type, Op.LOCAL_GET, index);
  }

  localSet(index: number, value: Expression): Expression {
    return this.#expressions.unary(Kind.INDEXED, VOID, Opcode.LOCAL_SET, index, value);
  }

  localTee(index: number, value: Expression, type: WasmType): Expression {
    return this.#expressions.unary(Kind.INDEXED, type, Opcode.LOCAL_TEE, index, value);
  }

  // --- memory ---------------------------------------------------------------------------------------

  load(
    memory: MemoryName,
    bytes: number,
    signed: boolean,
    type: WasmType,
    address: Expression,
    offset = 0,
  ): Expression {
    const word = memoryWord(loadCode(type, bytes, signed), bytes, MEMORY[memory]);
    return this.#expressions.unary(Kind.ACCESS, type, word, offset, address);
  }

  store(
    memory: MemoryName,
    bytes: number,
    type: WasmType,
    address: Expression,
    value: Expression,
    offset = 0,
  ): Expression {
    const word = memoryWord(storeCode(type, bytes), bytes, MEMORY[memory]);
    return this.#expressions.binary(Kind.ACCESS, VOID, word, offset, address, value);
  }

  atomicLoad(
    memory: MemoryName,
    bytes: number,
    type: WasmType,
    address: Expression,
    offset = 0,
  ): Expression {
    const word = memoryWord(atomicCode("load", type, bytes), bytes, MEMORY[memory]);
    return this.#expressions.unary(Kind.ACCESS, type, word, offset, address);
  }

  atomicStore(
    memory: MemoryName,
    bytes: number,
    type: WasmType,
    address: Expression,
    value: Expression,
    offset = 0,
  ): Expression {
    const word = memoryWord(atomicCode("store", type, bytes), bytes, MEMORY[memory]);
    return this.#expressions.binary(Kind.ACCESS, VOID, word, offset, address, value);
  }

  atomicUpdate(
    operation: AtomicUpdate,
    memory: MemoryName,
    bytes: number,
    type: WasmType,
    address: Expression,
    value: Expression,
    offset = 0,
  ): Expression {
    const word = memoryWord(atomicCode(operation, type, bytes), bytes, MEMORY[memory]);
    return this.#expressions.binary(Kind.ACCESS, type, word, offset, address, value);
  }

  atomicCompareExchange(
    memory: MemoryName,
    bytes: number,
    type: WasmType,
    address: Expression,
    expected: Expression,
    replacement: Expression,
    offset = 0,
  ): Expression {
    const word = memoryWord(atomicCode("cmpxchg", type, bytes), bytes, MEMORY[memory]);
    const operands = [address, expected, replacement];
    return this.#expressions.add(Kind.ACCESS, type, word, offset, operands);
  }

  atomicFence(): Expression {
    const kind = Kind.OPERATOR_WITH_BYTE;
    return this.#expressions.leaf(kind, VOID, Opcode.ATOMIC_FENCE, FENCE_ORDER);
  }

  memoryFill(
    memory: MemoryName,
    address: Expression,
    value: Expression,
    bytes: Expression,
  ): Expression {
    const kind = Kind.OPERATOR_WITH_BYTE;
    const operands = [address, value, bytes];
    return this.#expressions.add(kind, VOID, Opcode.MEMORY_FILL, MEMORY[memory], operands);
  }

  // --- control --------------------------------------------------------------------------------------

  block(
    name: string | null,
    children: readonly Expression[],
    type: WasmType = VOID,
  ): Expression {
    const label = name === null ? 0 : this.#names.number(name);
    const own = label === 0 && type === VOID ? this.#expressions.sequenceType(children) : type;
    return this.#expressions.structured(Kind.BLOCK, own, label, children);
  }

  loop(name: string, body: Expression): Expression {
    const type = this.#expressions.type(body);
    return this.#expressions.structured(Kind.LOOP, type, this.#names.number(name), [body]);
  }

  if(condition: Expression, then: Expression, otherwise: Expression = 0): Expression {
    const all = this.#expressions;
    const hasElse = otherwise !== 0;
    const joined = hasElse ? all.joinedType(then, otherwise) : VOID;
    const type = all.type(condition) === NEVER ? NEVER : joined;
    const operands = hasElse ? [condition, then, otherwise] : [condition, then];
    return all.structured(Kind.IF, type, 0, operands);
  }

  ifRare(
    condition: Expression,
    then: readonly Expression[],
    otherwise: Expression = 0,
  ): Expression {
    return this.if(condition, this.block(null, [this.nop(), ...then]), otherwise);
  }

  br(name: string, condition: Expression = 0): Expression {
    const label = this.#names.number(name);
    if (condition === 0) return this.#expressions.leaf(Kind.BREAK, NEVER, label, 0);
    return this.#expressions.unary(Kind.BREAK, VOID, label, 0, condition);
  }

  switch(names: readonly string[], otherwise: string, index: Expression): Expression {
    const list = this.#labelLists.push(names.map((name) => this.#names.number(name))) - 1;
    const label = this.#names.number(otherwise);
    return this.#expressions.unary(Kind.SWITCH, NEVER, label, list, index);
  }

  call(name: string, operands: readonly Expression[], result: WasmType): Expression {
    return this.#expressions.add(Kind.CALL, result, Op.CALL, this.#names.number(name), operands);
  }

  returnCall(name: string, operands: readonly Expression[], _result: WasmType): Expression {
    const callee = this.#names.number(name);
    return this.#expressions.add(Kind.CALL, NEVER, Op.RETURN_CALL, callee, operands);
  }

  callIndirect(
    target: Expression,
    operands: readonly Expression[],
    parameters: readonly WasmType[],
    result: WasmType,
  ): Expression {
    const type = this.#type(parameters, result);
    const all = [...operands, target];
    return this.#expressions.add(Kind.CALL_INDIRECT, result, Op.CALL_INDIRECT, type, all);
  }

  returnCallIndirect(
    target: Expression,
    operands: readonly Expression[],
    parameters: readonly WasmType[],
    result: WasmType,
  ): Expression {
    const type = this.#type(parameters, result);
    const all = [...operands, target];
    return this.#expressions.add(Kind.CALL_INDIRECT, NEVER, Op.RETURN_CALL_INDIRECT, type, all);
  }

  return(value: Expression = 0): Expression {
    if (value === 0) return this.#expressions.leaf(Kind.OPERATOR, NEVER, Opcode.RETURN, 0);
    return this.#expressions.unary(Kind.OPERATOR, NEVER, Opcode.RETURN, 0, value);
  }

  drop(value: Expression): Expression {
    return this.#expressions.unary(Kind.OPERATOR, VOID, Opcode.DROP, 0, value);
  }

  nop(): Expression {
    return this.#expressions.leaf(Kind.OPERATOR, VOID, Op.NOP, 0);
  }

  unreachable(): Expression {
    return this.#expressions.leaf(Kind.OPERATOR, NEVER, Opcode.UNREACHABLE, 0);
  }

  fusedMultiplyAdd(
    type: "f32" | "f64",
    a: Expression,
    b: Expression,
    c: Expression,
  ): Expression {
    const all = this.#expressions;
    const { splat, add, extract } = FUSED[type];
    const operands = [a, b, c].map((value) => all.unary(Kind.OPERATOR, V128, splat, 0, value));
    const sum = all.add(Kind.OPERATOR, V128, add, 0, operands);
    return all.unary(Kind.OPERATOR_WITH_BYTE, wasmType(type), extract, FIRST_LANE, sum);
  }

  // --- module ---------------------------------------------------------------------------------------

  addFunction(
    name: string,
    parameters: readonly WasmType[],
    result: WasmType,
    locals: readonly WasmType[],
    body: Expression,
  ): void {
    this.#functions.push({ name, type: this.#type(parameters, result), locals, body });
  }

  get addedFunctions(): readonly string[] {
    return this.#functions.map(({ name }) => name);
  }

  importFunction(name: string, parameters: readonly WasmType[], result: WasmType): void {
    this.#imports.push({ name, number: this.#type(parameters, result) });
  }

  exportFunction(name: string): void {
    this.#exports.push(name);
  }

  /** Number of a function type. */
  #type(parameters: readonly WasmType[], result: WasmType): number {
    const results = result === VOID ? [] : [result];
    const bytes = [FUNCTION_TYPE, parameters.length, ...parameters, results.length, ...results];
    const key = bytes.join();
    const number = this.#types.get(key) ?? this.#types.size;
    this.#types.set(key, number);
    return number;
  }

  /** @throws {RangeError} when a function is called or exported that is not there */
  emit(): Uint8Array<ArrayBuffer> {
    const indices = new Map(
      [...this.#imports, ...this.#functions].map(({ name }, index) => [name, index]),
    );
    const indexOf = (name: string): number => {
      const index = indices.get(name);
      if (index === undefined) throw new RangeError(`Cannot encode: no function "${name}"`);
      return index;
    };
    return encodeModule({
      types: [...this.#types.keys()].map((key) => key.split(",").map(Number)),
      imports: this.#imports,
      functions: this.#functions.map(({ type }) => type),
      exports: this.#exports.map((name) => ({ name, number: indexOf(name) })),
      code: this.#encodeFunctions(indexOf),
    });
  }

  #encodeFunctions(indexOf: (name: string) => number): Uint8Array[] {
    const writer = new ByteWriter();
    const encoder = new FunctionEncoder(this.#expressions, {
      functionIndex: (name) => indexOf(this.#names.name(name)),
      labels: (list) => this.#labelLists[list],
    }, writer);
    return this.#functions.map(({ locals, body }) => {
      writer.clear();
      encoder.write(locals, body);
      return writer.take();
    });
  }

  text(): string {
    throw new TypeError("Cannot show the module as text: Binaryen can, and did not build it");
  }

  dispose(): void {}
}

function operator(name: string): Operator {
  const known = OPERATORS.get(name);
  if (known === undefined) {
    throw new RangeError(`Cannot emit operator "${name}": unknown to Wasm`);
  }
  return known;
}
