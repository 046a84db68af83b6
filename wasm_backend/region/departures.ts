/**
 * How a region's code is left: back to the caller, on to another region, or to the trampoline.
 *
 * Each departure stores the registers that may be dirty there. Places with the same set share one stub behind
 * the region's code, and a stub whose set contains another's stores what that one does not and goes on there. So
 * the code itself holds but a branch, and most registers are stored in one place. What a departure to the
 * trampoline has to tell is one number, which is taken apart behind the stubs.
 */
import { LEAVE } from "../abi/leave_reason.ts";
import { Control, ENTRY_INDEX_BITS, PARCEL_SHIFT } from "../abi/vcpu_layout.ts";
import { storeControl, storeState } from "../lower/guest_state_access.ts";
import type { LocalAllocation } from "../lower/local_allocation.ts";
import type { StateSlot } from "../../ir/guest_state.ts";
import { type Expression, type ModuleBuilder, wasmType } from "../module_builder.ts";
import type { ElementSet } from "./element_set.ts";
import type { RegionFunctions } from "./region_functions.ts";
import type { RegisterLocals } from "./register_locals.ts";

const I32 = wasmType("i32");
const I64 = wasmType("i64");
const ENTRY_MASK = (1 << ENTRY_INDEX_BITS) - 1;

/** Parameters of a region function. */
export const Parameter = { ORIGIN: 0, DEPTH_AND_ENTRY: 1, COUNT: 2 } as const;

/**
 * What comes behind the stubs: `step` goes to the trampoline, to go on where the departure's number says, `leave`
 * does so with the next address, `return` gives that to whoever called the region, `chain` jumps to the region
 * that is there.
 */
export type DepartureKind = "step" | "leave" | "return" | "chain";

/** Innermost first: a kind may go on as one behind it. */
const KINDS: readonly DepartureKind[] = ["step", "leave", "chain", "return"];

/** A departure's number: why, how many instructions were not executed, and the distance of the next in parcels. */
const Reason = { BITS: 5 } as const;
const Unused = { SHIFT: Reason.BITS, BITS: 12 } as const;
const Distance = {
  SHIFT: Unused.SHIFT + Unused.BITS,
  BITS: 32 - Unused.SHIFT - Unused.BITS,
} as const;

interface Stub {
  readonly label: string;
  readonly kind: DepartureKind;
  readonly dirty: ElementSet;
  /** Number of its registers. */
  readonly size: number;
}

/** Code that may be branched to by its label. */
interface Section {
  readonly label: string;
  readonly code: Expression[];
}

/** What stubs need of the region around them. */
export interface DepartureContext {
  /** Locals of the function. */
  readonly locals: LocalAllocation;
  /** Its registers. */
  readonly registers: RegisterLocals;
  /** Functions of the module. */
  readonly functions: RegionFunctions;
  /** Local of the instruction budget. */
  readonly budget: number;
  /** State slot of the program counter. */
  readonly pc: StateSlot;
  /** Does each region return to the trampoline instead of going on to another? */
  readonly isChecked: boolean;
}

/** The depth parameter with its entry bits clear. */
export function depthOf(m: ModuleBuilder): Expression {
  return m.binary("i32.and", m.localGet(Parameter.DEPTH_AND_ENTRY, I32), m.i32(~ENTRY_MASK));
}

/** See the header of this file. */
export class Departures {
  /** The module under construction. */
  readonly m: ModuleBuilder;
  readonly #context: DepartureContext;
  readonly #nextPc: number;
  readonly #number: number;
  readonly #stubs = new Map<string, Stub>();

  /** Departures of one region. */
  constructor(m: ModuleBuilder, context: DepartureContext) {
    this.m = m;
    this.#context = context;
    this.#nextPc = context.locals.permanent("i64");
    this.#number = context.locals.permanent("i32");
  }

  /** The address that was set to go on at. */
  nextPc(): Expression {
    return this.m.localGet(this.#nextPc, I64);
  }

  /** Sets the address to go on at. */
  setNextPc(pc: Expression): Expression {
    return this.m.localSet(this.#nextPc, pc);
  }

  /** Goes on at the next address that was set. */
  go(kind: "return" | "chain", dirty: ElementSet): Expression {
    const allowed = kind === "chain" && this.#context.isChecked ? "return" : kind;
    return this.m.br(this.#stub(allowed, dirty));
  }

  /** Statements that leave to the trampoline with the next address that was set, giving back what was not executed. */
  leave(reason: number, unused: number, dirty: ElementSet): Expression[] {
    return this.#depart("leave", numberOf(reason, unused, 0), dirty);
  }

  /** The same, to go on at a distance in bytes from the origin. */
  leaveAt(offset: number, reason: number, unused: number, dirty: ElementSet): Expression[] {
    return this.#depart("step", numberOf(reason, unused, offset >> PARCEL_SHIFT), dirty);
  }

  #depart(kind: DepartureKind, number: number, dirty: ElementSet): Expression[] {
    const { m } = this;
    return [m.localSet(this.#number, m.i32(number)), m.br(this.#stub(kind, dirty))];
  }

  #stub(kind: DepartureKind, dirty: ElementSet): string {
    const key = `${kind}.${dirty.key}`;
    let stub = this.#stubs.get(key);
    if (stub === undefined) {
      const { size } = dirty;
      stub = { label: `stub${this.#stubs.size}`, kind, dirty: dirty.copy(), size };
      this.#stubs.set(key, stub);
    }
    return stub.label;
  }

  /** Wraps the region's code into one block for each stub, with the stubs behind it. */
  wrap(code: Expression): Expression {
    const { m } = this;
    let before = [code, m.unreachable()];
    for (const section of this.#sections()) {
      before = [m.block(section.label, before), ...section.code];
    }
    return m.block(null, before, I64);
  }

  /** Innermost first: all branch outwards. */
  #sections(): Section[] {
    const stubs = [...this.#stubs.values()].sort((a, b) => b.size - a.size);
    const used = new Set(stubs.map(({ kind }) => kind));
    if (used.has("step")) used.add("leave");
    return [
      ...stubs.map((_, at) => this.#stubSection(stubs, at)),
      ...KINDS.filter((kind) => used.has(kind)).map((kind) => this.#endSection(kind)),
    ];
  }

  /** Goes on at the stub with most of its registers, out of smaller ones. */
  #stubSection(stubs: readonly Stub[], at: number): Section {
    const { label, kind, dirty } = stubs[at];
    const next = stubs.find((other, index) =>
      index > at && other.kind === kind && other.dirty.isWithin(dirty)
    );
    const stored = next === undefined ? dirty : dirty.without(next.dirty);
    const stores = this.#context.registers.store(stored);
    return { label, code: [...stores, this.m.br(next?.label ?? kind)] };
  }

  #endSection(kind: DepartureKind): Section {
    return { label: kind, code: this.#end(kind) };
  }

  #end(kind: DepartureKind): Expression[] {
    const { m } = this;
    const { functions } = this.#context;
    switch (kind) {
      case "step":
        return [this.setNextPc(this.#steppedPc()), m.br("leave")];
      case "leave":
        return this.#leaveEnd();
      case "return":
        return [this.#storeBudget(m.localGet(this.#context.budget, I32)), m.return(this.nextPc())];
      case "chain":
        return [
          this.#storeBudget(m.localGet(this.#context.budget, I32)),
          m.returnCall(functions.transfer("chain"), [this.nextPc(), depthOf(m)], I64),
        ];
    }
  }

  #leaveEnd(): Expression[] {
    const { m } = this;
    const number = (): Expression => m.localGet(this.#number, I32);
    const field = (shift: number, bits: number): Expression =>
      m.binary("i32.and", m.binary("i32.shr_u", number(), m.i32(shift)), m.i32((1 << bits) - 1));
    const unused = field(Unused.SHIFT, Unused.BITS);
    return [
      this.#storeBudget(m.binary("i32.add", m.localGet(this.#context.budget, I32), unused)),
      storeState(m, this.#context.pc, 0, this.nextPc()),
      storeControl(m, Control.REASON, m.binary("i32.and", number(), m.i32((1 << Reason.BITS) - 1))),
      m.return(m.i64(LEAVE)),
    ];
  }

  #storeBudget(budget: Expression): Expression {
    return storeControl(this.m, Control.BUDGET, budget);
  }

  #steppedPc(): Expression {
    const { m } = this;
    const distance = m.binary(
      "i32.shl",
      m.binary("i32.shr_s", m.localGet(this.#number, I32), m.i32(Distance.SHIFT)),
      m.i32(PARCEL_SHIFT),
    );
    const origin = m.localGet(Parameter.ORIGIN, I64);
    return m.binary("i64.add", origin, m.unary("i64.extend_i32_s", distance));
  }
}

function numberOf(reason: number, unused: number, parcels: number): number {
  const farthest = 1 << (Distance.BITS - 1);
  const fits = reason >> Reason.BITS === 0 && unused >> Unused.BITS === 0 &&
    parcels >= -farthest && parcels < farthest;
  if (!fits) {
    throw new RangeError(
      `Cannot tell of a departure: reason ${reason}, ${unused} instructions not executed, ${parcels} parcels away`,
    );
  }
  return reason | unused << Unused.SHIFT | parcels << Distance.SHIFT;
}
