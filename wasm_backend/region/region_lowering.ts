/**
 * Lowers a region into one Wasm function `(origin i64, depth and entry i32) -> i64`.
 *
 * Guest registers live in locals. The function never raises an exception itself: whatever it cannot do ends
 * in a departure at the exact instruction, with registers and program counter in memory, and the cold tier
 * does it. It returns the next guest address, or LEAVE with reason and address in private memory. On entry,
 * state `pc` is the entry's address. Departures share stubs at the end, one for each set of dirty registers.
 */
import { ExitReason } from "../../ir/exit_reason.ts";
import { elementOffset, type StateSlot } from "../../ir/guest_state.ts";
import type { OrderSet } from "../../ir/memory_order.ts";
import type {
  Block,
  BoundaryAttribute,
  EntryCondition,
  FunctionSignature,
  MemoryAttribute,
  Operation,
  Region,
  Terminator,
} from "../../ir/region.ts";
import type { ValueType } from "../../ir/types.ts";
import { PAGE_STORES_BEGUN } from "../../runtime/atomics/shared_layout.ts";
import { ColdExport } from "../abi/module_shape.ts";
import { LEAVE, LeaveReason } from "../abi/leave_reason.ts";
import { Control, ENTRY_INDEX_BITS, GUEST_STATE, MappingChecks } from "../abi/vcpu_layout.ts";
import { fenceKind } from "../host_order.ts";
import { LocalAllocation } from "../lower/local_allocation.ts";
import { OperationLowering } from "../lower/operation_lowering.ts";
import { type Expression, type ModuleBuilder, wasmType } from "../module_builder.ts";
import {
  type NodeCode,
  type NodeEnd,
  StructuredControlFlow,
} from "../structure/structured_control_flow.ts";
import type { RegionFunctions } from "./region_functions.ts";
import { ElementSet } from "./element_set.ts";
import type { EntryGraph } from "./entry_graph.ts";
import { type AccessContext, type AccessHost, RegionAccesses } from "./region_accesses.ts";
import { findNumberElements } from "./number_elements.ts";
import { PromotedState } from "./promoted_state.ts";

const I32 = wasmType("i32");
const I64 = wasmType("i64");
const PAGE_SHIFT = 12n;
/** log2 of the bytes between two places where instructions can start. */
const PARCEL_SHIFT = 1;
const WORD_SIGN_BIT = 31n;
const ENTRY_MASK = (1 << ENTRY_INDEX_BITS) - 1;
const ONE_CALL = 1 << ENTRY_INDEX_BITS;

const CHECK_MAPPING: FunctionSignature = {
  name: ColdExport.CHECK_MAPPING,
  parameters: ["i32", "i32", "i32"],
  result: "i32",
};

/** Parameters of a region function. */
const Parameter = { ORIGIN: 0, DEPTH_AND_ENTRY: 1, COUNT: 2 } as const;

/** A page that a region was built from. */
export interface RegionPage {
  /** Distance in pages from the origin. */
  readonly distance: number;
  /** Index in shared memory. */
  readonly hostPage: number;
  /** Generation of its code. */
  readonly generation: number;
}

/** Another region that can be called directly. */
export interface DirectCallee {
  /** Name of its function in the module. */
  readonly name: string;
  /** Label of the entry. */
  readonly label: number;
  /** Its origin as distance in bytes from the caller's. */
  readonly originOffset: number;
}

/** What a region is compiled with. */
export interface RegionContext extends AccessContext {
  /** Name of its function. */
  readonly name: string;
  /** Its slot. */
  readonly slot: number;
  /** Its control flow. */
  readonly graph: EntryGraph;
  /** Pages it was built from, the origin page first. */
  readonly pages: readonly RegionPage[];
  /** State slot of the program counter. */
  readonly pc: StateSlot;
  /** The region of this module that starts at a distance from the origin. */
  callee(offset: number): DirectCallee | null;
}

/** Kinds of shared departure code. */
type StubKind = "leave" | "return" | "chain";

interface Stub {
  readonly label: string;
  readonly kind: StubKind;
  readonly dirty: ElementSet;
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
  readonly #elementLocals: number[];
  /** Elements whose locals are doubles. */
  readonly #numbers: ReadonlySet<number>;
  readonly #budget: number;
  readonly #label: number;
  readonly #exitPc: number;
  readonly #exitReason: number;
  readonly #departs: number;
  readonly #stubs = new Map<string, Stub>();
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
    this.#state = new PromotedState(region, this.#graph.departureStarts);
    this.#accesses = new RegionAccesses(m, this.#accessHost(), functions, {
      region,
      looped: this.#graph.looped,
      context,
    });
    this.#numbers = findNumberElements(region, (element) => this.#state.number(element));
    this.#elementLocals = this.#state.elements.map((_, number) =>
      this.locals.permanent(this.#elementType(number))
    );
    this.#budget = this.locals.permanent("i32");
    this.#label = this.locals.permanent("i32");
    this.#exitPc = this.locals.permanent("i64");
    this.#exitReason = this.locals.permanent("i32");
    this.#departs = this.locals.permanent("i32");
    this.#block = region.entries[0].block;
    this.#dirty = this.#state.dirtyIn(this.#block);
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
    const body = this.#withStubs(m.block(null, [this.#prologue(), code]));
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
    const { m } = this;
    const statements = [
      m.localSet(this.#budget, this.#control(Control.BUDGET)),
      m.localSet(
        this.#label,
        m.binary("i32.and", m.localGet(Parameter.DEPTH_AND_ENTRY, I32), m.i32(ENTRY_MASK)),
      ),
      ...this.#context.pages.map((page) => this.#checkGeneration(page)),
      ...(this.#context.pages.length > 1 ? [this.#checkMapping()] : []),
      m.ifRare(
        m.binary("i32.lt_s", m.localGet(this.#budget, I32), m.i32(1)),
        this.#refuse(LeaveReason.BUDGET),
      ),
      ...this.#accesses.startCaches(),
    ];
    return m.block(null, statements);
  }

  /** Leaves before anything was done: state pc is that of the entry already. */
  #refuse(reason: number): Expression[] {
    const { m } = this;
    return [this.#setControl(Control.REASON, m.i32(reason)), m.return(m.i64(LEAVE))];
  }

  /** ORDER: sc load at entry; partner: the begun-stores count before a store to the page's code. */
  #checkGeneration({ hostPage, generation }: RegionPage): Expression {
    const { m } = this;
    const begun = m.atomicLoad("ram", 4, I32, m.i32(PAGE_STORES_BEGUN + hostPage * 4));
    return m.ifRare(m.binary("i32.ne", begun, m.i32(generation)), this.#refuse(LeaveReason.DEAD));
  }

  #checkMapping(): Expression {
    const { m } = this;
    const { slot } = this.#context;
    const origin = (): Expression => m.localGet(Parameter.ORIGIN, I64);
    const page = m.binary(
      "i64.shl",
      m.binary("i64.shr_u", origin(), m.i64(PAGE_SHIFT)),
      m.i64(32n),
    );
    const present = m.binary(
      "i64.or",
      page,
      m.unary("i64.extend_i32_u", this.#control(Control.CONTEXT)),
    );
    const checked = m.load(
      "cpu",
      8,
      false,
      I64,
      m.i32(MappingChecks.BASE + (slot << MappingChecks.ENTRY_SHIFT)),
    );
    const high = m.unary("i32.wrap_i64", m.binary("i64.shr_u", origin(), m.i64(32n)));
    const ok = m.call(this.#functions.imported(CHECK_MAPPING), [
      m.i32(slot),
      m.unary("i32.wrap_i64", origin()),
      high,
    ], I32);
    return m.ifRare(m.binary("i64.ne", checked, present), [
      m.if(m.unary("i32.eqz", ok), m.block(null, this.#refuse(LeaveReason.UNMAPPED))),
    ]);
  }

  #control(offset: number): Expression {
    return this.m.load("cpu", 4, false, I32, this.m.i32(offset));
  }

  #setControl(offset: number, value: Expression): Expression {
    return this.m.store("cpu", 4, I32, this.m.i32(offset), value);
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
    return [...this.#loadElements(needed), ...this.#checkConditions([0, ...rootTargets])];
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
      const isEntered = m.binary("i32.eq", m.localGet(this.#label, I32), m.i32(label));
      const violations = conditions.map((condition) => this.#violation(condition))
        .reduce((a, b) => m.binary("i64.or", a, b));
      const isRefused = m.binary(
        "i32.and",
        isEntered,
        m.unary("i32.eqz", m.unary("i64.eqz", violations)),
      );
      return [
        m.ifRare(isRefused, this.#departure(this.pcRelative(offset), LeaveReason.COLD_STEP, 0)),
      ];
    });
  }

  /** Not zero where the condition does not hold. */
  #violation(condition: EntryCondition): Expression {
    const { m } = this;
    const value = (): Expression => this.stateGet(condition.slot, condition.index);
    if (condition.range === "u31") return m.binary("i64.shr_u", value(), m.i64(WORD_SIGN_BIT));
    return m.binary("i64.xor", value(), m.unary("i64.extend32_s", value()));
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
    const end = this.#switch(targets, targets[0]);
    return { statements: [...this.#loadElements(needed), ...this.#checkConditions(targets)], end };
  }

  #loadElements(elements: ElementSet): Expression[] {
    return [...elements.elements()].map((number) =>
      this.m.localSet(this.#elementLocals[number], this.#loadElement(number))
    );
  }

  #elementType(number: number): ValueType {
    return this.#numbers.has(number) ? "f64" : this.#state.elements[number].slot.type;
  }

  #loadElement(number: number): Expression {
    const { slot, index } = this.#state.elements[number];
    return this.#loadState(slot, index, this.#elementType(number));
  }

  #loadState(slot: StateSlot, index: number, type: ValueType = slot.type): Expression {
    const bytes = slot.type === "i32" ? 4 : 8;
    const address = this.m.i32(GUEST_STATE + elementOffset(slot, index));
    return this.m.load("cpu", bytes, false, wasmType(type), address);
  }

  #storeState(
    slot: StateSlot,
    index: number,
    value: Expression,
    type: ValueType = slot.type,
  ): Expression {
    const bytes = slot.type === "i32" ? 4 : 8;
    const address = this.m.i32(GUEST_STATE + elementOffset(slot, index));
    return this.m.store("cpu", bytes, wasmType(type), address, value);
  }

  #leaveTo(block: Block): NodeCode {
    this.#dirty = this.#state.dirtyIn(block);
    this.push(this.m.localSet(this.#exitPc, this.pcRelative(offsetOf(block))));
    this.#goStub("chain");
    return { statements: this.endBlock(), end: { kind: "leave" } };
  }

  #departFrom(block: Block): NodeCode {
    const end = block.terminator as DispatchEnd;
    this.#dirty = this.#state.dirtyOut(block);
    this.#goStub(end.transfer === "return" ? "return" : "chain");
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
    if (this.#graph.headers.has(block)) this.#checkBudget(block);
    if (block.instructions > 0) this.#addBudget(-block.instructions);
    this.lowerOperations(block);
    const end = this.#terminate(block, block.terminator as Terminator);
    return { statements: this.endBlock(), end };
  }

  #checkBudget(block: Block): void {
    const { m } = this;
    const leave = this.#departure(this.pcRelative(offsetOf(block)), LeaveReason.BUDGET, 0);
    this.push(m.ifRare(m.binary("i32.lt_s", m.localGet(this.#budget, I32), m.i32(1)), leave));
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
    const { m } = this;
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
        this.push(m.localSet(this.#exitPc, this.use(terminator.pc)));
        this.#goStub(terminator.transfer === "return" ? "return" : "chain");
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
    this.push(m.localSet(this.#exitPc, this.use(pc)));
    const exitPc = (): Expression => m.localGet(this.#exitPc, I64);
    const nodes = targets.map((target) => this.#graph.target(block, target.block));
    const otherwise = this.#graph.departureOf(block);
    if (targets.length === 1) {
      const condition = m.binary("i64.eq", exitPc(), this.pcRelative(targets[0].offset));
      return { kind: "branch", condition, taken: nodes[0], otherwise };
    }
    const first = Math.min(...targets.map(({ offset }) => offset));
    const table: number[] = [];
    targets.forEach(({ offset }, index) => table[(offset - first) >> PARCEL_SHIFT] = nodes[index]);
    const distance = m.binary("i64.sub", exitPc(), this.pcRelative(first));
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
    this.push(m.localSet(this.#exitPc, this.use(pc)));
    const callee = pc.opcode === "guest.pc_relative"
      ? this.#context.callee((pc.attribute as { offset: number }).offset)
      : null;
    if (this.#context.isChecked) {
      this.#goStub("return");
      return { kind: "leave" };
    }
    const depth = m.binary("i32.lt_u", m.localGet(Parameter.DEPTH_AND_ENTRY, I32), m.i32(ONE_CALL));
    this.push(m.ifRare(depth, [m.br(this.#stub("return", this.#dirty).label)]));
    this.statements.push(...this.#storeElements(this.#dirty));
    this.push(this.#setControl(Control.BUDGET, m.localGet(this.#budget, I32)));
    const returned = this.toLocal(
      callee === null ? this.#callUnknown() : this.#callDirect(callee),
      "i64",
    );
    const mismatch = m.binary("i64.ne", m.localGet(returned, I64), this.use(link));
    this.push(m.ifRare(mismatch, [m.return(m.localGet(returned, I64))]));
    this.push(m.localSet(this.#budget, this.#control(Control.BUDGET)));
    this.#accesses.dropReservation();
    this.statements.push(...this.#loadElements(this.#state.liveIn(then)));
    return { kind: "jump", target: this.#graph.target(block, then) };
  }

  /** Depth of a callee, entry bits clear. */
  #calleeDepth(): Expression {
    const { m } = this;
    const mine = m.binary(
      "i32.and",
      m.localGet(Parameter.DEPTH_AND_ENTRY, I32),
      m.i32(~ENTRY_MASK),
    );
    return m.binary("i32.sub", mine, m.i32(ONE_CALL));
  }

  #callUnknown(): Expression {
    return this.m.call(this.#functions.transfer("enter"), [
      this.m.localGet(this.#exitPc, I64),
      this.#calleeDepth(),
    ], I64);
  }

  #callDirect({ name, label, originOffset }: DirectCallee): Expression {
    const { m } = this;
    this.push(this.#storeState(this.#context.pc, 0, m.localGet(this.#exitPc, I64)));
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

  #storeElements(elements: ElementSet): Expression[] {
    return [...elements.elements()].map((number) => {
      const { slot, index } = this.#state.elements[number];
      const type = this.#elementType(number);
      const value = this.m.localGet(this.#elementLocals[number], wasmType(type));
      return this.#storeState(slot, index, value, type);
    });
  }

  #stub(kind: StubKind, dirty: ElementSet): Stub {
    const key = `${kind}.${dirty.key}`;
    let stub = this.#stubs.get(key);
    if (stub === undefined) {
      stub = { label: `stub${this.#stubs.size}`, kind, dirty: dirty.copy() };
      this.#stubs.set(key, stub);
    }
    return stub;
  }

  #goStub(kind: StubKind): void {
    const allowed = kind === "chain" && this.#context.isChecked ? "return" : kind;
    this.push(this.m.br(this.#stub(allowed, this.#dirty).label));
  }

  /** Statements that leave to the trampoline, to go on at `pc`, giving back what was not executed. */
  #departure(pc: Expression, reason: number, unused: number): Expression[] {
    const { m } = this;
    return [
      m.localSet(this.#exitPc, pc),
      m.localSet(this.#exitReason, m.i32(reason)),
      ...(unused === 0 ? [] : [m.localSet(this.#budget, this.#budgetPlus(unused))]),
      m.br(this.#stub("leave", this.#dirty).label),
    ];
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
    return this.#departure(this.use(pc), reason, unused);
  }

  /** The cold tier executes the current instruction. */
  #stepHere(): Expression[] {
    const { offset, index } = this.#current();
    return this.#departure(
      this.pcRelative(offset),
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
    const leave = this.#departure(this.pcRelative(offset), ExitReason.REFRESH, unused);
    this.push(m.ifRare(m.localGet(this.#departs, I32), leave));
    this.#isDeparting = false;
  }

  /** Wraps the body into one block for each stub, with the stubs behind it. */
  #withStubs(body: Expression): Expression {
    const { m } = this;
    return [...this.#stubs.values()].reduce((inner, stub) => {
      const code = [m.block(stub.label, [inner, m.unreachable()]), ...this.#stubCode(stub)];
      return m.block(null, code, I64);
    }, body);
  }

  #stubCode({ kind, dirty }: Stub): Expression[] {
    const { m } = this;
    const exitPc = (): Expression => m.localGet(this.#exitPc, I64);
    const stores = [
      ...this.#storeElements(dirty),
      this.#setControl(Control.BUDGET, m.localGet(this.#budget, I32)),
    ];
    if (kind === "return") return [...stores, m.return(exitPc())];
    if (kind === "chain") {
      const depth = m.binary(
        "i32.and",
        m.localGet(Parameter.DEPTH_AND_ENTRY, I32),
        m.i32(~ENTRY_MASK),
      );
      return [...stores, m.returnCall(this.#functions.transfer("chain"), [exitPc(), depth], I64)];
    }
    return [
      ...stores,
      this.#storeState(this.#context.pc, 0, exitPc()),
      this.#setControl(Control.REASON, m.localGet(this.#exitReason, I32)),
      m.return(m.i64(LEAVE)),
    ];
  }

  // --- operations -----------------------------------------------------------------------------------

  protected override stateGet(slot: StateSlot, index: number): Expression {
    if (!slot.promotable) return this.#loadState(slot, index);
    const element = this.#state.number({ slot, index });
    const type = this.#elementType(element);
    const value = this.m.localGet(this.#elementLocals[element], wasmType(type));
    return type === slot.type ? value : this.m.unary("i64.reinterpret_f64", value);
  }

  protected override stateSet(slot: StateSlot, index: number, value: Expression): Expression {
    if (!slot.promotable) return this.#storeState(slot, index, value);
    const element = this.#state.number({ slot, index });
    this.#dirty.add(element);
    const carried = this.#numbers.has(element) ? this.m.unary("f64.reinterpret_i64", value) : value;
    return this.m.localSet(this.#elementLocals[element], carried);
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
    const { m } = this;
    this.#accesses.dropReservation();
    switch (fenceKind(this.#context.host, order)) {
      case "nothing":
        return null;
      case "exchange":
        return m.drop(m.atomicUpdate("xchg", "cpu", 4, I32, m.i32(Control.BARRIER), m.i32(0)));
      case "fence":
        return m.atomicFence();
    }
  }

  protected override beforeCall(callee: FunctionSignature): Expression[] {
    this.#functions.guest(callee);
    const { index } = this.#current();
    this.#accesses.dropReservation();
    return [this.#setControl(Control.BUDGET, this.#budgetPlus(this.#block.instructions - index))];
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
