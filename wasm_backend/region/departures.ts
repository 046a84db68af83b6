/**
 * How a region's code is left: back to the caller, on to another region, or to the trampoline.
 *
 * Each departure stores the registers that may be dirty there. Places with the same set share one stub behind
 * the region's code, so that the code itself holds but a branch.
 */
import { LEAVE } from "../abi/leave_reason.ts";
import { Control, ENTRY_INDEX_BITS } from "../abi/vcpu_layout.ts";
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
 * What a stub does: `leave` goes to the trampoline with a reason, `return` gives the next address to whoever
 * called the region, `chain` jumps to the region at the next address.
 */
export type StubKind = "leave" | "return" | "chain";

interface Stub {
  readonly label: string;
  readonly kind: StubKind;
  readonly dirty: ElementSet;
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
  readonly #exitPc: number;
  readonly #exitReason: number;
  readonly #stubs = new Map<string, Stub>();

  /** Departures of one region. */
  constructor(m: ModuleBuilder, context: DepartureContext) {
    this.m = m;
    this.#context = context;
    this.#exitPc = context.locals.permanent("i64");
    this.#exitReason = context.locals.permanent("i32");
  }

  /** The address that was set to go on at. */
  nextPc(): Expression {
    return this.m.localGet(this.#exitPc, I64);
  }

  /** Sets the address to go on at. */
  setNextPc(pc: Expression): Expression {
    return this.m.localSet(this.#exitPc, pc);
  }

  /** Goes on at the next address that was set. */
  go(kind: "return" | "chain", dirty: ElementSet): Expression {
    const allowed = kind === "chain" && this.#context.isChecked ? "return" : kind;
    return this.m.br(this.#stub(allowed, dirty).label);
  }

  /** Statements that leave to the trampoline, to go on at `pc`, giving back what was not executed. */
  leave(pc: Expression, reason: number, unused: number, dirty: ElementSet): Expression[] {
    const { m } = this;
    const { budget } = this.#context;
    const left = m.binary("i32.add", m.localGet(budget, I32), m.i32(unused));
    return [
      this.setNextPc(pc),
      m.localSet(this.#exitReason, m.i32(reason)),
      ...(unused === 0 ? [] : [m.localSet(budget, left)]),
      m.br(this.#stub("leave", dirty).label),
    ];
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

  /** Wraps the region's code into one block for each stub, with the stubs behind it. */
  wrap(code: Expression): Expression {
    const { m } = this;
    return [...this.#stubs.values()].reduce((inner, stub) => {
      const outer = [m.block(stub.label, [inner, m.unreachable()]), ...this.#stubCode(stub)];
      return m.block(null, outer, I64);
    }, code);
  }

  #stubCode({ kind, dirty }: Stub): Expression[] {
    const { m } = this;
    const { registers, budget, functions, pc } = this.#context;
    const stores = [
      ...registers.store(dirty),
      storeControl(m, Control.BUDGET, m.localGet(budget, I32)),
    ];
    switch (kind) {
      case "return":
        return [...stores, m.return(this.nextPc())];
      case "chain": {
        const operands = [this.nextPc(), depthOf(m)];
        return [...stores, m.returnCall(functions.transfer("chain"), operands, I64)];
      }
      case "leave":
        return [
          ...stores,
          storeState(m, pc, 0, this.nextPc()),
          storeControl(m, Control.REASON, m.localGet(this.#exitReason, I32)),
          m.return(m.i64(LEAVE)),
        ];
    }
  }
}
