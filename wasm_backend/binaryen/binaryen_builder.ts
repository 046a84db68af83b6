/**
 * Builds modules with Binaryen, which can start from Wasm text, check what was built, and show it as text.
 *
 * Expressions are made through Binaryen's C interface (`_Binaryen*`): building one costs a third of what the
 * wrapper objects cost.
 *
 * Modules start from a text template, because two memories with declared minimum sizes cannot be made
 * through the JavaScript interface.
 */
import { binaryen, BinaryenHeap, raw, typeOf, typesOf } from "./binaryen_heap.ts";
import type { BinaryenModule } from "./binaryen_package.ts";
import {
  ENVIRONMENT,
  REGION_TABLE,
  SHARED_MAXIMUM_PAGES,
  SHARED_MEMORY,
  SHARED_MINIMUM_PAGES,
  VCPU_MEMORY,
} from "../abi/module_shape.ts";
import { VCPU_MEMORY_PAGES } from "../abi/vcpu_layout.ts";
import {
  type AtomicUpdate,
  type Expression,
  type MemoryName,
  type ModuleBuilder,
  type ModuleFactory,
  type WasmType,
  wasmType,
} from "../module_builder.ts";

const VOID = wasmType("void");

const FEATURES = [
  "Atomics",
  "MutableGlobals",
  "NontrappingFPToInt",
  "SIMD128",
  "BulkMemory",
  "BulkMemoryOpt",
  "SignExt",
  "TailCall",
  "ReferenceTypes",
  "Multivalue",
  "RelaxedSIMD",
  "MultiMemory",
] as const;

const IMPORTS = `
  (import "${ENVIRONMENT}" "${VCPU_MEMORY}" (memory $cpu ${VCPU_MEMORY_PAGES} ${VCPU_MEMORY_PAGES}))
  (import "${ENVIRONMENT}" "${SHARED_MEMORY}" (memory $ram ${SHARED_MINIMUM_PAGES} ${SHARED_MAXIMUM_PAGES} shared))
  (import "${ENVIRONMENT}" "${REGION_TABLE}" (table $table 0 funcref))`;

/** Splat, relaxed multiply-add, and extraction of a lane: Wasm has it for vectors only. */
const FUSED_OPERATORS = {
  f32: [raw.SplatVecF32x4, raw.RelaxedMaddVecF32x4, raw.ExtractLaneVecF32x4],
  f64: [raw.SplatVecF64x2, raw.RelaxedMaddVecF64x2, raw.ExtractLaneVecF64x2],
} as const;
const SEQUENTIAL = raw._BinaryenMemoryOrderSeqCst();

/** Makes Binaryen ready: its own start-up happens at import, this keeps its heap objects. */
export class BinaryenFactory implements ModuleFactory {
  readonly #heap = new BinaryenHeap();

  /**
   * Starts a module with the two memories and the table imported, and functions given as Wasm text; their
   * imports come first in the text.
   */
  create(text = ""): BinaryenBuilder {
    return new BinaryenBuilder(this.#heap, text);
  }
}

/** One module under construction. */
export class BinaryenBuilder implements ModuleBuilder {
  readonly #heap: BinaryenHeap;
  readonly #module: BinaryenModule;
  readonly #ptr: number;
  readonly #memory: Record<MemoryName, number>;
  readonly #table: number;
  readonly #functions: string[] = [];

  /** Use {@linkcode BinaryenFactory.create}. */
  constructor(heap: BinaryenHeap, text: string) {
    this.#heap = heap;
    this.#module = binaryen.parseText(`(module ${IMPORTS} ${text})`);
    this.#ptr = (this.#module as unknown as { ptr: number }).ptr;
    const features = FEATURES.reduce(
      (bits, name) => bits | (binaryen.Features as unknown as Record<string, number>)[name],
      0,
    );
    this.#module.setFeatures(features);
    this.#memory = { ram: heap.string("ram"), cpu: heap.string("cpu") };
    this.#table = heap.string("table");
  }

  // --- constants and arithmetic ---------------------------------------------------------------------

  /** 32-bit constant. */
  i32(value: number): Expression {
    raw._BinaryenLiteralInt32(this.#heap.literal, value | 0);
    return raw._BinaryenConst(this.#ptr, this.#heap.literal);
  }

  /** 64-bit constant. */
  i64(value: bigint): Expression {
    raw._BinaryenLiteralInt64(this.#heap.literal, BigInt.asIntN(64, value));
    return raw._BinaryenConst(this.#ptr, this.#heap.literal);
  }

  /** Unary operator by its IR name. */
  unary(name: string, value: Expression): Expression {
    return raw._BinaryenUnary(this.#ptr, this.#operator(name), value);
  }

  /** Binary operator by its IR name. */
  binary(name: string, left: Expression, right: Expression): Expression {
    return raw._BinaryenBinary(this.#ptr, this.#operator(name), left, right);
  }

  #operator(name: string): number {
    const operator = this.#heap.operators.get(name);
    if (operator === undefined) {
      throw new RangeError(`Cannot emit operator "${name}": unknown to Wasm`);
    }
    return operator;
  }

  /** Is the name a Wasm operator of one or two operands? */
  hasOperator(name: string): boolean {
    return this.#heap.operators.has(name);
  }

  /** Value selection without a branch. */
  select(condition: Expression, whenTrue: Expression, whenFalse: Expression): Expression {
    return raw._BinaryenSelect(this.#ptr, condition, whenTrue, whenFalse);
  }

  // --- locals and globals ---------------------------------------------------------------------------

  /** Reads a local. */
  localGet(index: number, type: WasmType): Expression {
    return raw._BinaryenLocalGet(this.#ptr, index, typeOf(type));
  }

  /** Writes a local. */
  localSet(index: number, value: Expression): Expression {
    return raw._BinaryenLocalSet(this.#ptr, index, value);
  }

  /** Writes a local and gives the value. */
  localTee(index: number, value: Expression, type: WasmType): Expression {
    return raw._BinaryenLocalTee(this.#ptr, index, value, typeOf(type));
  }

  // --- memory ---------------------------------------------------------------------------------------

  /** Plain load. */
  load(
    memory: MemoryName,
    bytes: number,
    signed: boolean,
    type: WasmType,
    address: Expression,
    offset = 0,
  ): Expression {
    return raw._BinaryenLoad(
      this.#ptr,
      bytes,
      signed,
      offset,
      bytes,
      typeOf(type),
      address,
      this.#memory[memory],
    );
  }

  /** Plain store. */
  store(
    memory: MemoryName,
    bytes: number,
    type: WasmType,
    address: Expression,
    value: Expression,
    offset = 0,
  ): Expression {
    return raw._BinaryenStore(
      this.#ptr,
      bytes,
      offset,
      bytes,
      address,
      value,
      typeOf(type),
      this.#memory[memory],
    );
  }

  /** Sequentially consistent load, zero-extended. */
  atomicLoad(
    memory: MemoryName,
    bytes: number,
    type: WasmType,
    address: Expression,
    offset = 0,
  ): Expression {
    return raw._BinaryenAtomicLoad(
      this.#ptr,
      bytes,
      offset,
      typeOf(type),
      address,
      this.#memory[memory],
      SEQUENTIAL,
    );
  }

  /** Sequentially consistent store. */
  atomicStore(
    memory: MemoryName,
    bytes: number,
    type: WasmType,
    address: Expression,
    value: Expression,
    offset = 0,
  ): Expression {
    return raw._BinaryenAtomicStore(
      this.#ptr,
      bytes,
      offset,
      address,
      value,
      typeOf(type),
      this.#memory[memory],
      SEQUENTIAL,
    );
  }

  /** Atomic update; gives the old value, zero-extended. */
  atomicUpdate(
    operation: AtomicUpdate,
    memory: MemoryName,
    bytes: number,
    type: WasmType,
    address: Expression,
    value: Expression,
    offset = 0,
  ): Expression {
    const number = raw[`AtomicRMW${operation[0].toUpperCase()}${operation.slice(1)}`];
    return raw._BinaryenAtomicRMW(
      this.#ptr,
      number,
      bytes,
      offset,
      address,
      value,
      typeOf(type),
      this.#memory[memory],
      SEQUENTIAL,
    );
  }

  /** Atomic compare and exchange; gives the old value, zero-extended. */
  atomicCompareExchange(
    memory: MemoryName,
    bytes: number,
    type: WasmType,
    address: Expression,
    expected: Expression,
    replacement: Expression,
    offset = 0,
  ): Expression {
    return raw._BinaryenAtomicCmpxchg(
      this.#ptr,
      bytes,
      offset,
      address,
      expected,
      replacement,
      typeOf(type),
      this.#memory[memory],
      SEQUENTIAL,
    );
  }

  /** Full fence. */
  atomicFence(): Expression {
    return raw._BinaryenAtomicFence(this.#ptr, SEQUENTIAL);
  }

  // --- control --------------------------------------------------------------------------------------

  /**
   * Sequence of expressions; a named one can be broken out of. The name is set last: a named block with an
   * unreachable child makes Binaryen search all of its code for breaks, which is quadratic in nested blocks.
   */
  block(
    name: string | null,
    children: readonly Expression[],
    type: WasmType = VOID,
  ): Expression {
    const array = this.#heap.array(children);
    const block = raw._BinaryenBlock(this.#ptr, 0, array, children.length, typeOf(type));
    if (name !== null) {
      raw._BinaryenBlockSetName(block, this.#heap.string(name));
      raw._BinaryenExpressionSetType(block, typeOf(type));
    }
    return block;
  }

  /** Loop; breaking to its name repeats it. */
  loop(name: string, body: Expression): Expression {
    return raw._BinaryenLoop(this.#ptr, this.#heap.string(name), body);
  }

  /** Two-way conditional. */
  if(condition: Expression, then: Expression, otherwise: Expression = 0): Expression {
    return raw._BinaryenIf(this.#ptr, condition, then, otherwise);
  }

  /** Conditional whose body is rarely run: emitted so that `branch_hints.ts` finds it. */
  ifRare(
    condition: Expression,
    then: readonly Expression[],
    otherwise: Expression = 0,
  ): Expression {
    return this.if(condition, this.block(null, [this.nop(), ...then]), otherwise);
  }

  /** Jump to the end of a block or the head of a loop. */
  br(name: string, condition: Expression = 0): Expression {
    return raw._BinaryenBreak(this.#ptr, this.#heap.string(name), condition, 0);
  }

  /** Multi-way jump. */
  switch(names: readonly string[], otherwise: string, index: Expression): Expression {
    const labels = names.map((name) => this.#heap.string(name));
    const array = this.#heap.array(labels);
    return raw._BinaryenSwitch(
      this.#ptr,
      array,
      labels.length,
      this.#heap.string(otherwise),
      index,
      0,
    );
  }

  /** Direct call. */
  call(name: string, operands: readonly Expression[], result: WasmType): Expression {
    return raw._BinaryenCall(
      this.#ptr,
      this.#heap.string(name),
      this.#heap.array(operands),
      operands.length,
      typeOf(result),
    );
  }

  /** Direct tail call. */
  returnCall(name: string, operands: readonly Expression[], result: WasmType): Expression {
    return raw._BinaryenReturnCall(
      this.#ptr,
      this.#heap.string(name),
      this.#heap.array(operands),
      operands.length,
      typeOf(result),
    );
  }

  /** Call through the region table. */
  callIndirect(
    target: Expression,
    operands: readonly Expression[],
    parameters: readonly WasmType[],
    result: WasmType,
  ): Expression {
    const type = typesOf(parameters);
    return raw._BinaryenCallIndirect(
      this.#ptr,
      this.#table,
      target,
      this.#heap.array(operands),
      operands.length,
      type,
      typeOf(result),
    );
  }

  /** Tail call through the region table. */
  returnCallIndirect(
    target: Expression,
    operands: readonly Expression[],
    parameters: readonly WasmType[],
    result: WasmType,
  ): Expression {
    const type = typesOf(parameters);
    return raw._BinaryenReturnCallIndirect(
      this.#ptr,
      this.#table,
      target,
      this.#heap.array(operands),
      operands.length,
      type,
      typeOf(result),
    );
  }

  /** Ends the function. */
  return(value: Expression = 0): Expression {
    return raw._BinaryenReturn(this.#ptr, value);
  }

  /** Discards a value. */
  drop(value: Expression): Expression {
    return raw._BinaryenDrop(this.#ptr, value);
  }

  /** Does nothing. */
  nop(): Expression {
    return raw._BinaryenNop(this.#ptr);
  }

  /** Never reached. */
  unreachable(): Expression {
    return raw._BinaryenUnreachable(this.#ptr);
  }

  /** Fills bytes of a memory. */
  memoryFill(
    memory: MemoryName,
    address: Expression,
    value: Expression,
    bytes: Expression,
  ): Expression {
    return raw._BinaryenMemoryFill(this.#ptr, address, value, bytes, this.#memory[memory]);
  }

  /** Fused multiply-add, where the host is known to fuse. */
  fusedMultiplyAdd(
    type: "f32" | "f64",
    a: Expression,
    b: Expression,
    c: Expression,
  ): Expression {
    const [splat, add, extract] = FUSED_OPERATORS[type];
    const [x, y, addend] = [a, b, c].map((value) => raw._BinaryenUnary(this.#ptr, splat, value));
    const sum = raw._BinaryenSIMDTernary(this.#ptr, add, x, y, addend);
    return raw._BinaryenSIMDExtract(this.#ptr, extract, sum, 0);
  }

  // --- module ---------------------------------------------------------------------------------------

  /** Adds a function; locals follow its parameters in numbering. */
  addFunction(
    name: string,
    parameters: readonly WasmType[],
    result: WasmType,
    locals: readonly WasmType[],
    body: Expression,
  ): void {
    const type = typesOf(parameters);
    this.#functions.push(name);
    raw._BinaryenAddFunction(
      this.#ptr,
      this.#heap.string(name),
      type,
      typeOf(result),
      this.#heap.array(locals.map(typeOf)),
      locals.length,
      body,
    );
  }

  /** Names of the functions that were added, in their order in the module. */
  get addedFunctions(): readonly string[] {
    return this.#functions;
  }

  /** Forgets a function that the text only declared, so that it can be added. */
  removeFunction(name: string): void {
    raw._BinaryenRemoveFunction(this.#ptr, this.#heap.string(name));
  }

  /** Imports a function. */
  importFunction(name: string, parameters: readonly WasmType[], result: WasmType): void {
    const type = typesOf(parameters);
    raw._BinaryenAddFunctionImport(
      this.#ptr,
      this.#heap.string(name),
      this.#heap.string(ENVIRONMENT),
      this.#heap.string(name),
      type,
      typeOf(result),
    );
  }

  /** Exports a function under its own name. */
  exportFunction(name: string): void {
    raw._BinaryenAddFunctionExport(this.#ptr, this.#heap.string(name), this.#heap.string(name));
  }

  /**
   * Checks the module; for tests and debugging.
   * @throws {TypeError} when Binaryen finds it invalid.
   */
  validate(): void {
    if (!this.#module.validate()) throw new TypeError("Cannot use Wasm module: validation failed");
  }

  /** Encodes the module. */
  emit(): Uint8Array<ArrayBuffer> {
    return this.#module.emitBinary() as Uint8Array<ArrayBuffer>;
  }

  /** Text form, for golden tests and reports. */
  text(): string {
    return this.#module.emitText();
  }

  /** Frees the module in Binaryen's heap. */
  dispose(): void {
    this.#module.dispose();
  }
}
