/**
 * Builds regions operation by operation, with types checked at each step.
 *
 * `add(a, b)` and its like pick the opcode from the operand types, so lifters read like the manual's
 * pseudo-code. Structured control (`when`, `loop`) makes the blocks of functions; a lifter of a guest
 * instruction stays in one block and uses `select`.
 */
import { analyzeControlFlow, dropUnreachable } from "./control_flow.ts";
import { type AccessOrders, Order, type OrderSet, UNORDERED } from "./memory_order.ts";
import { type Opcode, opcodeRow, type RmwOperation } from "./opcodes.ts";
import {
  type Attribute,
  type Block,
  type CalleeAttribute,
  type FunctionSignature,
  type Operation,
  Region,
  type Terminator,
  type TransferKind,
  type Value,
  type Variable,
} from "./region.ts";
import type { StateSlot } from "./guest_state.ts";
import type { MemoryWidth, ValueType } from "./types.ts";

export { successors } from "./control_flow.ts";

/** Options of a guest memory access. */
export interface AccessOptions {
  /** Bits accessed. */
  readonly width: MemoryWidth;
  /** Is a narrow load sign-extended? false when absent. */
  readonly signed?: boolean;
  /** Ordering against neighbouring accesses; none when absent. */
  readonly order?: OrderSet;
}

type IntegerBinary =
  | "add"
  | "sub"
  | "mul"
  | "and"
  | "or"
  | "xor"
  | "shl"
  | "shr_s"
  | "shr_u"
  | "rotl"
  | "rotr"
  | "div_s"
  | "div_u"
  | "rem_s"
  | "rem_u"
  | "eq"
  | "ne"
  | "lt_s"
  | "lt_u"
  | "ge_s"
  | "ge_u";

/** Appends operations to the current block of one region. */
export class Builder {
  /** The region being built. */
  readonly region: Region;
  readonly #orders: AccessOrders;
  #block: Block;

  /**
   * Starts in the region's last block, or in a new one when it has none.
   * @param orders what memory accesses ask for besides their own order
   */
  constructor(region: Region, orders: AccessOrders = UNORDERED) {
    this.region = region;
    this.#orders = orders;
    this.#block = region.blocks.at(-1) ?? region.addBlock();
  }

  /** The block that operations are appended to. */
  get block(): Block {
    return this.#block;
  }

  /** Moves to another block. */
  setBlock(block: Block): void {
    this.#block = block;
  }

  /** Does the current block already have its end? */
  get isTerminated(): boolean {
    return this.#block.terminator !== null;
  }

  // --- operations -----------------------------------------------------------------------------------

  /**
   * Appends an operation whose types the opcode table gives.
   * @throws {TypeError} when the operands do not fit the table.
   */
  op(opcode: Opcode, ...operands: Value[]): Value {
    const row = opcodeRow(opcode);
    if (row.operands === null || row.result === null) {
      throw new TypeError(`Cannot build "${opcode}" without its attribute`);
    }
    return this.append(opcode, row.result, operands, null);
  }

  /**
   * Appends any operation.
   * @throws {TypeError} when the operands do not fit the opcode table, or the block has ended.
   */
  append(
    opcode: Opcode,
    type: ValueType | "void",
    operands: Value[],
    attribute: Attribute,
  ): Value {
    const expected = opcodeRow(opcode).operands;
    if (
      expected !== null &&
      (expected.length !== operands.length ||
        operands.some((value, i) => value.type !== expected[i]))
    ) {
      const given = operands.map((value) => value.type).join(", ");
      throw new TypeError(`Cannot build "${opcode}": operands (${given}), expected (${expected})`);
    }
    if (this.isTerminated) throw new TypeError(`Cannot build "${opcode}": block has ended`);
    const operation: Operation = this.region.makeOperation(opcode, type, operands, attribute);
    this.#block.operations.push(operation);
    return operation;
  }

  /** 32-bit constant. */
  i32(value: number): Value {
    return this.append("i32.const", "i32", [], { constant: BigInt(value | 0) });
  }

  /** 64-bit constant; the number or BigInt is taken modulo 2^64. */
  i64(value: bigint | number): Value {
    return this.append("i64.const", "i64", [], { constant: BigInt.asIntN(64, BigInt(value)) });
  }

  /** Double constant: the host's number with its bits. */
  f64(value: number): Value {
    const bits = new BigInt64Array(Float64Array.of(value).buffer)[0];
    return this.op("f64.reinterpret_i64", this.i64(bits));
  }

  #integer(name: IntegerBinary, a: Value, b: Value): Value {
    return this.op(`${a.type as "i32" | "i64"}.${name}`, a, b);
  }

  /** Sum. */
  add(a: Value, b: Value): Value {
    return this.#integer("add", a, b);
  }
  /** Difference. */
  sub(a: Value, b: Value): Value {
    return this.#integer("sub", a, b);
  }
  /** Low half of the product. */
  mul(a: Value, b: Value): Value {
    return this.#integer("mul", a, b);
  }
  /** Bitwise and. */
  and(a: Value, b: Value): Value {
    return this.#integer("and", a, b);
  }
  /** Bitwise or. */
  or(a: Value, b: Value): Value {
    return this.#integer("or", a, b);
  }
  /** Bitwise exclusive or. */
  xor(a: Value, b: Value): Value {
    return this.#integer("xor", a, b);
  }
  /** Left shift. */
  shl(a: Value, b: Value): Value {
    return this.#integer("shl", a, b);
  }
  /** Arithmetic right shift. */
  shrS(a: Value, b: Value): Value {
    return this.#integer("shr_s", a, b);
  }
  /** Logical right shift. */
  shrU(a: Value, b: Value): Value {
    return this.#integer("shr_u", a, b);
  }
  /** Left rotation. */
  rotl(a: Value, b: Value): Value {
    return this.#integer("rotl", a, b);
  }
  /** Right rotation. */
  rotr(a: Value, b: Value): Value {
    return this.#integer("rotr", a, b);
  }
  /** Signed quotient; see the opcode table for the precondition. */
  divS(a: Value, b: Value): Value {
    return this.#integer("div_s", a, b);
  }
  /** Unsigned quotient. */
  divU(a: Value, b: Value): Value {
    return this.#integer("div_u", a, b);
  }
  /** Signed remainder. */
  remS(a: Value, b: Value): Value {
    return this.#integer("rem_s", a, b);
  }
  /** Unsigned remainder. */
  remU(a: Value, b: Value): Value {
    return this.#integer("rem_u", a, b);
  }
  /** 1 when equal. */
  eq(a: Value, b: Value): Value {
    return this.#integer("eq", a, b);
  }
  /** 1 when not equal. */
  ne(a: Value, b: Value): Value {
    return this.#integer("ne", a, b);
  }
  /** 1 when less, signed. */
  ltS(a: Value, b: Value): Value {
    return this.#integer("lt_s", a, b);
  }
  /** 1 when less, unsigned. */
  ltU(a: Value, b: Value): Value {
    return this.#integer("lt_u", a, b);
  }
  /** 1 when greater or equal, signed. */
  geS(a: Value, b: Value): Value {
    return this.#integer("ge_s", a, b);
  }
  /** 1 when greater or equal, unsigned. */
  geU(a: Value, b: Value): Value {
    return this.#integer("ge_u", a, b);
  }
  /** 1 when zero. */
  eqz(a: Value): Value {
    return this.op(a.type === "i32" ? "i32.eqz" : "i64.eqz", a);
  }
  /** 0 or 1, inverted. */
  not(flag: Value): Value {
    return this.op("i32.eqz", flag);
  }
  /** `whenTrue` if the i32 condition is not 0, else `whenFalse`. */
  select(condition: Value, whenTrue: Value, whenFalse: Value): Value {
    return this.op(
      whenTrue.type === "i32" ? "i32.select" : "i64.select",
      condition,
      whenTrue,
      whenFalse,
    );
  }
  /** Low 32 bits of an i64. */
  wrap(a: Value): Value {
    return this.op("i32.wrap_i64", a);
  }
  /** Sign-extends an i32 to i64. */
  signExtend(a: Value): Value {
    return this.op("i64.extend_i32_s", a);
  }
  /** Zero-extends an i32 to i64. */
  zeroExtend(a: Value): Value {
    return this.op("i64.extend_i32_u", a);
  }
  /** Sign-extends the low 32 bits of an i64. */
  signExtend32(a: Value): Value {
    return this.op("i64.extend32_s", a);
  }

  // --- state and variables --------------------------------------------------------------------------

  /** Reads element `index` of a slot. */
  getState(slot: StateSlot, index = 0): Value {
    return this.append("state.get", slot.type, [], { slot, index });
  }

  /** Writes element `index` of a slot. */
  setState(slot: StateSlot, value: Value, index = 0): void {
    this.#expect(value, slot.type, slot.name);
    this.append("state.set", "void", [value], { slot, index });
  }

  /** Reads the element of a register file that the i32 operand names. */
  getStateAt(slot: StateSlot, index: Value): Value {
    return this.append("state.get_at", slot.type, [index], { slot, index: 0 });
  }

  /** Writes the element of a register file that the i32 operand names. */
  setStateAt(slot: StateSlot, index: Value, value: Value): void {
    this.#expect(value, slot.type, slot.name);
    this.append("state.set_at", "void", [index, value], { slot, index: 0 });
  }

  /** Declares a variable. */
  variable(name: string, type: ValueType): Variable {
    return this.region.addVariable(name, type);
  }

  /** Parameter number `index` of a function, as a variable. */
  parameter(index: number): Value {
    return this.getVariable(this.region.variables[index]);
  }

  /** Reads a variable. */
  getVariable(variable: Variable): Value {
    return this.append("var.get", variable.type, [], { variable });
  }

  /** Writes a variable. */
  setVariable(variable: Variable, value: Value): void {
    this.#expect(value, variable.type, variable.name);
    this.append("var.set", "void", [value], { variable });
  }

  #expect(value: Value, type: ValueType, what: string): void {
    if (value.type !== type) {
      throw new TypeError(`Cannot set "${what}" of type ${type} to a value of type ${value.type}`);
    }
  }

  // --- memory, calls, departures --------------------------------------------------------------------

  /** Loads from a guest virtual address, extended to 64 bits. */
  load(address: Value, { width, signed = false, order: own = Order.NONE }: AccessOptions): Value {
    const order = own | this.#orders.load;
    return this.append("guest.load", "i64", [address], { width, signed, order });
  }

  /** Stores the low bits of `value` at a guest virtual address. */
  store(address: Value, value: Value, { width, order: own = Order.NONE }: AccessOptions): void {
    const order = own | this.#orders.store;
    this.append("guest.store", "void", [address, value], { width, signed: false, order });
  }

  /** Atomic update; gives the old value, sign-extended. */
  rmw(
    rmw: RmwOperation,
    address: Value,
    value: Value,
    { width, order: own = Order.NONE }: AccessOptions,
  ): Value {
    const order = own | this.#orders.update;
    return this.append("guest.rmw", "i64", [address, value], { width, signed: true, order, rmw });
  }

  /** Load-reserved. */
  loadReserved(address: Value, { width, order: own = Order.NONE }: AccessOptions): Value {
    const order = own | this.#orders.load;
    return this.append("guest.load_reserved", "i64", [address], { width, signed: true, order });
  }

  /** Store-conditional: 0 on success, 1 on failure. */
  storeConditional(
    address: Value,
    value: Value,
    { width, order: own = Order.NONE }: AccessOptions,
  ): Value {
    const order = own | this.#orders.store;
    return this.append("guest.store_conditional", "i64", [address, value], {
      width,
      signed: false,
      order,
    });
  }

  /** Orders the pairs among all accesses around this point. */
  fence(order: OrderSet): void {
    this.append("guest.fence", "void", [], { order });
  }

  /** Loads `width` bits from RAM at a physical address, atomically, zero-extended. */
  physicalLoad(address: Value, width: MemoryWidth): Value {
    return this.append("phys.load", "i64", [address], { width, signed: false, order: Order.NONE });
  }

  /** Compares and swaps `width` bits in RAM; gives the old value. */
  physicalCompareExchange(
    address: Value,
    expected: Value,
    replacement: Value,
    width: MemoryWidth,
  ): Value {
    return this.append("phys.cmpxchg", "i64", [address, expected, replacement], {
      width,
      signed: false,
      order: Order.ALL,
    });
  }

  /** Calls a named function. */
  call(callee: FunctionSignature, ...operands: Value[]): Value {
    return this.#call({ callee }, operands);
  }

  /** Calls a named function that changes no state. */
  callPure(callee: FunctionSignature, ...operands: Value[]): Value {
    return this.#call({ callee, changes: [] }, operands);
  }

  #call(attribute: CalleeAttribute, operands: Value[]): Value {
    const { callee } = attribute;
    if (
      operands.length !== callee.parameters.length ||
      operands.some((value, i) => value.type !== callee.parameters[i])
    ) {
      throw new TypeError(
        `Cannot call "${callee.name}": operands do not fit (${callee.parameters})`,
      );
    }
    return this.append("call", callee.result, operands, attribute);
  }

  /** The usual value when the condition is not 0, else what the function gives. */
  callUnless(
    condition: Value,
    usual: Value,
    attribute: CalleeAttribute,
    ...operands: Value[]
  ): Value {
    const { callee } = attribute;
    const expected: readonly string[] = ["i32", callee.result, ...callee.parameters];
    const given = [condition, usual, ...operands];
    if (given.length !== expected.length || given.some(({ type }, i) => type !== expected[i])) {
      throw new TypeError(`Cannot call "${callee.name}": operands do not fit (${expected})`);
    }
    return this.append("call_unless", callee.result, given, attribute);
  }

  /** When `condition` is not 0, the current instruction raises an exception. */
  trapIf(condition: Value, cause: Value, value: Value): void {
    this.append("trap_if", "void", [condition, cause, value], null);
  }

  /** When `condition` is not 0, control returns to the trampoline after the current instruction. */
  leaveIf(condition: Value): void {
    this.append("leave_if", "void", [condition], null);
  }

  // --- ends of blocks -------------------------------------------------------------------------------

  /**
   * Ends the current block.
   * @throws {TypeError} when it has ended already.
   */
  terminate(terminator: Terminator): void {
    if (this.isTerminated) throw new TypeError(`Cannot end block ${this.#block.id} twice`);
    this.#block.terminator = terminator;
  }

  /** Ends with a jump to a block. */
  jump(target: Block): void {
    this.terminate({ kind: "jump", target });
  }

  /** Ends with a two-way branch. */
  branch(condition: Value, taken: Block, otherwise: Block): void {
    this.terminate({ kind: "branch", condition, taken, otherwise });
  }

  /** Ends a function. */
  return(value: Value | null = null): void {
    this.terminate({ kind: "return", value });
  }

  /** Ends by leaving to a guest address. */
  goto(pc: Value, transfer: TransferKind, link: Value | null = null): void {
    this.terminate({ kind: "goto", pc, transfer, link });
  }

  /** Ends with a guest conditional branch. */
  gotoIf(condition: Value, taken: Value, otherwise: Value): void {
    this.terminate({ kind: "goto_if", condition, taken, otherwise });
  }

  /** Ends by leaving to the trampoline, to go on at `pc`. */
  exit(reason: number, pc: Value): void {
    this.terminate({ kind: "exit", reason, pc });
  }

  /** Ends with an exception at the current instruction. */
  trap(cause: Value, value: Value): void {
    this.terminate({ kind: "trap", cause, value });
  }

  // --- structured control for functions -------------------------------------------------------------

  /** Runs `then` when the condition holds, else `otherwise`; goes on after both unless they ended. */
  when(condition: Value, then: () => void, otherwise?: () => void): void {
    const taken = this.region.addBlock();
    const other = otherwise === undefined ? null : this.region.addBlock();
    const join = this.region.addBlock();
    this.branch(condition, taken, other ?? join);
    this.#fill(taken, then, join);
    if (other !== null && otherwise !== undefined) this.#fill(other, otherwise, join);
    this.setBlock(join);
  }

  #fill(block: Block, body: () => void, join: Block): void {
    this.setBlock(block);
    body();
    if (!this.isTerminated) this.jump(join);
  }

  /** Repeats `body` while `condition` holds; both are built once. */
  while(condition: () => Value, body: () => void): void {
    const head = this.region.addBlock();
    const inside = this.region.addBlock();
    const after = this.region.addBlock();
    this.jump(head);
    this.setBlock(head);
    this.branch(condition(), inside, after);
    this.#fill(inside, body, head);
    this.setBlock(after);
  }

  /** Dispatches on an i32 over cases `0..bodies.length-1`; `otherwise` covers the rest. */
  dispatch(index: Value, bodies: readonly (() => void)[], otherwise: () => void): void {
    const targets = bodies.map(() => this.region.addBlock());
    const fallback = this.region.addBlock();
    const join = this.region.addBlock();
    this.terminate({ kind: "switch", index, targets, otherwise: fallback });
    bodies.forEach((body, i) => this.#fill(targets[i], body, join));
    this.#fill(fallback, otherwise, join);
    this.setBlock(join);
  }
}

/** Builds a function from its signature and body. */
export function buildFunction(
  signature: FunctionSignature,
  body: (builder: Builder) => void,
): Region {
  const region = new Region(signature.name, "function", signature);
  const builder = new Builder(region);
  body(builder);
  // Such as the join after two branches that both returned.
  dropUnreachable(region, analyzeControlFlow(region));
  return region;
}
