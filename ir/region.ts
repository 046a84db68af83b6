/**
 * The container of IR: operations in blocks, blocks in a region.
 *
 * Values are in SSA form: an operation is its own value, defined once, used only in blocks it dominates.
 * What crosses a join goes through guest state or variables, which are mutable and become Wasm locals; there
 * are no phis. A region is one of three things, told by its `kind`:
 *
 * - `region`: guest code with bound operands, compiled by the hot tier; entries listed in `entries`.
 * - `handler`: one guest instruction whose operands are fields of a decoded record; a part of the cold tier.
 * - `function`: a named function with parameters (page walk, trap entry), no guest instruction in it.
 */
import type { MemoryWidth, ValueType } from "./types.ts";
import type { OrderSet } from "./memory_order.ts";
import type { StateSlot } from "./guest_state.ts";
import { type Effect, type Opcode, opcodeRow, type RmwOperation } from "./opcodes.ts";

/** A mutable variable of a region; parameters of a function are its first variables. */
export interface Variable {
  /** Position in {@linkcode Region.variables}. */
  readonly index: number;
  /** Name for the text form. */
  readonly name: string;
  /** Type of the value it holds. */
  readonly type: ValueType;
}

/** How a memory operation accesses. */
export interface MemoryAttribute {
  /** Bits accessed. */
  readonly width: MemoryWidth;
  /** Is a narrow load sign-extended? */
  readonly signed: boolean;
  /** Pairs ordered between this access and its neighbours. */
  readonly order: OrderSet;
  /** Which atomic update, for `guest.rmw`. */
  readonly rmw?: RmwOperation;
}

/** A state element: slot and index. */
export interface SlotAttribute {
  /** The slot. */
  readonly slot: StateSlot;
  /** Element of the slot; 0 for a plain slot and for accesses by operand. */
  readonly index: number;
}

/** Start of a guest instruction. */
export interface BoundaryAttribute {
  /** Distance in bytes from the region's origin. */
  readonly offset: number;
  /** Length of the instruction in bytes. */
  readonly length: number;
  /** Number of guest instructions of this block before it. */
  readonly index: number;
}

/** Signature of a callable function. */
export interface FunctionSignature {
  /** Name, unique in the guest. */
  readonly name: string;
  /** Parameter types. */
  readonly parameters: readonly ValueType[];
  /** Result type. */
  readonly result: ValueType | "void";
}

/** Attribute of calls. */
export interface CalleeAttribute {
  /** The function. */
  readonly callee: FunctionSignature;
  /** State that the call may change; all that is not promotable when absent. */
  readonly changes?: readonly StateSlot[];
}

/** Attribute of an operation: which alternative is told by the opcode's `attribute` column. */
export type Attribute =
  | { readonly constant: bigint }
  | SlotAttribute
  | { readonly variable: Variable }
  | { readonly field: string }
  | MemoryAttribute
  | { readonly order: OrderSet }
  | CalleeAttribute
  | BoundaryAttribute
  | { readonly offset: number }
  | null;

/** One operation; also the value it computes. */
export class Operation {
  /** Number unique in the region; the text form's name of the value. */
  readonly id: number;
  /** What it does. */
  readonly opcode: Opcode;
  /** Type of its value. */
  readonly type: ValueType | "void";
  /** Operands. */
  readonly operands: Operation[];
  /** See {@linkcode Attribute}. */
  readonly attribute: Attribute;
  /** What it does besides: the opcode's effect, at hand because every pass asks. */
  readonly effect: Effect;

  /** Made by the builder, the parser and passes only. */
  constructor(
    id: number,
    opcode: Opcode,
    type: ValueType | "void",
    operands: Operation[],
    attribute: Attribute,
  ) {
    const row = opcodeRow(opcode);
    this.id = id;
    this.opcode = row.opcode;
    this.type = type;
    this.operands = operands;
    this.attribute = attribute;
    this.effect = row.effect;
  }
}

/** A value is the operation that computes it. */
export type Value = Operation;

/** What kind of guest control transfer a `goto` is: a hint for return prediction and profiling. */
export type TransferKind = "jump" | "call" | "return" | "indirect";

/** A block that a computed jump may reach, and the guest address it stands for. */
export interface DispatchTarget {
  /** Distance in bytes from the region's origin. */
  readonly offset: number;
  /** Where execution goes on. */
  readonly block: Block;
}

/** End of a block. */
export type Terminator =
  /** To a block of this region. */
  | { readonly kind: "jump"; target: Block }
  /** To one of two blocks of this region. */
  | { readonly kind: "branch"; condition: Value; taken: Block; otherwise: Block }
  /** To the block at the index, or the last one when out of range. */
  | { readonly kind: "switch"; index: Value; targets: Block[]; otherwise: Block }
  /** Ends a function. */
  | { readonly kind: "return"; value: Value | null }
  /** Handler only: on to the next instruction in address order. */
  | { readonly kind: "next" }
  /** Leaves to a guest address. `link`, for calls, is the address the callee is expected to return to. */
  | { readonly kind: "goto"; pc: Value; transfer: TransferKind; link: Value | null }
  /** Calls guest code at `pc`; goes on at `then` when it returns to `link`, else leaves to where it went. */
  | { readonly kind: "call"; pc: Value; link: Value; then: Block }
  /** Guest jump to a computed address: on to the block that stands for it, or leaves to it without one. */
  | {
    readonly kind: "dispatch";
    pc: Value;
    readonly transfer: TransferKind;
    readonly targets: readonly DispatchTarget[];
  }
  /** Guest conditional branch: leaves to one of two guest addresses. */
  | { readonly kind: "goto_if"; condition: Value; taken: Value; otherwise: Value }
  /** Leaves to the trampoline for a reason, to go on at `pc`. */
  | { readonly kind: "exit"; reason: number; pc: Value }
  /** Exception at the current instruction. */
  | { readonly kind: "trap"; cause: Value; value: Value };

/** A straight run of operations with one end. */
export class Block {
  /** Number unique in the region. */
  readonly id: number;
  /** Operations in execution order. */
  operations: Operation[] = [];
  /** End of the block; null only while it is being built. */
  terminator: Terminator | null = null;
  /** Guest instructions that the block executes: what it costs of the budget. */
  instructions = 0;

  /** Made by {@linkcode Region.addBlock}. */
  constructor(id: number) {
    this.id = id;
  }
}

/** A range of integers: signed 32-bit numbers, or those of them that are not negative. */
export type WordRange = (typeof WORD_RANGES)[number];

/** All ranges. */
export const WORD_RANGES = ["s32", "u31"] as const;

/** What an element must hold for a region to be entered. */
export interface EntryCondition extends SlotAttribute {
  /** The range its value is in. */
  readonly range: WordRange;
}

/** An entry of a region: the block and its guest address as distance from the origin. */
export interface RegionEntry {
  /** Where execution starts. */
  readonly block: Block;
  /** Distance in bytes from the region's origin. */
  readonly offset: number;
  /** Where one does not hold, the region must not be entered; none when absent. */
  readonly conditions?: readonly EntryCondition[];
}

/** See the header of this file. */
export class Region {
  /** Name for dumps and exports. */
  readonly name: string;
  /** See the header of this file. */
  readonly kind: "region" | "handler" | "function";
  /** Signature of a function; null otherwise. */
  readonly signature: FunctionSignature | null;
  /** Blocks; the first is where a function or handler starts. */
  blocks: Block[] = [];
  /** Variables; a function's parameters come first. */
  readonly variables: Variable[] = [];
  /** Entries of a `region`. */
  entries: RegionEntry[] = [];
  #nextOperation = 0;
  #nextBlock = 0;

  /** Starts an empty region. */
  constructor(
    name: string,
    kind: "region" | "handler" | "function",
    signature: FunctionSignature | null = null,
  ) {
    this.name = name;
    this.kind = kind;
    this.signature = signature;
    signature?.parameters.forEach((type, index) => this.addVariable(`p${index}`, type));
  }

  /** Appends an empty block; only the parser gives an id. */
  addBlock(id = this.#nextBlock): Block {
    const block = new Block(id);
    this.#nextBlock = Math.max(this.#nextBlock, id + 1);
    this.blocks.push(block);
    return block;
  }

  /** Declares a variable; a name that is taken gets its index appended. */
  addVariable(name: string, type: ValueType): Variable {
    const index = this.variables.length;
    const isTaken = this.variables.some((other) => other.name === name);
    const variable = { index, name: isTaken ? `${name}_${index}` : name, type };
    this.variables.push(variable);
    return variable;
  }

  /** Operations made so far: every id is below it. */
  get operationCount(): number {
    return this.#nextOperation;
  }

  /** Blocks made so far: every id is below it. */
  get blockCount(): number {
    return this.#nextBlock;
  }

  /** Keeps ids up to the given one for operations that the parser makes with their id. */
  reserveOperations(highest: number): void {
    this.#nextOperation = Math.max(this.#nextOperation, highest + 1);
  }

  /** Makes an operation that is in no block yet; only the parser gives an id. */
  makeOperation(
    opcode: Opcode,
    type: ValueType | "void",
    operands: Operation[],
    attribute: Attribute = null,
    id = this.#nextOperation,
  ): Operation {
    this.reserveOperations(id);
    return new Operation(id, opcode, type, operands, attribute);
  }
}
