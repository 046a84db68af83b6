/**
 * Lowers a region into one Wasm function `(origin i64, depth and entry i32) -> i64`.
 *
 * Guest registers live in locals. The function never raises an exception itself: whatever it cannot do ends
 * in a departure at the exact instruction, with registers and program counter in memory, and the cold tier
 * does it. It returns the next guest address, or LEAVE with reason and address in private memory. On entry,
 * state `pc` is the entry's address. Departures share stubs at the end, one for each set of dirty registers.
 */
import { ExitReason } from "../../ir/exit_reason.ts";
import type { StateSlot } from "../../ir/guest_state.ts";
import type { OrderSet } from "../../ir/memory_order.ts";
import type {
  Block,
  BoundaryAttribute,
  FunctionSignature,
  MemoryAttribute,
  Operation,
  Region,
  Terminator,
} from "../../ir/region.ts";
import { LeaveReason } from "../abi/leave_reason.ts";
import { Control, ENTRY_INDEX_BITS, PARCEL_SHIFT } from "../abi/vcpu_layout.ts";
import { fenceKind, HOST_COLUMNS } from "../host_order.ts";
import { barrier } from "../lower/barrier.ts";
import { loadControl, loadState, storeControl, storeState } from "../lower/guest_state_access.ts";
import { LocalAllocation } from "../lower/local_allocation.ts";
import { OperationLowering } from "../lower/operation_lowering.ts";
import { type Expression, type ModuleBuilder, wasmType } from "../module_builder.ts";
import {
  type NodeCode,
  type NodeEnd,
  StructuredControlFlow,
} from "../structure/structured_control_flow.ts";
import { Departures, depthOf, Parameter } from "./departures.ts";
import { ElementSet } from "./element_set.ts";
import { entryChecks, violatesConditions } from "./entry_checks.ts";
import type { EntryGraph } from "./entry_graph.ts";
import { PromotedState } from "./promoted_state.ts";
import type { AccessHost } from "./access_host.ts";
import { type AccessContext, RegionAccesses } from "./region_accesses.ts";
import type { RegionFunctions } from "./region_functions.ts";
import { RegisterLocals } from "./register_locals.ts";

const I32 = wasmType("i32");
const I64 = wasmType("i64");
const ONE_CALL = 1 << ENTRY_INDEX_BITS;

/** Another region that can be called directly. */
export interface DirectCallee {
  /** Name of its function in the module. */
  readonly name: string;
  /** Label of the entry. */
  readonly label: number;
  /** Its origin as distance in bytes from the caller's. */
  readonly originOffset: number;
  /** May the callee be missing where the caller is linked, so that its address must be looked up instead? */
  readonly mayBeAbsent?: boolean;
}

/** What a region is compiled with. */
export interface RegionContext extends AccessContext {
  /** Name of its function. */
  readonly name: string;
  /** Where it is, see `region_place.ts`. */
  readonly place: readonly number[];
  /** Its control flow. */
  readonly graph: EntryGraph;
  /** State slot of the program counter. */
  readonly pc: StateSlot;
  /** The region of this module that starts at a distance from the origin. */
  callee(offset: number): DirectCallee | null;
}

type DispatchEnd = Terminator & { readonly kind: "dispatch" };

/** See the header of this file. */
export class RegionLowering extends OperationLowering {
  readonly #functions: RegionFunctions;
  readonly #region: Region;
  readonly #context: RegionContext;
  readonly #state: PromotedState;
  readonly #graph: EntryGraph;
  readonly #accesses: RegionAccesses;
  readonly #registers: RegisterLocals;
  readonly #departures: Departures;
  readonly #budget: number;
  readonly #label: number;
  readonly #departs: number;
  #dirty: ElementSet;
  #block: Block;
  #boundary: BoundaryAttribute | null = null;
  #isDeparting = false;

  /** Analyses the region. */
  constructor(
    m: ModuleBuilder,
    functions: RegionFunctions,
    region: Region,
    context: RegionContext,
  ) {
    super(m, functions, region, new LocalAllocation(Parameter.COUNT));
    this.#functions = functions;
    this.#region = region;
    this.#context = context;
    this.#graph = context.graph;
    this.#state = new PromotedState(region, this.#departureStarts());
    this.#accesses = new RegionAccesses(m, this.#accessHost(), functions, {
      region,
      graph: this.#graph,
      context,
    });
    this.#registers = new RegisterLocals(m, region, this.#state, this.locals);
    this.#budget = this.locals.permanent("i32");
    this.#label = this.locals.permanent("i32");
    this.#departures = new Departures(m, {
      locals: this.locals,
      registers: this.#registers,
      functions,
      budget: this.#budget,
      pc: context.pc,
      isChecked: context.isChecked,
    });
    this.#departs = this.locals.permanent("i32");
    this.#block = region.entries[0].block;
    this.#dirty = this.#state.dirtyIn(this.#block);
  }

  /** Where exactly as much as the budget allows is executed, any block may be the first that it does not cover. */
  #departureStarts(): ReadonlySet<Block> {
    return this.#context.isCounted ? new Set(this.#region.blocks) : this.#graph.departureStarts;
  }

  #accessHost(): AccessHost {
    return {
      locals: this.locals,
      push: (statement) => this.push(statement),
      use: (value) => this.use(value),
      useInLocal: (value) => this.useInLocal(value),
      toLocal: (expression, type) => this.toLocal(expression, type),
      stepHere: () => this.#stepHere(),
      fence: (order) => this.fence(order),
    };
  }

  protected override access(operation: Operation, attribute: MemoryAttribute): Expression | null {
    return this.#accesses.lower(operation, attribute);
  }

  /** Distances from the origin of the entries that are served, by label. */
  get entryOffsets(): number[] {
    return this.#graph.entries.map(({ offset }) => offset);
  }

  /** Adds the function to the module. */
  addToModule(): void {
    const { m } = this;
    const { nodes, graph } = this.#graph;
    const targets = nodes.flatMap((_, number) => this.#switchTargets(number));
    const root = this.#graph.rootTargets;
    const code = new StructuredControlFlow(m, graph, targets, (node) => this.#node(node, root))
      .build();
    const body = this.#departures.wrap(m.block(null, [this.#prologue(), code]));
    m.addFunction(this.#context.name, [I64, I32], I64, this.locals.types, body);
  }

  #switchTargets(number: number): readonly number[] {
    const node = this.#graph.nodes[number];
    if (node.kind === "sort") return node.targets;
    if (node.kind === "block") return this.#dispatchNodes(node.block);
    return node.kind === "root" && this.#graph.rootTargets.length > 1
      ? this.#graph.rootTargets
      : [];
  }

  #dispatchNodes(block: Block): readonly number[] {
    const { terminator } = block;
    if (terminator?.kind !== "dispatch") return [];
    const targets = terminator.targets.map((target) => this.#graph.target(block, target.block));
    return [...targets, this.#graph.departureOf(block)];
  }

  // --- entry ----------------------------------------------------------------------------------------

  /** Caches are known only after all blocks were lowered, so this is made last. */
  #prologue(): Expression {
    const checks = entryChecks(this.m, {
      functions: this.#functions,
      place: this.#context.place,
      budget: this.#budget,
      label: this.#label,
    });
    return this.m.block(null, checks);
  }

  // --- nodes ----------------------------------------------------------------------------------------

  #node(number: number, rootTargets: readonly number[]): NodeCode {
    const { m } = this;
    const node = this.#graph.nodes[number];
    switch (node.kind) {
      case "root":
        return {
          statements: this.#loadEntryRegisters(rootTargets),
          end: this.#switch(rootTargets, rootTargets[0]),
        };
      case "dispatch": {
        const condition = m.localGet(this.#label, I32);
        return {
          statements: [],
          end: {
            kind: "branch",
            condition,
            taken: node.sorter,
            otherwise: node.header,
            isRare: true,
          },
        };
      }
      case "sort":
        return this.#sort(node.targets);
      case "leave":
        return this.#leaveTo(node.block);
      case "depart":
        return this.#departFrom(node.from);
      case "block":
        return this.#lowerBlock(node.block);
    }
  }

  #switch(targets: readonly number[], otherwise: number): NodeEnd {
    if (targets.every((target) => target === otherwise)) return { kind: "jump", target: otherwise };
    return { kind: "switch", index: this.m.localGet(this.#label, I32), targets, otherwise };
  }

  /** Entries behind a dispatcher load their registers there, so that the loop need not carry these. */
  #loadEntryRegisters(rootTargets: readonly number[]): Expression[] {
    const needed = this.#state.liveIn(this.#graph.entries[0].block).copy();
    this.#addLiveIn(needed, rootTargets);
    return [...this.#registers.load(needed), ...this.#checkConditions([0, ...rootTargets])];
  }

  /** Refuses entries, out of those that these nodes start, whose conditions do not hold. */
  #checkConditions(targets: readonly number[]): Expression[] {
    const { m } = this;
    this.#dirty = new ElementSet();
    return this.#graph.entries.flatMap(({ block, offset, conditions = [] }, label) => {
      const isHere = targets.some((target) => {
        const node = this.#graph.nodes[target];
        return node.kind === "block" ? node.block === block : node.kind === "root" && label === 0;
      });
      if (!isHere || conditions.length === 0) return [];
      const isRefused = violatesConditions(this.#registers, this.#label, label, conditions);
      return [
        m.ifRare(isRefused, this.#departure(offset, LeaveReason.COLD_STEP, 0)),
      ];
    });
  }

  #addLiveIn(needed: ElementSet, targets: readonly number[]): void {
    for (const target of targets) {
      const node = this.#graph.nodes[target];
      if (node.kind === "block") needed.addAll(this.#state.liveIn(node.block));
    }
  }

  /** Only entries come here, with nothing executed yet: registers are in memory. */
  #sort(targets: readonly number[]): NodeCode {
    const needed = new ElementSet();
    this.#addLiveIn(needed, targets);
    const statements = [...this.#registers.load(needed), ...this.#checkConditions(targets)];
    return { statements, end: this.#switch(targets, targets[0]) };
  }

  #leaveTo(block: Block): NodeCode {
    this.#dirty = this.#state.dirtyIn(block);
    this.push(this.#departures.setNextPc(this.pcRelative(offsetOf(block))));
    this.#go("chain");
    return { statements: this.endBlock(), end: { kind: "leave" } };
  }

  #departFrom(block: Block): NodeCode {
    const end = block.terminator as DispatchEnd;
    this.#dirty = this.#state.dirtyOut(block);
    this.#go(end.transfer === "return" ? "return" : "chain");
    return { statements: this.endBlock(), end: { kind: "leave" } };
  }

  #lowerBlock(block: Block): NodeCode {
    const { m } = this;
    this.#block = block;
    this.#dirty = this.#state.dirtyIn(block);
    this.#boundary = null;
    this.#accesses.startBlock(block);
    this.#isDeparting = false;
    if (this.#graph.labelOf(block) > 0) this.push(m.localSet(this.#label, m.i32(0)));
    if (this.#context.isCounted) this.#checkBudget(block, block.instructions);
    else if (this.#graph.headers.has(block)) this.#checkBudget(block, 1);
    if (block.instructions > 0) this.#addBudget(-block.instructions);
    this.lowerOperations(block);
    const end = this.#terminate(block, block.terminator as Terminator);
    return { statements: this.endBlock(), end };
  }

  /** Leaves at the start of a block unless there is budget for so many instructions. */
  #checkBudget(block: Block, least: number): void {
    if (least === 0) return;
    const { m } = this;
    const leave = this.#departure(offsetOf(block), LeaveReason.BUDGET, 0);
    this.push(m.ifRare(m.binary("i32.lt_s", m.localGet(this.#budget, I32), m.i32(least)), leave));
  }

  #addBudget(instructions: number): void {
    const { m } = this;
    this.push(m.localSet(this.#budget, this.#budgetPlus(instructions)));
  }

  #budgetPlus(instructions: number): Expression {
    const { m } = this;
    const budget = m.localGet(this.#budget, I32);
    return instructions === 0 ? budget : m.binary("i32.add", budget, m.i32(instructions));
  }

  // --- ends of blocks -------------------------------------------------------------------------------

  #terminate(block: Block, terminator: Terminator): NodeEnd {
    if (this.#isDeparting && terminator.kind !== "exit" && terminator.kind !== "trap") {
      this.#departIfAsked(this.#nextAddress(), 0);
    }
    switch (terminator.kind) {
      case "jump":
        return { kind: "jump", target: this.#graph.target(block, terminator.target) };
      case "branch": {
        const condition = this.use(terminator.condition);
        const taken = this.#graph.target(block, terminator.taken);
        return {
          kind: "branch",
          condition,
          taken,
          otherwise: this.#graph.target(block, terminator.otherwise),
        };
      }
      case "call":
        return this.#call(block, terminator);
      case "dispatch":
        return this.#dispatch(block, terminator);
      case "goto":
        this.push(this.#departures.setNextPc(this.use(terminator.pc)));
        this.#go(terminator.transfer === "return" ? "return" : "chain");
        return { kind: "leave" };
      case "exit":
        this.statements.push(...this.#exit(block, terminator));
        return { kind: "leave" };
      case "trap":
        this.statements.push(...this.#stepHere());
        return { kind: "leave" };
      default:
        throw new TypeError(
          `Cannot end a block of region "${this.#region.name}" with "${terminator.kind}"`,
        );
    }
  }

  /** A compare for one target, else a table over the addresses from the first to the last. */
  #dispatch(block: Block, { pc, targets }: DispatchEnd): NodeEnd {
    const { m } = this;
    this.push(this.#departures.setNextPc(this.use(pc)));
    const nodes = targets.map((target) => this.#graph.target(block, target.block));
    const otherwise = this.#graph.departureOf(block);
    if (targets.length === 1) {
      const condition = m.binary(
        "i64.eq",
        this.#departures.nextPc(),
        this.pcRelative(targets[0].offset),
      );
      return { kind: "branch", condition, taken: nodes[0], otherwise };
    }
    const first = Math.min(...targets.map(({ offset }) => offset));
    const table: number[] = [];
    targets.forEach(({ offset }, index) => table[(offset - first) >> PARCEL_SHIFT] = nodes[index]);
    const distance = m.binary("i64.sub", this.#departures.nextPc(), this.pcRelative(first));
    const parcel = this.toLocal(
      m.binary("i64.shr_u", distance, m.i64(BigInt(PARCEL_SHIFT))),
      "i64",
    );
    const index = m.select(
      m.binary("i64.lt_u", m.localGet(parcel, I64), m.i64(BigInt(table.length))),
      m.unary("i32.wrap_i64", m.localGet(parcel, I64)),
      m.i32(table.length),
    );
    return {
      kind: "switch",
      index,
      targets: Array.from(table, (node) => node ?? otherwise),
      otherwise,
    };
  }

  #call(block: Block, { pc, link, then }: Terminator & { kind: "call" }): NodeEnd {
    const { m } = this;
    this.push(this.#departures.setNextPc(this.use(pc)));
    const callee = pc.opcode === "guest.pc_relative"
      ? this.#context.callee((pc.attribute as { offset: number }).offset)
      : null;
    if (this.#context.isChecked) {
      this.#go("return");
      return { kind: "leave" };
    }
    const depth = m.binary("i32.lt_u", m.localGet(Parameter.DEPTH_AND_ENTRY, I32), m.i32(ONE_CALL));
    this.push(m.ifRare(depth, [this.#departures.go("return", this.#dirty)]));
    this.statements.push(...this.#registers.store(this.#dirty));
    this.push(storeControl(m, Control.BUDGET, m.localGet(this.#budget, I32)));
    const returned = this.toLocal(
      callee === null ? this.#callUnknown() : this.#callDirect(callee),
      "i64",
    );
    const mismatch = m.binary("i64.ne", m.localGet(returned, I64), this.use(link));
    this.push(m.ifRare(mismatch, [m.return(m.localGet(returned, I64))]));
    this.push(m.localSet(this.#budget, loadControl(m, Control.BUDGET)));
    this.#accesses.dropReservation();
    this.statements.push(...this.#registers.load(this.#state.liveIn(then)));
    return { kind: "jump", target: this.#graph.target(block, then) };
  }

  /** Depth of a callee, entry bits clear. */
  #calleeDepth(): Expression {
    return this.m.binary("i32.sub", depthOf(this.m), this.m.i32(ONE_CALL));
  }

  #callUnknown(): Expression {
    return this.m.call(this.#functions.transfer("enter"), [
      this.#departures.nextPc(),
      this.#calleeDepth(),
    ], I64);
  }

  #callDirect({ name, label, originOffset, mayBeAbsent = false }: DirectCallee): Expression {
    const { m } = this;
    if (mayBeAbsent) this.#functions.transfer("enter");
    this.push(storeState(m, this.#context.pc, 0, this.#departures.nextPc()));
    const origin = m.binary(
      "i64.add",
      m.localGet(Parameter.ORIGIN, I64),
      m.i64(BigInt(originOffset)),
    );
    const depth = label === 0
      ? this.#calleeDepth()
      : m.binary("i32.or", this.#calleeDepth(), m.i32(label));
    return m.call(name, [origin, depth], I64);
  }

  // --- departures -----------------------------------------------------------------------------------

  #go(kind: "return" | "chain"): void {
    this.push(this.#departures.go(kind, this.#dirty));
  }

  #departure(offset: number, reason: number, unused: number): Expression[] {
    return this.#departures.leaveAt(offset, reason, unused, this.#dirty);
  }

  #current(): BoundaryAttribute {
    if (this.#boundary === null) {
      throw new TypeError("Cannot leave a region outside of a guest instruction");
    }
    return this.#boundary;
  }

  /** An instruction that is left to the cold tier was not executed here. */
  #exit(block: Block, { pc, reason }: Terminator & { kind: "exit" }): Expression[] {
    const isStep = reason === ExitReason.SINGLE_STEP;
    const unused = isStep ? block.instructions - this.#current().index : 0;
    if (pc.opcode === "guest.pc_relative") {
      return this.#departure((pc.attribute as { offset: number }).offset, reason, unused);
    }
    const next = this.#departures.setNextPc(this.use(pc));
    return [next, ...this.#departures.leave(reason, unused, this.#dirty)];
  }

  /** The cold tier executes the current instruction. */
  #stepHere(): Expression[] {
    const { offset, index } = this.#current();
    return this.#departure(
      offset,
      ExitReason.SINGLE_STEP,
      this.#block.instructions - index,
    );
  }

  #nextAddress(): number {
    const { offset, length } = this.#current();
    return offset + length;
  }

  #departIfAsked(offset: number, unused: number): void {
    const { m } = this;
    const leave = this.#departure(offset, ExitReason.REFRESH, unused);
    this.push(m.ifRare(m.localGet(this.#departs, I32), leave));
    this.#isDeparting = false;
  }

  // --- operations -----------------------------------------------------------------------------------

  protected override stateGet(slot: StateSlot, index: number): Expression {
    return slot.promotable ? this.#registers.get({ slot, index }) : loadState(this.m, slot, index);
  }

  protected override stateSet(slot: StateSlot, index: number, value: Expression): Expression {
    if (!slot.promotable) return storeState(this.m, slot, index, value);
    this.#dirty.add(this.#state.number({ slot, index }));
    return this.#registers.set(slot, index, value);
  }

  protected override stateGetAt(slot: StateSlot): Expression {
    throw new TypeError(`Cannot index register file "${slot.name}" in a region`);
  }

  protected override stateSetAt(slot: StateSlot): Expression {
    throw new TypeError(`Cannot index register file "${slot.name}" in a region`);
  }

  protected override field(name: string): Expression {
    throw new TypeError(`Cannot read record field "${name}" in a region`);
  }

  protected override instructionAddress(which: string): Expression {
    throw new TypeError(`Cannot lower "${which}" in a region: the instruction is bound`);
  }

  protected override pcRelative(offset: number): Expression {
    const { m } = this;
    const origin = m.localGet(Parameter.ORIGIN, I64);
    return offset === 0 ? origin : m.binary("i64.add", origin, m.i64(BigInt(offset)));
  }

  protected override machineAccess(operation: Operation): Expression {
    throw new TypeError(`Cannot lower "${operation.opcode}" in a region`);
  }

  protected override boundary(offset: number, length: number, index: number): void {
    if (this.#isDeparting) this.#departIfAsked(offset, this.#block.instructions - index);
    this.#boundary = { offset, length, index };
  }

  /** ORDER: the pairs are the guest's own; partner: whatever access of another hart the guest pairs it with. */
  protected override fence(order: OrderSet): Expression | null {
    this.#accesses.dropReservation();
    const kind = fenceKind(HOST_COLUMNS[this.#context.host], order);
    return kind === "nothing" ? null : barrier(this.m, kind);
  }

  protected override beforeCall(callee: FunctionSignature): Expression[] {
    this.#functions.guest(callee);
    const { index } = this.#current();
    this.#accesses.dropReservation();
    const left = this.#budgetPlus(this.#block.instructions - index);
    return [storeControl(this.m, Control.BUDGET, left)];
  }

  protected override leave(operation: Operation): void {
    const { m } = this;
    const condition = this.use(operation.operands[0]);
    if (operation.opcode === "leave_if") {
      this.push(m.localSet(this.#departs, condition));
      this.#isDeparting = true;
      return;
    }
    this.push(m.ifRare(condition, this.#stepHere()));
  }
}

/** Distance of a block's first instruction from the origin. */
function offsetOf(block: Block): number {
  const first = block.operations.find(({ opcode }) => opcode === "guest.boundary");
  if (first !== undefined) return (first.attribute as BoundaryAttribute).offset;
  if (block.terminator?.kind === "goto" && block.terminator.pc.opcode === "guest.pc_relative") {
    return (block.terminator.pc.attribute as { offset: number }).offset;
  }
  throw new TypeError(`Cannot find the address of block ${block.id}`);
}
