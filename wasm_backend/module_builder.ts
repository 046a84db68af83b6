/**
 * What the lowerings build Wasm modules with: expressions, functions, and the module around them.
 *
 * An expression is a number; it must be used in exactly one place. Names of functions and labels are texts. There are
 * two builders: `encoder/module_encoder.ts`, for modules that are made while the guest waits, and
 * `binaryen_builder.ts`.
 */
import type { ValueType } from "../ir/types.ts";

/** An expression of the module under construction; 0 is none. */
export type Expression = number;

/** A Wasm type: its code in the binary format. */
export type WasmType = number;

/** Which of the two memories. */
export type MemoryName = "ram" | "cpu";

/** Updates that Wasm has as one atomic operation. */
export type AtomicUpdate = "add" | "sub" | "and" | "or" | "xor" | "xchg";

/** Codes of types; "no result" is the code of an empty block type. Source: "Binary Format", "Types". */
const TYPE_CODES: Readonly<Record<ValueType | "void", WasmType>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  void: 0x40,
};

/** Wasm type of an IR type. */
export function wasmType(type: ValueType | "void"): WasmType {
  return TYPE_CODES[type];
}

/** Starts modules. */
export interface ModuleFactory {
  /** A module with the two memories and the table imported. */
  create(): ModuleBuilder;
}

/** One module under construction. */
export interface ModuleBuilder {
  // --- constants and arithmetic ---------------------------------------------------------------------

  /** 32-bit constant. */
  i32(value: number): Expression;
  /** 64-bit constant. */
  i64(value: bigint): Expression;
  /** Unary operator by its IR name. */
  unary(name: string, value: Expression): Expression;
  /** Binary operator by its IR name. */
  binary(name: string, left: Expression, right: Expression): Expression;
  /** Is the name a Wasm operator of one or two operands? */
  hasOperator(name: string): boolean;
  /** Value selection without a branch. */
  select(condition: Expression, whenTrue: Expression, whenFalse: Expression): Expression;

  // --- locals ---------------------------------------------------------------------------------------

  /** Reads a local. */
  localGet(index: number, type: WasmType): Expression;
  /** Writes a local. */
  localSet(index: number, value: Expression): Expression;
  /** Writes a local and gives the value. */
  localTee(index: number, value: Expression, type: WasmType): Expression;

  // --- memory ---------------------------------------------------------------------------------------

  /** Plain load. */
  load(
    memory: MemoryName,
    bytes: number,
    signed: boolean,
    type: WasmType,
    address: Expression,
    offset?: number,
  ): Expression;
  /** Plain store. */
  store(
    memory: MemoryName,
    bytes: number,
    type: WasmType,
    address: Expression,
    value: Expression,
    offset?: number,
  ): Expression;
  /** Sequentially consistent load, zero-extended. */
  atomicLoad(
    memory: MemoryName,
    bytes: number,
    type: WasmType,
    address: Expression,
    offset?: number,
  ): Expression;
  /** Sequentially consistent store. */
  atomicStore(
    memory: MemoryName,
    bytes: number,
    type: WasmType,
    address: Expression,
    value: Expression,
    offset?: number,
  ): Expression;
  /** Atomic update; gives the old value, zero-extended. */
  atomicUpdate(
    operation: AtomicUpdate,
    memory: MemoryName,
    bytes: number,
    type: WasmType,
    address: Expression,
    value: Expression,
    offset?: number,
  ): Expression;
  /** Atomic compare and exchange; gives the old value, zero-extended. */
  atomicCompareExchange(
    memory: MemoryName,
    bytes: number,
    type: WasmType,
    address: Expression,
    expected: Expression,
    replacement: Expression,
    offset?: number,
  ): Expression;
  /** Full fence. */
  atomicFence(): Expression;
  /** Fills bytes of a memory. */
  memoryFill(
    memory: MemoryName,
    address: Expression,
    value: Expression,
    bytes: Expression,
  ): Expression;

  // --- control --------------------------------------------------------------------------------------

  /** Sequence of expressions; a named one can be broken out of. Without a type it gives nothing. */
  block(name: string | null, children: readonly Expression[], type?: WasmType): Expression;
  /** Loop; breaking to its name repeats it. */
  loop(name: string, body: Expression): Expression;
  /** Two-way conditional. */
  if(condition: Expression, then: Expression, otherwise?: Expression): Expression;
  /** Conditional whose body is rarely run: emitted so that `branch_hints.ts` finds it. */
  ifRare(condition: Expression, then: readonly Expression[], otherwise?: Expression): Expression;
  /** Jump to the end of a block or the head of a loop. */
  br(name: string, condition?: Expression): Expression;
  /** Multi-way jump. */
  switch(names: readonly string[], otherwise: string, index: Expression): Expression;
  /** Direct call. */
  call(name: string, operands: readonly Expression[], result: WasmType): Expression;
  /** Direct tail call. */
  returnCall(name: string, operands: readonly Expression[], result: WasmType): Expression;
  /** Call through the region table. */
  callIndirect(
    target: Expression,
    operands: readonly Expression[],
    parameters: readonly WasmType[],
    result: WasmType,
  ): Expression;
  /** Tail call through the region table. */
  returnCallIndirect(
    target: Expression,
    operands: readonly Expression[],
    parameters: readonly WasmType[],
    result: WasmType,
  ): Expression;
  /** Ends the function. */
  return(value?: Expression): Expression;
  /** Discards a value. */
  drop(value: Expression): Expression;
  /** Does nothing. */
  nop(): Expression;
  /** Never reached. */
  unreachable(): Expression;
  /** Fused multiply-add, where the host is known to fuse. */
  fusedMultiplyAdd(type: "f32" | "f64", a: Expression, b: Expression, c: Expression): Expression;

  // --- module ---------------------------------------------------------------------------------------

  /** Adds a function; locals follow its parameters in numbering. */
  addFunction(
    name: string,
    parameters: readonly WasmType[],
    result: WasmType,
    locals: readonly WasmType[],
    body: Expression,
  ): void;
  /** Names of the functions that were added, in their order in the module. */
  readonly addedFunctions: readonly string[];
  /** Imports a function. */
  importFunction(name: string, parameters: readonly WasmType[], result: WasmType): void;
  /** Exports a function under its own name. */
  exportFunction(name: string): void;
  /** Encodes the module. */
  emit(): Uint8Array<ArrayBuffer>;
  /**
   * Text form, for golden tests and reports.
   * @throws {TypeError} when the builder has none
   */
  text(): string;
  /** Frees what the module takes. */
  dispose(): void;
}
