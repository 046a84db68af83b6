/**
 * Random sound regions, and runs of them that can be compared.
 *
 * A plan is plain numbers, so that it shrinks well; building it reads them modulo whatever is on offer. All
 * preconditions of the opcode table are met by construction, memory accesses mostly hit RAM, and a run that
 * does not end is cut off at a number of blocks.
 */
import fc from "fast-check";
import { Builder } from "../../ir/builder.ts";
import { analyzeControlFlow, isReachable } from "../../ir/control_flow.ts";
import { DominatorTree } from "../../ir/dominators.ts";
import { StateLayout, type StateSlot } from "../../ir/guest_state.ts";
import { FLOAT_FUNCTIONS } from "../../ir/interpreter/float.ts";
import { INTEGER_FUNCTIONS } from "../../ir/interpreter/integer.ts";
import { type Opcode, opcodeRow, RMW_OPERATIONS } from "../../ir/opcodes.ts";
import {
  type Block,
  type FunctionSignature,
  Region,
  type TransferKind,
  type Value,
} from "../../ir/region.ts";
import { printRegion } from "../../ir/text/printer.ts";
import type { MemoryWidth, ValueType } from "../../ir/types.ts";

/** State that generated regions work on; element counts are powers of two. */
export const FUZZ_LAYOUT: StateLayout = new StateLayout([
  { name: "x", type: "i64", count: 4, promotable: true },
  { name: "flag", type: "i32", promotable: true },
  { name: "control", type: "i64", count: 2 },
  { name: "mode", type: "i32" },
]);

/** Host function that generated regions call. */
export const FUZZ_CALLEE: FunctionSignature = {
  name: "mix",
  parameters: ["i64", "i32"],
  result: "i64",
};

/** State that it changes, of what is exposed to calls. */
const FUZZ_CHANGES: readonly StateSlot[] = ["control", "mode"].map((name) =>
  FUZZ_LAYOUT.slot(name)
);

/** First address of RAM. */
export const FUZZ_MEMORY_BASE = 0x1000n;
/** Bytes of RAM: a little less than the addresses that generated accesses reach. */
export const FUZZ_MEMORY_BYTES = 0x7c0;
const ADDRESS_MASK = 0x7f8;
/** Physical addresses must be in RAM. */
const PHYSICAL_MASK = 0x3f8;

/** Record fields that generated handlers read. */
export const FUZZ_FIELDS: Readonly<Record<string, bigint>> = { rd: 3n, rs1: 1n, imm: -12n };

/** One operation or end, as numbers. */
export interface StepPlan {
  /** What to make. */
  readonly choice: number;
  /** Which values it uses, and which alternatives of its attribute. */
  readonly picks: readonly [number, number, number, number];
  /** A number it may need. */
  readonly constant: bigint;
}

/** A block, as numbers. */
export interface BlockPlan {
  /** Its operations. */
  readonly steps: readonly StepPlan[];
  /** Its end. */
  readonly end: StepPlan;
}

const VARIABLES: readonly ValueType[] = ["i32", "i64", "f32", "f64"];
const INSTRUCTION_BYTES = 4;
const WIDTHS: readonly MemoryWidth[] = [8, 16, 32, 64];
const TRANSFERS: readonly TransferKind[] = ["jump", "call", "return", "indirect"];
const ORDERS = 16;

/** Opcodes that passes know rules for get most of the dice. */
const FAVOURITES: readonly Opcode[] = [
  "i64.add",
  "i64.sub",
  "i64.shl",
  "i64.and",
  "i64.extend32_s",
  "i32.wrap_i64",
  "i64.extend_i32_s",
  "i64.extend_i32_u",
  "i32.add",
  "i32.sub",
  "i32.shl",
  "i64.select",
  "i64.shr_u",
  "i64.shr_s",
  "i64.lt_s",
  "i64.lt_u",
];
const INTEGER_OPCODES = Object.keys(INTEGER_FUNCTIONS) as Opcode[];
const FLOAT_OPCODES = Object.keys(FLOAT_FUNCTIONS) as Opcode[];

const EDGE_CONSTANTS: readonly bigint[] = [
  0n,
  1n,
  -1n,
  2n,
  31n,
  32n,
  63n,
  64n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  -0x8000_0000n,
  -(2n ** 63n),
  2n ** 63n - 1n,
];

function pick<T>(from: readonly T[], number: number): T {
  return from[number % from.length];
}

/**
 * What a region is mostly made of: a bit of everything, reads and writes of few state elements, or
 * conversions between 32 and 64 bits. Mixtures seldom meet the conditions of a rule.
 */
export type Profile = "mixed" | "state" | "words";

const PROFILES: readonly Profile[] = ["mixed", "state", "words"];

/** Elements of a register file that the state profile works on. */
const FEW_ELEMENTS = 2;
/** One operand in so many is a constant. */
const CONSTANT_SHARE = 4;

/** A region that is built from numbers. */
export class RegionPlan {
  /** What kind of region it is. */
  readonly kind: Region["kind"];
  /** See {@linkcode Profile}. */
  readonly profile: Profile;
  /** Its blocks; a handler uses the first only. */
  readonly blocks: readonly BlockPlan[];

  /** Made by {@linkcode regionPlans}. */
  constructor(kind: Region["kind"], profile: Profile, blocks: readonly BlockPlan[]) {
    this.kind = kind;
    this.profile = profile;
    this.blocks = kind === "handler" ? blocks.slice(0, 1) : blocks;
  }

  /** Builds the region; each call gives a new one. */
  build(): Region {
    return new PlanBuilder(this).build();
  }

  /** Text form: what fast-check shows of a counterexample. */
  toString(): string {
    return printRegion(this.build());
  }

  /** See {@linkcode RegionPlan.toString}. */
  [fc.toStringMethod](): string {
    return this.toString();
  }
}

/** Builds one region; see {@linkcode RegionPlan}. */
class PlanBuilder {
  readonly #plan: RegionPlan;
  readonly #region: Region;
  readonly #b: Builder;
  #available: Value[] = [];
  #boundaries = 0;

  constructor(plan: RegionPlan) {
    this.#plan = plan;
    const signature: FunctionSignature | null = plan.kind === "function"
      ? { name: "fuzz", parameters: ["i32", "i64"], result: "i64" }
      : null;
    this.#region = new Region("fuzz", plan.kind, signature);
    for (const type of VARIABLES) this.#region.addVariable(`v_${type}`, type);
    for (let made = 0; made < plan.blocks.length; made++) this.#region.addBlock();
    this.#b = new Builder(this.#region);
  }

  build(): Region {
    const region = this.#region;
    // Ends are made twice: first with the right targets and no matter what values, for dominance.
    const placeholder = region.makeOperation("i32.const", "i32", [], { constant: 0n });
    region.blocks.forEach((block, index) => {
      const [a, b] = this.#targets(this.#plan.blocks[index].end);
      block.terminator = { kind: "branch", condition: placeholder, taken: a, otherwise: b };
      if (a === b) block.terminator = { kind: "jump", target: a };
      if (!this.#staysInside(this.#plan.blocks[index].end)) block.terminator = { kind: "next" };
    });
    if (region.kind === "region") {
      region.entries = [{ block: region.blocks[0], offset: 0 }];
      const second = region.blocks.at(-1);
      if (second !== undefined && second !== region.blocks[0]) {
        region.entries.push({ block: second, offset: INSTRUCTION_BYTES });
      }
    }
    this.#fillBlocks();
    return region;
  }

  #fillBlocks(): void {
    const flow = analyzeControlFlow(this.#region);
    const dominators = new DominatorTree(flow);
    const unreachable = this.#region.blocks.filter((block) => !isReachable(flow, block));
    const atEnd = new Map<Block, Value[]>();
    for (const block of [...flow.reversePostorder, ...unreachable]) {
      const above = dominators.immediateDominator(block);
      this.#available = above === null ? [] : [...(atEnd.get(above) ?? [])];
      this.#fillBlock(block, this.#plan.blocks[this.#region.blocks.indexOf(block)]);
      atEnd.set(block, this.#available);
    }
  }

  #fillBlock(block: Block, { steps, end }: BlockPlan): void {
    block.terminator = null;
    this.#b.setBlock(block);
    this.#boundaries = 0;
    if (this.#region.kind === "region") this.#boundary();
    for (const step of steps) this.#step(step);
    this.#end(end);
    block.instructions = this.#boundaries;
  }

  // --- values ---------------------------------------------------------------------------------------

  /** A value of the type: an available one, or a constant. */
  #value(type: ValueType, step: StepPlan, which: number): Value {
    const candidates = this.#available.filter((value) => value.type === type);
    const number = step.picks[which];
    if (number % CONSTANT_SHARE === 0) return this.#constant(type, step.constant);
    // The newest values first, so that chains form.
    const at = Math.floor(number / CONSTANT_SHARE) % (candidates.length + 1);
    return candidates.at(-1 - at) ?? this.#constant(type, step.constant);
  }

  #constant(type: ValueType, constant: bigint): Value {
    switch (type) {
      case "i32":
        return this.#keep(this.#b.i32(Number(BigInt.asIntN(32, constant))));
      case "i64":
        return this.#keep(this.#b.i64(constant));
      case "f32":
        return this.#keep(this.#b.op("f32.reinterpret_i32", this.#constant("i32", constant)));
      case "f64":
        return this.#keep(this.#b.op("f64.reinterpret_i64", this.#constant("i64", constant)));
    }
  }

  #keep(value: Value): Value {
    if (value.type !== "void") this.#available.push(value);
    return value;
  }

  #address(step: StepPlan, which: number, mask = ADDRESS_MASK): Value {
    const b = this.#b;
    const offset = b.and(this.#value("i64", step, which), b.i64(mask));
    return this.#keep(b.add(offset, b.i64(FUZZ_MEMORY_BASE)));
  }

  #index(slot: StateSlot, step: StepPlan, which: number): Value {
    return this.#keep(this.#b.and(this.#value("i32", step, which), this.#b.i32(slot.count - 1)));
  }

  // --- operations -----------------------------------------------------------------------------------

  #boundary(): void {
    this.#b.append("guest.boundary", "void", [], {
      offset: this.#b.block.id * 64 + this.#boundaries * INSTRUCTION_BYTES,
      length: INSTRUCTION_BYTES,
      index: this.#boundaries++,
    });
  }

  #step(step: StepPlan): void {
    const makers = this.#makers();
    pick(makers, step.choice)(step);
  }

  /** Makers by weight: one that is listed three times is three times as likely. */
  #makers(): readonly ((step: StepPlan) => void)[] {
    const pure = (from: readonly Opcode[]) => (step: StepPlan) =>
      this.#pure(pick(from, step.picks[3]), step);
    const favourite = pure(FAVOURITES);
    const state = (step: StepPlan) => this.#state(step);
    const stateByOperand = (step: StepPlan) => this.#stateByOperand(step);
    const constant = (step: StepPlan) =>
      this.#constant(pick(VARIABLES, step.picks[0]), step.constant);
    const isFunction = this.#region.kind === "function";
    const guest = isFunction ? state : (step: StepPlan) => this.#guest(step);
    const leave = isFunction ? state : (step: StepPlan) => this.#b.leaveIf(this.#rare(step));
    const own = this.#ownMaker();
    switch (this.#plan.profile) {
      case "state":
        return [state, state, state, state, state, stateByOperand, favourite, own, own, leave];
      case "words":
        return [favourite, favourite, favourite, pure(INTEGER_OPCODES), constant, guest];
      case "mixed":
        return [
          favourite,
          favourite,
          favourite,
          pure(INTEGER_OPCODES),
          pure(INTEGER_OPCODES),
          pure(FLOAT_OPCODES),
          state,
          state,
          state,
          stateByOperand,
          (step) => this.#variable(step),
          constant,
          (step) => this.#callOrPhysical(step),
          guest,
          guest,
          own,
          leave,
        ];
    }
  }

  /** What only this kind of region has. */
  #ownMaker(): (step: StepPlan) => void {
    switch (this.#region.kind) {
      case "region":
        return (step) => this.#inRegion(step);
      case "handler":
        return (step) => this.#inHandler(step);
      case "function":
        return (step) => this.#variable(step);
    }
  }

  #pure(opcode: Opcode, step: StepPlan): void {
    const types = opcodeRow(opcode).operands ?? [];
    const operands = types.map((type, index) => this.#value(type, step, index));
    const isDivision = /^i(32|64)\.(div|rem)_/.test(opcode);
    if (isDivision) operands[1] = this.#divisor(operands[1]);
    this.#keep(this.#b.op(opcode, ...operands));
  }

  /** Positive and odd: neither zero nor the cause of an overflow. */
  #divisor(value: Value): Value {
    const b = this.#b;
    if (value.type === "i32") return b.or(b.and(value, b.i32(0x7fff_ffff)), b.i32(1));
    return b.or(b.and(value, b.i64(2n ** 63n - 1n)), b.i64(1));
  }

  /** A slot; regions and handlers work mostly on the first one, the register file. */
  #slot(number: number): StateSlot {
    const slots = [...FUZZ_LAYOUT.slots()].filter(({ promotable }) =>
      !promotable || this.#region.kind !== "function"
    );
    return number % 2 === 0 ? slots[0] : pick(slots, number);
  }

  #state(step: StepPlan): void {
    const [, element, which, direction] = step.picks;
    const slot = this.#slot(which);
    const index = element % (this.#plan.profile === "state" ? FEW_ELEMENTS : slot.count) %
      slot.count;
    if (direction % 2 === 0) this.#keep(this.#b.getState(slot, index));
    else this.#b.setState(slot, this.#value(slot.type, step, 0), index);
  }

  #stateByOperand(step: StepPlan): void {
    const [, , which, direction] = step.picks;
    const slot = this.#slot(which);
    const index = this.#index(slot, step, 1);
    if (direction % 2 === 0) this.#keep(this.#b.getStateAt(slot, index));
    else this.#b.setStateAt(slot, index, this.#value(slot.type, step, 0));
  }

  #variable(step: StepPlan): void {
    const variable = pick(this.#region.variables, step.picks[2]);
    if (step.picks[3] % 2 === 0) this.#keep(this.#b.getVariable(variable));
    else this.#b.setVariable(variable, this.#value(variable.type, step, 0));
  }

  #callOrPhysical(step: StepPlan): void {
    const b = this.#b;
    const width = WIDTHS[2 + step.picks[2] % 2];
    const makers = [
      () => b.call(FUZZ_CALLEE, this.#value("i64", step, 0), this.#value("i32", step, 1)),
      () =>
        b.callUnless(
          this.#value("i32", step, 2),
          this.#value("i64", step, 1),
          { callee: FUZZ_CALLEE, changes: FUZZ_CHANGES },
          this.#value("i64", step, 0),
          this.#value("i32", step, 1),
        ),
      () => b.op("phys.in_ram", this.#value("i64", step, 0)),
      () => b.op("lines.get"),
      () => b.append("lines.or", "void", [this.#value("i32", step, 0)], null),
      () => b.append("lines.and", "void", [this.#value("i32", step, 0)], null),
      () => b.physicalLoad(this.#address(step, 0, PHYSICAL_MASK), width),
      () =>
        b.physicalCompareExchange(
          this.#address(step, 0, PHYSICAL_MASK),
          this.#value("i64", step, 1),
          this.#value("i64", step, 2),
          width,
        ),
    ];
    this.#keep(pick(makers, step.picks[3])());
  }

  #guest(step: StepPlan): void {
    const order = step.picks[2] % ORDERS;
    const kind = step.picks[3] % (ACCESS_KINDS + 2);
    if (kind < ACCESS_KINDS) return this.#access(step, kind);
    if (kind > ACCESS_KINDS) this.#fenceBefore(step);
    this.#b.fence(order);
  }

  /** A fence and what may keep it apart from the next one: an access, or a departure at the instruction's end. */
  #fenceBefore(step: StepPlan): void {
    const order = step.picks[0] % ORDERS;
    const kind = step.picks[1] % (ACCESS_KINDS + 1);
    const departs = kind === ACCESS_KINDS && this.#region.kind === "region";
    if (departs) this.#b.leaveIf(this.#rare(step));
    this.#b.fence(order);
    if (kind < ACCESS_KINDS) this.#access(step, kind);
    else if (departs) this.#boundary();
  }

  #access(step: StepPlan, kind: number): void {
    const b = this.#b;
    const order = step.picks[2] % ORDERS;
    const width = WIDTHS[step.picks[1] % WIDTHS.length];
    const atomic = { width: WIDTHS[2 + step.picks[1] % 2], order };
    const signed = step.picks[1] % 3 === 0;
    const value = () => this.#value("i64", step, 1);
    const makers = [
      () => b.load(this.#address(step, 0), { width, order, signed }),
      () => b.store(this.#address(step, 0), value(), { width, order }),
      () => b.rmw(pick(RMW_OPERATIONS, step.picks[2]), this.#address(step, 0), value(), atomic),
      () =>
        b.append(
          "guest.cmpxchg",
          "i64",
          [this.#address(step, 0), value(), this.#value("i64", step, 2)],
          { ...atomic, signed: true },
        ),
      () => b.loadReserved(this.#address(step, 0), atomic),
      () => b.storeConditional(this.#address(step, 0), value(), atomic),
      () => b.trapIf(this.#rare(step), this.#value("i32", step, 1), this.#value("i64", step, 2)),
    ];
    const made = pick(makers, kind)();
    if (made !== undefined) this.#keep(made);
  }

  /** A condition that seldom holds. */
  #rare(step: StepPlan): Value {
    const value = this.#b.and(this.#value("i32", step, 0), this.#b.i32(3));
    return this.#b.eq(value, this.#b.i32(3));
  }

  #inRegion(step: StepPlan): void {
    if (step.picks[3] % 2 === 0) this.#boundary();
    else this.#pcRelative(step.picks[0]);
  }

  #pcRelative(offset: number): Value {
    return this.#keep(this.#b.append("guest.pc_relative", "i64", [], { offset: offset - 128 }));
  }

  #inHandler(step: StepPlan): void {
    const b = this.#b;
    const field = pick(Object.keys(FUZZ_FIELDS), step.picks[0]);
    const makers = [
      () => b.append("field.i32", "i32", [], { field }),
      () => b.append("field.i64", "i64", [], { field }),
      () => b.op("guest.pc"),
      () => b.op("guest.next_pc"),
      () => b.op("guest.encoding"),
    ];
    this.#keep(pick(makers, step.picks[3])());
  }

  // --- ends -----------------------------------------------------------------------------------------

  #targets({ picks }: StepPlan): [Block, Block] {
    return [pick(this.#region.blocks, picks[2]), pick(this.#region.blocks, picks[3])];
  }

  /** Two of three ends stay in the region, so that there are joins and loops. */
  #staysInside({ choice }: StepPlan): boolean {
    return this.#region.kind !== "handler" && choice % 3 !== 0;
  }

  #end(step: StepPlan): void {
    if (this.#staysInside(step)) this.#jumpOrBranch(step);
    else if (this.#region.kind === "function") this.#b.return(this.#value("i64", step, 0));
    else this.#leave(step);
  }

  #jumpOrBranch(step: StepPlan): void {
    const [taken, otherwise] = this.#targets(step);
    const b = this.#b;
    if (taken === otherwise) {
      const isCall = this.#region.kind === "region" && step.picks[1] % 4 === 0;
      if (!isCall) return b.jump(taken);
      const [pc, link] = [this.#value("i64", step, 0), this.#pcRelative(step.picks[1])];
      return b.terminate({ kind: "call", pc, link, then: taken });
    }
    if (this.#region.kind === "region" && step.picks[1] % 4 === 1) {
      return this.#dispatch(step, taken, otherwise);
    }
    if (step.picks[1] % 4 === 0) {
      const index = this.#value("i32", step, 0);
      return b.terminate({ kind: "switch", index, targets: [taken, otherwise], otherwise: taken });
    }
    b.branch(this.#value("i32", step, 0), taken, otherwise);
  }

  /** A computed jump to any address, or to one of the two. */
  #dispatch(step: StepPlan, taken: Block, otherwise: Block): void {
    const [first, second] = [step.picks[0] & ~1, step.picks[1] & ~1];
    const pc = pick(
      [this.#value("i64", step, 0), this.#pcRelative(first), this.#pcRelative(second)],
      step.picks[3],
    );
    const targets = [{ offset: first - 128, block: taken }];
    if (second !== first) targets.push({ offset: second - 128, block: otherwise });
    this.#b.terminate({ kind: "dispatch", pc, transfer: "indirect", targets });
  }

  #leave(step: StepPlan): void {
    const b = this.#b;
    const address = (which: number) => this.#value("i64", step, which);
    const makers = [
      () => b.goto(address(0), pick(TRANSFERS, step.picks[1])),
      () => b.goto(address(0), "call", address(1)),
      () => b.gotoIf(this.#value("i32", step, 2), address(0), address(1)),
      () => b.exit(step.picks[1] % 4, address(0)),
      () => b.trap(this.#value("i32", step, 0), address(1)),
    ];
    if (this.#region.kind === "handler") makers.push(() => b.terminate({ kind: "next" }));
    pick(makers, step.picks[3])();
  }
}

/** Ways of `#access()`. */
const ACCESS_KINDS = 7;
const MOST_BLOCKS = 6;
const MOST_STEPS = 24;
const PICKS = 255;

const pickNumber = fc.nat(PICKS);

/** Constants: edges, small numbers and anything. */
export const fuzzConstants: fc.Arbitrary<bigint> = fc.oneof(
  fc.constantFrom(...EDGE_CONSTANTS),
  fc.bigInt(-16n, 16n),
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
);

const stepPlans: fc.Arbitrary<StepPlan> = fc.record({
  choice: pickNumber,
  picks: fc.tuple(pickNumber, pickNumber, pickNumber, pickNumber),
  constant: fuzzConstants,
});

const blockPlans: fc.Arbitrary<BlockPlan> = fc.record({
  steps: fc.array(stepPlans, { maxLength: MOST_STEPS, size: "max" }),
  end: stepPlans,
});

/** Plans of sound regions, of one kind or of all. */
export function regionPlans(
  ...kinds: readonly Region["kind"][]
): fc.Arbitrary<RegionPlan> {
  const allowed = kinds.length === 0 ? ["region", "handler", "function"] as const : kinds;
  return fc.tuple(
    fc.constantFrom(...allowed),
    fc.constantFrom(...PROFILES),
    fc.array(blockPlans, { minLength: 1, maxLength: MOST_BLOCKS, size: "max" }),
  ).map(([kind, profile, blocks]) => new RegionPlan(kind, profile, blocks));
}
