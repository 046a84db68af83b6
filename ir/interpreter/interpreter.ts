/**
 * Reference interpreter of the IR: what every opcode and terminator means. It is the oracle of optimizer and
 * backend, so it is plain before it is fast.
 *
 * Values keep the law of representation of the integer table. A `leave_if` that holds takes effect where its
 * instruction is complete: at the next boundary or at the terminator that ends the region, whichever comes
 * first. A departure that is no plain continuation (`exit`, `trap`, a fault) wins over it.
 */
import type { Opcode } from "../opcodes.ts";
import type { OrderSet } from "../memory_order.ts";
import {
  Block,
  type BoundaryAttribute,
  type FunctionSignature,
  type MemoryAttribute,
  type Operation,
  type Region,
  type SlotAttribute,
  type Terminator,
  type Variable,
} from "../region.ts";
import { FLOAT_FUNCTIONS, type FloatOpcode } from "./float.ts";
import { INTEGER_FUNCTIONS, type IntegerOpcode, type PureFunction } from "./integer.ts";
import { type FaultAccess, type GuestMemory, MemoryFault } from "./memory.ts";
import type { InterpreterState } from "./state.ts";

/** A function of the host that IR may call. */
export type HostFunction = (operands: bigint[]) => bigint | void;

/** What surrounds a run. Everything but the state may be absent until an operation needs it. */
export interface InterpreterEnvironment {
  /** Guest state. */
  readonly state: InterpreterState;
  /** Guest memory and interrupt lines. */
  readonly memory?: GuestMemory;
  /** Address of a handler's instruction; of a region's origin. 0 when absent. */
  pc?: bigint;
  /** Length in bytes of a handler's instruction. */
  length?: number;
  /** Bits of a handler's instruction. */
  encoding?: bigint;
  /** Fields of the decoded record by name. */
  fields?: Readonly<Record<string, bigint>>;
  /** IR functions by name. */
  readonly functions?: ReadonlyMap<string, Region>;
  /** Host functions by name; looked up after the IR functions. */
  readonly host?: ReadonlyMap<string, HostFunction>;
  /**
   * Runs guest code called at `pc` that is expected to return to `link`; gives the address control arrived
   * at. Without it a `call` leaves as a `goto`.
   */
  readonly callGuest?: (pc: bigint, link: bigint) => bigint;
  /** Told of every step from one block of a region to the next. */
  readonly onEdge?: (from: Block, to: Block) => void;
  /** Most blocks to execute before giving up with an `unfinished` outcome; unlimited when absent. */
  readonly blockLimit?: number;
}

/** How a run ended. */
export type Outcome =
  /** A function returned; the value is 0 for a function without result. */
  | { readonly kind: "return"; readonly value: bigint }
  /** A handler is done; the following instruction is next. */
  | { readonly kind: "next" }
  /** Guest control transfer. */
  | { readonly kind: "goto"; readonly pc: bigint }
  /** To the trampoline, for a reason, to go on at `pc`. */
  | { readonly kind: "exit"; readonly reason: number; readonly pc: bigint }
  /** Exception of the instruction at `pc`. */
  | { readonly kind: "trap"; readonly cause: bigint; readonly value: bigint; readonly pc: bigint }
  /** To the trampoline after a complete instruction, to go on at `pc`. */
  | { readonly kind: "leave"; readonly pc: bigint }
  /** A memory access of the instruction at `pc` faulted. */
  | {
    readonly kind: "fault";
    readonly address: bigint;
    readonly access: FaultAccess;
    readonly reason: string;
    readonly pc: bigint;
  }
  /** The block limit was reached. */
  | { readonly kind: "unfinished" };

type PureOpcode = IntegerOpcode | FloatOpcode;

const PURE_FUNCTIONS: Readonly<Record<PureOpcode, PureFunction>> = {
  ...INTEGER_FUNCTIONS,
  ...FLOAT_FUNCTIONS,
};

function isPure(opcode: Opcode): opcode is PureOpcode {
  return opcode in PURE_FUNCTIONS;
}

/** One activation: values by operation id, variables by index. */
interface Frame {
  readonly region: Region;
  readonly values: bigint[];
  readonly variables: bigint[];
  /** Distance of the current instruction from the origin. */
  offset: number;
  /** Has a `leave_if` of the current instruction held? */
  isLeaving: boolean;
}

const UNFINISHED: Outcome = { kind: "unfinished" };

/** Runs regions against one environment. */
export class Interpreter {
  /** Where state, memory and functions are. */
  readonly environment: InterpreterEnvironment;
  #blocksLeft = Infinity;

  /** Runs against the environment, which may be changed between runs. */
  constructor(environment: InterpreterEnvironment) {
    this.environment = environment;
  }

  /**
   * Runs a region from a block (its first when absent) to an end.
   * @throws {RangeError} when a precondition of the opcode table is broken.
   */
  run(region: Region, args: readonly bigint[] = [], start: Block = region.blocks[0]): Outcome {
    this.#blocksLeft = this.environment.blockLimit ?? Infinity;
    return this.#activate(region, args, start);
  }

  #activate(region: Region, args: readonly bigint[], start: Block): Outcome {
    const frame: Frame = {
      region,
      values: new Array<bigint>(region.operationCount),
      variables: region.variables.map((_, index) => args[index] ?? 0n),
      offset: 0,
      isLeaving: false,
    };
    try {
      return this.#runBlocks(frame, start);
    } catch (error) {
      if (!(error instanceof MemoryFault)) throw error;
      const { address, access, reason } = error;
      return { kind: "fault", address, access, reason, pc: this.#currentPc(frame) };
    }
  }

  #runBlocks(frame: Frame, start: Block): Outcome {
    for (let block = start;;) {
      if (this.#blocksLeft-- <= 0) return UNFINISHED;
      for (const operation of block.operations) {
        const outcome = this.#execute(frame, operation);
        if (outcome !== null) return outcome;
      }
      const end = block.terminator;
      if (end === null) throw new TypeError(`Cannot run block ${block.id}: it has no end`);
      const next = this.#next(frame, end);
      if (next === null) return this.#leave(frame, end);
      if (!(next instanceof Block)) return next;
      this.environment.onEdge?.(block, next);
      block = next;
    }
  }

  /** The block to go on with, how the region is left, or null when the terminator always leaves. */
  #next(frame: Frame, end: Terminator): Block | Outcome | null {
    if (end.kind === "call") return this.#callGuest(frame, end);
    return end.kind === "dispatch" ? this.#dispatch(frame, end) : nextBlock(frame, end);
  }

  #dispatch(frame: Frame, end: Extract<Terminator, { kind: "dispatch" }>): Block | Outcome {
    const pc = frame.values[end.pc.id];
    const target = end.targets.find(({ offset }) => this.#pcAt(offset) === pc);
    return target === undefined || frame.isLeaving ? transfer(frame, pc) : target.block;
  }

  /** Executes one operation; an outcome when it ends the run. */
  #execute(frame: Frame, operation: Operation): Outcome | null {
    const { opcode, operands } = operation;
    if (isPure(opcode)) {
      const { values } = frame;
      const count = operands.length;
      values[operation.id] = PURE_FUNCTIONS[opcode](
        values[operands[0].id],
        count > 1 ? values[operands[1].id] : 0n,
        count > 2 ? values[operands[2].id] : 0n,
      );
      return null;
    }
    switch (opcode) {
      case "guest.boundary":
        return this.#startInstruction(frame, operation.attribute as BoundaryAttribute);
      case "trap_if":
        return operandOf(frame, operation, 0) === 0n
          ? null
          : this.#trap(frame, operandOf(frame, operation, 1), operandOf(frame, operation, 2));
      case "leave_if":
        if (operandOf(frame, operation, 0) !== 0n) frame.isLeaving = true;
        return null;
      case "call":
        return this.#call(frame, operation, operation.operands);
      case "call_unless":
        return this.#callUnless(frame, operation);
      default:
        frame.values[operation.id] = this.#evaluate(frame, operation, opcode);
        return null;
    }
  }

  #startInstruction(frame: Frame, { offset }: BoundaryAttribute): Outcome | null {
    frame.offset = offset;
    return frame.isLeaving ? { kind: "leave", pc: this.#currentPc(frame) } : null;
  }

  #evaluate(
    frame: Frame,
    operation: Operation,
    opcode: Exclude<
      Opcode,
      PureOpcode | "guest.boundary" | "trap_if" | "leave_if" | "call" | "call_unless"
    >,
  ): bigint {
    const { attribute } = operation;
    const operand = (index: number): bigint => operandOf(frame, operation, index);
    switch (opcode) {
      case "i32.const":
      case "i64.const":
        return (attribute as { constant: bigint }).constant;
      case "state.get":
      case "state.set":
      case "state.get_at":
      case "state.set_at":
        return this.#accessState(frame, operation, opcode);
      case "var.get":
        return frame.variables[variableOf(operation).index];
      case "var.set":
        return frame.variables[variableOf(operation).index] = operand(0);
      case "field.i32":
        return BigInt.asIntN(32, this.#field(operation));
      case "field.i64":
        return BigInt.asIntN(64, this.#field(operation));
      case "guest.pc":
        return this.#pcAt(0);
      case "guest.next_pc":
        return this.#pcAt(this.environment.length ?? 0);
      case "guest.pc_relative":
        return this.#pcAt((attribute as { offset: number }).offset);
      case "guest.encoding":
        return this.environment.encoding ?? 0n;
      default:
        return this.#accessMemory(frame, operation, opcode);
    }
  }

  #accessState(
    frame: Frame,
    operation: Operation,
    opcode: "state.get" | "state.set" | "state.get_at" | "state.set_at",
  ): bigint {
    const { slot, index } = operation.attribute as SlotAttribute;
    const { state } = this.environment;
    switch (opcode) {
      case "state.get":
        return state.get(slot, index);
      case "state.get_at":
        return state.get(slot, Number(operandOf(frame, operation, 0)));
      case "state.set":
        state.set(slot, operandOf(frame, operation, 0), index);
        return 0n;
      case "state.set_at":
        state.set(slot, operandOf(frame, operation, 1), Number(operandOf(frame, operation, 0)));
        return 0n;
    }
  }

  #accessMemory(
    frame: Frame,
    operation: Operation,
    opcode: Extract<Opcode, `phys.${string}` | `lines.${string}` | `guest.${string}`>,
  ): bigint {
    const memory = this.#memory(opcode);
    const attribute = operation.attribute as MemoryAttribute;
    const operand = (index: number): bigint => operandOf(frame, operation, index);
    switch (opcode) {
      case "guest.load":
        return extend(memory.load(operand(0), attribute), attribute);
      case "guest.store":
        memory.store(operand(0), operand(1), attribute);
        return 0n;
      case "guest.rmw":
        return BigInt.asIntN(attribute.width, memory.rmw(operand(0), operand(1), attribute));
      case "guest.cmpxchg":
        return BigInt.asIntN(
          attribute.width,
          memory.compareExchange(operand(0), operand(1), operand(2), attribute),
        );
      case "guest.load_reserved":
        return BigInt.asIntN(attribute.width, memory.loadReserved(operand(0), attribute));
      case "guest.store_conditional":
        return memory.storeConditional(operand(0), operand(1), attribute) ? 0n : 1n;
      case "guest.fence":
        memory.fence((operation.attribute as { order: OrderSet }).order);
        return 0n;
      case "phys.in_ram":
        return memory.isInRam(operand(0)) ? 1n : 0n;
      case "phys.load":
        return zeroExtend(memory.physicalLoad(operand(0), attribute.width), attribute);
      case "phys.cmpxchg":
        return zeroExtend(
          memory.physicalCompareExchange(operand(0), operand(1), operand(2), attribute.width),
          attribute,
        );
      case "lines.get":
        return BigInt.asIntN(32, BigInt(memory.lines));
      case "lines.or":
        memory.lines |= Number(operand(0));
        return 0n;
      case "lines.and":
        memory.lines &= Number(operand(0));
        return 0n;
      default:
        throw new TypeError(`Cannot run "${opcode}": it is no memory operation`);
    }
  }

  #memory(opcode: Opcode): GuestMemory {
    const { memory } = this.environment;
    if (memory === undefined) throw new TypeError(`Cannot run "${opcode}": no memory given`);
    return memory;
  }

  #field(operation: Operation): bigint {
    const name = (operation.attribute as { field: string }).field;
    const value = this.environment.fields?.[name];
    if (value === undefined) throw new TypeError(`Cannot read field "${name}": not given`);
    return value;
  }

  /** Calls; an outcome only when the callee did not return. */
  #call(frame: Frame, operation: Operation, values: readonly Operation[]): Outcome | null {
    const { callee } = operation.attribute as { callee: FunctionSignature };
    const operands = values.map((value) => frame.values[value.id]);
    const region = this.environment.functions?.get(callee.name);
    if (region === undefined) {
      frame.values[operation.id] = this.#callHost(callee, operands);
      return null;
    }
    const outcome = this.#activate(region, operands, region.blocks[0]);
    if (outcome.kind !== "return") return outcome;
    frame.values[operation.id] = outcome.value;
    return null;
  }

  #callUnless(frame: Frame, operation: Operation): Outcome | null {
    const [, , ...operands] = operation.operands;
    if (operandOf(frame, operation, 0) === 0n) return this.#call(frame, operation, operands);
    frame.values[operation.id] = operandOf(frame, operation, 1);
    return null;
  }

  #callHost(callee: FunctionSignature, operands: bigint[]): bigint {
    const host = this.environment.host?.get(callee.name);
    if (host === undefined) throw new TypeError(`Cannot call "${callee.name}": no such function`);
    const result = host(operands) ?? 0n;
    return BigInt.asIntN(callee.result === "i32" || callee.result === "f32" ? 32 : 64, result);
  }

  /** Where to go on after guest code was called: the block behind the call, or out of the region. */
  #callGuest(frame: Frame, end: Extract<Terminator, { kind: "call" }>): Block | Outcome {
    const pc = frame.values[end.pc.id];
    const link = frame.values[end.link.id];
    const { callGuest } = this.environment;
    if (callGuest === undefined || frame.isLeaving) return transfer(frame, pc);
    const arrived = callGuest(pc, link);
    return arrived === link ? end.then : transfer(frame, arrived);
  }

  #leave(frame: Frame, end: Terminator): Outcome {
    switch (end.kind) {
      case "return":
        return { kind: "return", value: end.value === null ? 0n : frame.values[end.value.id] };
      case "next":
        return frame.isLeaving
          ? { kind: "leave", pc: this.#pcAt(this.environment.length ?? 0) }
          : { kind: "next" };
      case "goto":
        return transfer(frame, frame.values[end.pc.id]);
      case "goto_if": {
        const isTaken = frame.values[end.condition.id] !== 0n;
        return transfer(frame, frame.values[(isTaken ? end.taken : end.otherwise).id]);
      }
      case "exit":
        return { kind: "exit", reason: end.reason, pc: frame.values[end.pc.id] };
      case "trap":
        return this.#trap(frame, frame.values[end.cause.id], frame.values[end.value.id]);
      default:
        throw new TypeError(`Cannot leave by "${end.kind}"`);
    }
  }

  #trap(frame: Frame, cause: bigint, value: bigint): Outcome {
    return { kind: "trap", cause, value, pc: this.#currentPc(frame) };
  }

  #currentPc(frame: Frame): bigint {
    return this.#pcAt(frame.offset);
  }

  #pcAt(offset: number): bigint {
    return BigInt.asIntN(64, (this.environment.pc ?? 0n) + BigInt(offset));
  }
}

function operandOf(frame: Frame, operation: Operation, index: number): bigint {
  return frame.values[operation.operands[index].id];
}

function variableOf(operation: Operation): Variable {
  return (operation.attribute as { variable: Variable }).variable;
}

function extend(value: bigint, attribute: MemoryAttribute): bigint {
  return attribute.signed ? BigInt.asIntN(attribute.width, value) : zeroExtend(value, attribute);
}

function zeroExtend(value: bigint, { width }: MemoryAttribute): bigint {
  return BigInt.asIntN(64, BigInt.asUintN(width, value));
}

function transfer(frame: Frame, pc: bigint): Outcome {
  return frame.isLeaving ? { kind: "leave", pc } : { kind: "goto", pc };
}

/** The block to go on with, or null when the terminator leaves the region. */
function nextBlock(frame: Frame, end: Terminator): Block | null {
  switch (end.kind) {
    case "jump":
      return end.target;
    case "branch":
      return frame.values[end.condition.id] !== 0n ? end.taken : end.otherwise;
    case "switch": {
      const index = Number(BigInt.asUintN(32, frame.values[end.index.id]));
      return end.targets[index] ?? end.otherwise;
    }
    default:
      return null;
  }
}
