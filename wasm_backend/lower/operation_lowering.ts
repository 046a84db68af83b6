/**
 * From operations to Wasm expressions: what regions, cold handlers and functions have in common.
 *
 * Placement: a pure value with one user is nested into it; a value with several users is computed once into
 * a local; constants and addresses are made anew at each use. A read of guest state or of a variable is
 * evaluated at its use as long as nothing wrote the same element in between; just before such a write it is
 * saved into a local. Operations with effects are emitted in program order.
 */
import type { StateSlot } from "../../ir/guest_state.ts";
import type {
  Block,
  FunctionSignature,
  MemoryAttribute,
  Operation,
  Region,
  SlotAttribute,
  Variable,
} from "../../ir/region.ts";
import type { OrderSet } from "../../ir/memory_order.ts";
import type { ValueType } from "../../ir/types.ts";
import { type Expression, type ModuleBuilder, wasmType } from "../module_builder.ts";
import type { LocalAllocation } from "./local_allocation.ts";
import { ValueUses } from "./value_uses.ts";

/** Helper functions that a lowering may ask its module to contain. */
export interface ModuleFunctions {
  /** Name of the function that computes a high product half; added on first use. */
  mulh(opcode: "i64.mulh_s" | "i64.mulh_u" | "i64.mulh_su"): string;
}

const NO_LOCAL = -1;

type VariableAttribute = { readonly variable: Variable };

/** See the header of this file. */
export abstract class OperationLowering {
  /** The module under construction. */
  protected readonly m: ModuleBuilder;
  /** Helper functions of the module. */
  protected readonly functions: ModuleFunctions;
  /** Locals of the function. */
  readonly locals: LocalAllocation;
  /** Statements of the block being lowered. */
  protected statements: Expression[] = [];
  readonly #uses: ValueUses;
  /** Local of a value by its id. */
  readonly #valueLocal: Int32Array;
  /** Uses of a value, by its id, that were not made yet. */
  readonly #remaining: Uint32Array;
  /** Values of the block that are made where they are used. */
  #deferred: Operation[] = [];
  readonly #variableLocal: (number | undefined)[] = [];

  /** Starts the lowering of one region into one function (or a part of one). */
  constructor(
    m: ModuleBuilder,
    functions: ModuleFunctions,
    region: Region,
    locals: LocalAllocation,
  ) {
    this.m = m;
    this.functions = functions;
    this.locals = locals;
    this.#uses = new ValueUses(region);
    this.#valueLocal = new Int32Array(region.operationCount).fill(NO_LOCAL);
    this.#remaining = this.#uses.counts();
  }

  // --- what differs between contexts ----------------------------------------------------------------

  /** Reads a state element. */
  protected abstract stateGet(slot: StateSlot, index: number): Expression;
  /** Writes a state element. */
  protected abstract stateSet(slot: StateSlot, index: number, value: Expression): Expression;
  /** Reads an element of a register file. */
  protected abstract stateGetAt(slot: StateSlot, index: Expression): Expression;
  /** Writes an element of a register file. */
  protected abstract stateSetAt(slot: StateSlot, index: Expression, value: Expression): Expression;
  /** Reads a field of the decoded record. */
  protected abstract field(name: string, type: "i32" | "i64"): Expression;
  /** Value of `guest.pc`, `guest.next_pc`, `guest.encoding`. */
  protected abstract instructionAddress(
    which: "guest.pc" | "guest.next_pc" | "guest.encoding",
  ): Expression;
  /** Address at a distance from the region's origin. */
  protected abstract pcRelative(offset: number): Expression;
  /** A guest memory access: pushes statements, gives the result if the operation has one. */
  protected abstract access(operation: Operation, attribute: MemoryAttribute): Expression | null;
  /** Physical memory and interrupt lines. */
  protected abstract machineAccess(operation: Operation): Expression;
  /** A fence; null when the host needs nothing. */
  protected abstract fence(order: OrderSet): Expression | null;
  /** Conditional departures. */
  protected abstract leave(operation: Operation): void;
  /** Start of a guest instruction. */
  protected abstract boundary(offset: number, length: number, index: number): void;
  /** Told of a call to another function; gives what has to run just before it. */
  protected abstract beforeCall(callee: FunctionSignature): Expression[];

  // --- blocks and values ----------------------------------------------------------------------------

  /** Lowers the operations of a block; afterwards the terminator's operands may be taken with `use`. */
  protected lowerOperations(block: Block): void {
    this.#deferred = [];
    for (const operation of block.operations) this.#lower(operation);
  }

  /** Ends the block: scratch locals become free. */
  protected endBlock(): Expression[] {
    const statements = this.statements;
    this.statements = [];
    this.#deferred = [];
    this.locals.releaseScratch();
    return statements;
  }

  /** The value, for use in the next statement. */
  protected use(value: Operation): Expression {
    const local = this.#valueLocal[value.id];
    if (local !== NO_LOCAL) return this.m.localGet(local, wasmType(value.type));
    if (!isRemadeAtEachUse(value)) {
      if (this.#remaining[value.id] > 0) this.#remaining[value.id]--;
      if (this.#remaining[value.id] === 0) this.#forget(value);
    }
    return this.#expression(value);
  }

  /** The value in a local of its own or as it is, to be used several times in one statement group. */
  protected useInLocal(value: Operation): number {
    const known = this.#valueLocal[value.id];
    if (known !== NO_LOCAL) return known;
    return this.toLocal(this.use(value), value.type as ValueType);
  }

  /** Puts an expression into a scratch local. */
  protected toLocal(expression: Expression, type: ValueType): number {
    const local = this.locals.scratch(type);
    this.push(this.m.localSet(local, expression));
    return local;
  }

  /** Appends a statement. */
  protected push(statement: Expression): void {
    this.statements.push(statement);
  }

  /** Local of a variable. */
  protected variableLocal(variable: Variable): number {
    return this.#variableLocal[variable.index] ??= this.locals.permanent(variable.type);
  }

  /** Binds a variable to an existing local: a function's parameter. */
  protected bindVariable(variable: Variable, local: number): void {
    this.#variableLocal[variable.index] = local;
  }

  #forget(value: Operation): void {
    const position = this.#deferred.indexOf(value);
    if (position >= 0) this.#deferred.splice(position, 1);
  }

  #lower(operation: Operation): void {
    const { effect } = operation;
    const uses = this.#uses.count(operation);
    const isRemade = isRemadeAtEachUse(operation);
    if (effect === "pure" || effect === "read" || isRemade) {
      if (uses === 0) return;
      const isRead = effect === "read" && operation.operands.length === 0;
      if (this.#uses.escapes(operation)) this.#materialize(operation, true);
      else if (isRemade) return;
      else if (uses === 1 || isRead) this.#deferred.push(operation);
      else this.#materialize(operation, false);
      return;
    }
    const result = this.#emitEffect(operation);
    if (result === null) return;
    if (operation.type === "void") this.push(result);
    else if (uses === 0) this.push(this.m.drop(result));
    else this.#keep(operation, result, this.#uses.escapes(operation));
  }

  #materialize(operation: Operation, isPermanent: boolean): void {
    this.#keep(operation, this.#expression(operation), isPermanent);
    this.#forget(operation);
  }

  #keep(operation: Operation, value: Expression, isPermanent: boolean): void {
    const type = operation.type as ValueType;
    const local = isPermanent ? this.locals.permanent(type) : this.locals.scratch(type);
    this.#valueLocal[operation.id] = local;
    this.push(this.m.localSet(local, value));
  }

  /** Saves deferred values that read what an operation changes. */
  #saveReadersOf(change: Operation): void {
    for (let at = 0; at < this.#deferred.length; at++) {
      const operation = this.#deferred[at];
      if (!this.#isKept(operation) && this.#treeReads(operation, change)) {
        this.#materialize(operation, false);
        // It is gone, and so is what it was made of.
        at = -1;
      }
    }
  }

  #isKept({ id }: Operation): boolean {
    return this.#valueLocal[id] !== NO_LOCAL;
  }

  #treeReads(operation: Operation, change: Operation): boolean {
    if (this.#isKept(operation)) return false;
    if (isChangedBy(operation, change)) return true;
    for (const operand of operation.operands) if (this.#treeReads(operand, change)) return true;
    return false;
  }

  // --- expressions ----------------------------------------------------------------------------------

  #expression(operation: Operation): Expression {
    const { opcode, operands, attribute } = operation;
    switch (opcode) {
      case "i32.const":
        return this.m.i32(Number((attribute as { constant: bigint }).constant));
      case "i64.const":
        return this.m.i64((attribute as { constant: bigint }).constant);
      case "i32.select":
      case "i64.select": {
        const condition = this.use(operands[0]);
        const whenTrue = this.use(operands[1]);
        return this.m.select(condition, whenTrue, this.use(operands[2]));
      }
      case "f32.fma":
      case "f64.fma": {
        const [a, b, c] = operands.map((operand) => this.use(operand));
        return this.m.fusedMultiplyAdd(opcode === "f32.fma" ? "f32" : "f64", a, b, c);
      }
      case "i64.mulh_s":
      case "i64.mulh_u":
      case "i64.mulh_su":
        return this.m.call(
          this.functions.mulh(opcode),
          operands.map((o) => this.use(o)),
          wasmType("i64"),
        );
      case "state.get": {
        const { slot, index } = attribute as SlotAttribute;
        return this.stateGet(slot, index);
      }
      case "state.get_at":
        return this.stateGetAt((attribute as SlotAttribute).slot, this.use(operands[0]));
      case "var.get": {
        const { variable } = attribute as VariableAttribute;
        return this.m.localGet(this.variableLocal(variable), wasmType(variable.type));
      }
      case "field.i32":
      case "field.i64":
        return this.field(
          (attribute as { field: string }).field,
          opcode === "field.i32" ? "i32" : "i64",
        );
      case "guest.pc":
      case "guest.next_pc":
      case "guest.encoding":
        return this.instructionAddress(opcode);
      case "guest.pc_relative":
        return this.pcRelative((attribute as { offset: number }).offset);
      case "phys.in_ram":
      case "lines.get":
        return this.machineAccess(operation);
      default: {
        const first = this.use(operands[0]);
        return operands.length === 1
          ? this.m.unary(opcode, first)
          : this.m.binary(opcode, first, this.use(operands[1]));
      }
    }
  }

  #emitEffect(operation: Operation): Expression | null {
    const { opcode, operands, attribute } = operation;
    switch (opcode) {
      case "state.set": {
        const { slot, index } = attribute as SlotAttribute;
        const value = this.use(operands[0]);
        this.#saveReadersOf(operation);
        return this.stateSet(slot, index, value);
      }
      case "state.set_at": {
        const { slot } = attribute as SlotAttribute;
        const index = this.use(operands[0]);
        const value = this.use(operands[1]);
        this.#saveReadersOf(operation);
        return this.stateSetAt(slot, index, value);
      }
      case "var.set": {
        const { variable } = attribute as VariableAttribute;
        const value = this.use(operands[0]);
        this.#saveReadersOf(operation);
        return this.m.localSet(this.variableLocal(variable), value);
      }
      case "guest.boundary": {
        const { offset, length, index } = attribute as {
          offset: number;
          length: number;
          index: number;
        };
        this.boundary(offset, length, index);
        return null;
      }
      case "guest.fence":
        return this.fence((attribute as { order: OrderSet }).order);
      case "call": {
        const { callee } = attribute as { callee: FunctionSignature };
        const values = operands.map((operand) => this.use(operand));
        this.#saveReadersOf(operation);
        this.beforeCall(callee).forEach((statement) => this.push(statement));
        return this.m.call(callee.name, values, wasmType(callee.result));
      }
      case "call_unless":
        return this.#callUnless(operation);
      case "trap_if":
      case "leave_if":
        this.leave(operation);
        return null;
      case "lines.or":
      case "lines.and":
      case "phys.load":
      case "phys.cmpxchg":
        this.#saveReadersOf(operation);
        return this.machineAccess(operation);
      default:
        return this.access(operation, attribute as MemoryAttribute);
    }
  }

  /** Operands of the call that have no other user are computed where the call is. */
  #callUnless(operation: Operation): Expression {
    const { m } = this;
    const { operands, attribute } = operation;
    const { callee } = attribute as { callee: FunctionSignature };
    const [condition, usual, ...others] = operands;
    const type = wasmType(callee.result);
    const result = this.toLocal(this.use(usual), callee.result as ValueType);
    const isUnusual = m.unary("i32.eqz", this.use(condition));
    const values = others.map((operand) => this.use(operand));
    this.#saveReadersOf(operation);
    const before = this.beforeCall(callee);
    this.push(
      m.ifRare(isUnusual, [...before, m.localSet(result, m.call(callee.name, values, type))]),
    );
    return m.localGet(result, type);
  }
}

/**
 * Values that cost less to make again than to keep. The bits of the instruction are among them although a host
 * call reads them: only exceptions use them, and there they are made on the path that raises one.
 */
function isRemadeAtEachUse(operation: Operation): boolean {
  switch (operation.opcode) {
    case "i32.const":
    case "i64.const":
    case "guest.pc_relative":
    case "guest.pc":
    case "guest.next_pc":
    case "guest.encoding":
    case "field.i32":
    case "field.i64":
      return true;
    default:
      return false;
  }
}

/** Does the operation itself read what the other changes? What is no write may change all that calls may. */
function isChangedBy({ opcode, attribute }: Operation, change: Operation): boolean {
  switch (opcode) {
    case "state.get":
    case "state.get_at":
      return isElementChangedBy(attribute as SlotAttribute, opcode === "state.get", change);
    case "var.get":
      return change.opcode === "var.set" &&
        (attribute as VariableAttribute).variable ===
          (change.attribute as VariableAttribute).variable;
    case "lines.get":
      return change.effect !== "write";
    default:
      return false;
  }
}

/** The same for one element of a slot, or any of it. */
function isElementChangedBy(
  { slot, index }: SlotAttribute,
  isOne: boolean,
  change: Operation,
): boolean {
  switch (change.opcode) {
    case "var.set":
      return false;
    case "state.set": {
      const written = change.attribute as SlotAttribute;
      return written.slot === slot && (!isOne || written.index === index);
    }
    case "state.set_at":
      return (change.attribute as SlotAttribute).slot === slot;
    default:
      return !slot.promotable;
  }
}
