/**
 * The trampoline's inner loop, `run`: enters regions, interprets what is not compiled, takes exceptions and
 * interrupts, and returns to TypeScript when the host is needed.
 *
 * Three nested loops: `refresh` looks at mode and interrupts, `dispatch` finds the decoded page of state
 * `pc`, `head` is the start of a block (budget, heat, regions), `next` executes one record. Registers live in
 * private memory; only the position is in locals. In the counting form a region leaves where the budget does not
 * cover its next block, and the loop executes the rest. No region frame is alive in this function's own code: this
 * is the trampoline of the memory protocols.
 */
import type { Region } from "../../ir/region.ts";
import { elementOffset } from "../../ir/guest_state.ts";
import type { StateSlot } from "../../ir/guest_state.ts";
import { LeaveReason } from "../abi/leave_reason.ts";
import { Control, Fault, GUEST_STATE, Look, Record, Skip } from "../abi/vcpu_layout.ts";
import { ExitReason } from "../../ir/exit_reason.ts";
import type { HostOrder } from "../host_order.ts";
import { LocalAllocation } from "../lower/local_allocation.ts";
import type { ModuleFunctions } from "../lower/operation_lowering.ts";
import { type Expression, type ModuleBuilder, wasmType } from "../module_builder.ts";
import { type DispatchFrame, HandlerLowering } from "./handler_lowering.ts";
import { canBeOutlined, OutlinedHandlerLowering, outlinedName } from "./outlined_handler.ts";

const I32 = wasmType("i32");
const I64 = wasmType("i64");
const VOID = wasmType("void");
const PAGE_MASK = -4096n;
const PAGE_BYTES = 4096n;
const PARCEL_OFFSET_MASK = 4094;
/** log2 of record bytes per instruction byte. */
const RECORD_SHIFT = Record.SHIFT - 1;

/**
 * `usual`: the budget ends the run at block heads. `replay`: it does so at any instruction, and what waits for the
 * host is left to whom is replayed. `counting`: it does so at any instruction, and so do LOOK_SOON and breakpoints.
 */
export type ColdTierForm = "usual" | "replay" | "counting";

/** What the loop is made from. */
export interface RunLoopParts {
  /** Handlers in handler order. */
  readonly handlers: readonly Region[];
  /** May the handler with that number be slower? */
  readonly isRare: (handler: number) => boolean;
  /** Names of the record's byte-wide fields. */
  readonly recordFields: readonly string[];
  /** State slot of the program counter. */
  readonly pc: StateSlot;
  /** Name of the function that enters an exception handler. */
  readonly trapEnter: string;
  /** Column of the order table. */
  readonly host: HostOrder;
  /** What it is for: one of {@linkcode ColdTierForm}. */
  readonly form: ColdTierForm;
}

/** Builds `run`. */
export class RunLoop {
  readonly #m: ModuleBuilder;
  readonly #functions: ModuleFunctions;
  readonly #parts: RunLoopParts;
  readonly #locals = new LocalAllocation(0);
  readonly #frame: DispatchFrame;
  readonly #mode = this.#locals.permanent("i32");
  readonly #heat = this.#locals.permanent("i32");
  readonly #skip = this.#locals.permanent("i32");
  readonly #retired = this.#locals.permanent("i64");

  /** Prepares the loop. */
  constructor(m: ModuleBuilder, functions: ModuleFunctions, parts: RunLoopParts) {
    this.#m = m;
    this.#functions = functions;
    this.#parts = parts;
    const local = (type: "i32" | "i64"): number => this.#locals.permanent(type);
    this.#frame = {
      record: local("i32"),
      records: local("i32"),
      page: local("i64"),
      budget: local("i32"),
      target: local("i64"),
      reason: local("i32"),
      value: local("i64"),
      departs: local("i32"),
      labels: {
        next: "next",
        transfer: "transfer",
        exit: "exit",
        trap: "trap",
        fault: "fault",
        refresh: "depart",
      },
    };
  }

  /** Adds `run` to the module and exports it. */
  addToModule(): void {
    const m = this.#m;
    const body = m.block(null, [
      this.#set(this.#frame.budget, this.#control(Control.BUDGET)),
      this.#set(this.#skip, this.#control(Control.SKIP)),
      this.#setControl(Control.SKIP, m.i32(Skip.NOTHING)),
      m.loop("refresh", m.block(null, this.#refresh())),
      m.unreachable(),
    ], I32);
    m.addFunction("run", [], I32, this.#locals.types, body);
    m.exportFunction("run");
  }

  // --- small pieces ---------------------------------------------------------------------------------

  #set(local: number, value: Expression): Expression {
    return this.#m.localSet(local, value);
  }

  #i32(local: number): Expression {
    return this.#m.localGet(local, I32);
  }

  #i64(local: number): Expression {
    return this.#m.localGet(local, I64);
  }

  #control(offset: number): Expression {
    return this.#m.load("cpu", 4, false, I32, this.#m.i32(offset));
  }

  #setControl(offset: number, value: Expression): Expression {
    return this.#m.store("cpu", 4, I32, this.#m.i32(offset), value);
  }

  #pc(): Expression {
    const address = GUEST_STATE + elementOffset(this.#parts.pc, 0);
    return this.#m.load("cpu", 8, false, I64, this.#m.i32(address));
  }

  #setPc(value: Expression): Expression {
    const address = GUEST_STATE + elementOffset(this.#parts.pc, 0);
    return this.#m.store("cpu", 8, I64, this.#m.i32(address), value);
  }

  /** Address of the record at `record`. */
  #recordPc(): Expression {
    const m = this.#m;
    const distance = m.binary(
      "i32.sub",
      this.#i32(this.#frame.record),
      this.#i32(this.#frame.records),
    );
    const bytes = m.binary("i32.shr_u", distance, m.i32(RECORD_SHIFT));
    return m.binary("i64.add", this.#i64(this.#frame.page), m.unary("i64.extend_i32_u", bytes));
  }

  /** Whoever goes on behind an exception or interrupt starts without a reservation. */
  #dropReservation(): Expression {
    return this.#setControl(Control.RESERVATION, this.#m.i32(0));
  }

  #leaveRun(reason: Expression): Expression[] {
    const m = this.#m;
    return [
      this.#setControl(Control.BUDGET, this.#i32(this.#frame.budget)),
      this.#setControl(Control.RESERVATION_PURE, m.i32(0)),
      m.return(reason),
    ];
  }

  // --- the loops ------------------------------------------------------------------------------------

  #refresh(): Expression[] {
    const m = this.#m;
    return [
      this.#set(this.#mode, m.call("enter_mode", [], I32)),
      m.if(
        m.call("take_interrupt", [], I32),
        m.block(null, [this.#dropReservation(), m.br("refresh")]),
      ),
      m.loop("dispatch", m.block(null, this.#dispatch())),
    ];
  }

  #dispatch(): Expression[] {
    const m = this.#m;
    const { record, records, page } = this.#frame;
    const offset = m.binary(
      "i32.and",
      m.unary("i32.wrap_i64", this.#pc()),
      m.i32(PARCEL_OFFSET_MASK),
    );
    const fault = m.block("fetched", [
      this.#set(record, m.call("find_record", [this.#pc(), this.#i32(this.#mode)], I32)),
      m.br("fetched", this.#i32(record)),
      ...this.#countFailedFetch(),
      this.#takeFault(),
      m.if(this.#isUsedUp(), m.block(null, this.#leaveRun(m.i32(LeaveReason.BUDGET)))),
      m.br("refresh"),
    ]);
    return [
      ...(this.#stopsAnywhere
        ? [m.if(this.#isUsedUp(), m.block(null, this.#leaveRun(m.i32(LeaveReason.BUDGET))))]
        : []),
      fault,
      this.#set(page, m.binary("i64.and", this.#pc(), m.i64(PAGE_MASK))),
      this.#set(
        records,
        m.binary("i32.sub", this.#i32(record), m.binary("i32.shl", offset, m.i32(RECORD_SHIFT))),
      ),
      m.loop("head", m.block(null, this.#head())),
    ];
  }

  #takeFault(): Expression {
    const m = this.#m;
    const value = m.load("cpu", 8, false, I64, m.i32(Control.FAULT_VALUE));
    return m.block(null, [
      this.#setControl(Control.FAULT, m.i32(Fault.NONE)),
      this.#dropReservation(),
      this.#setControl(Control.BUDGET, this.#i32(this.#frame.budget)),
      m.call(this.#parts.trapEnter, [this.#control(Control.FAULT_CAUSE), value], VOID),
    ]);
  }

  /**
   * A fetch that fails retires nothing, but takes from the budget: a handler that cannot be fetched itself
   * would else keep the hart here for ever.
   */
  #countFailedFetch(): Expression[] {
    const m = this.#m;
    const { budget } = this.#frame;
    const filled = m.binary("i32.sub", this.#control(Control.BUDGET_FILLED), m.i32(1));
    return [
      this.#set(budget, m.binary("i32.sub", this.#i32(budget), m.i32(1))),
      this.#setControl(Control.BUDGET_FILLED, filled),
    ];
  }

  get #stopsAnywhere(): boolean {
    return this.#parts.form !== "usual";
  }

  #isUsedUp(): Expression {
    const m = this.#m;
    const isEmpty = m.binary("i32.lt_s", this.#i32(this.#frame.budget), m.i32(1));
    if (this.#parts.form !== "counting") return isEmpty;
    const soon = m.binary("i32.and", this.#control(Control.LOOK_SOON), m.i32(Look.SOON));
    return m.binary("i32.or", isEmpty, soon);
  }

  /** Breakpoints share the test with the end of the budget, so that they cost nothing where there are none. */
  #leaveBeforeInstruction(): Expression {
    if (this.#parts.form !== "counting") return this.#leaveWhenUsedUp();
    const m = this.#m;
    const isEmpty = m.binary("i32.lt_s", this.#i32(this.#frame.budget), m.i32(1));
    const meets = m.call(
      "meets_breakpoint",
      [this.#recordPc(), this.#i32(this.#frame.budget)],
      I32,
    );
    return m.if(
      m.binary("i32.or", isEmpty, this.#control(Control.LOOK_SOON)),
      m.block(null, [this.#leaveWhenUsedUp(), m.if(meets, m.block(null, this.#leaveHere()))]),
    );
  }

  #leaveHere(): Expression[] {
    return [this.#setPc(this.#recordPc()), ...this.#leaveRun(this.#m.i32(LeaveReason.BUDGET))];
  }

  #leaveWhenUsedUp(): Expression {
    const m = this.#m;
    return m.if(this.#isUsedUp(), m.block(null, this.#leaveHere()));
  }

  #head(): Expression[] {
    const m = this.#m;
    const { record } = this.#frame;
    return [
      this.#leaveBeforeInstruction(),
      m.block("interpret", [
        m.if(
          this.#i32(this.#skip),
          m.block(null, [
            m.if(
              m.binary("i32.eq", this.#i32(this.#skip), m.i32(Skip.FORGET_REGION)),
              m.block(null, [
                m.store("cpu", 4, I32, this.#i32(record), m.i32(0), Record.HEAT),
                m.call("forget_jump", [this.#recordPc()], VOID),
              ]),
            ),
            this.#set(this.#skip, m.i32(Skip.NOTHING)),
            m.br("interpret"),
          ]),
        ),
        this.#set(this.#heat, m.load("cpu", 4, false, I32, this.#i32(record), Record.HEAT)),
        m.if(
          m.binary("i32.ge_s", this.#i32(this.#heat), m.i32(0)),
          m.block(null, this.#countHeat()),
          m.block(null, this.#enterRegion()),
        ),
      ]),
      m.loop("next", m.block(null, this.#interpret())),
    ];
  }

  #countHeat(): Expression[] {
    const m = this.#m;
    const hotter = m.binary("i32.add", this.#i32(this.#heat), m.i32(1));
    return [
      m.store(
        "cpu",
        4,
        I32,
        this.#i32(this.#frame.record),
        m.localTee(this.#heat, hotter, I32),
        Record.HEAT,
      ),
      m.if(
        m.unary(
          "i32.eqz",
          m.binary("i32.and", this.#i32(this.#heat), this.#control(Control.HEAT_MASK)),
        ),
        m.call("hot", [this.#recordPc()], VOID),
      ),
    ];
  }

  /** Runs a region and looks at how it came back; falls through to interpret when regions are not wanted. */
  #enterRegion(): Expression[] {
    const m = this.#m;
    const { target, budget, reason } = this.#frame;
    const slot = m.binary("i32.sub", m.i32(0), this.#i32(this.#heat));
    const retired = (): Expression => m.call("retired_instructions", [], I64);
    return [
      m.br("interpret", this.#control(Control.COLD_ONLY)),
      this.#setPc(this.#recordPc()),
      m.if(
        this.#control(Control.CHECK),
        m.block(null, [
          this.#setControl(
            Control.CHECK_TARGET,
            m.binary("i32.sub", m.i32(0), this.#i32(this.#heat)),
          ),
          ...this.#leaveRun(m.i32(LeaveReason.CHECK)),
        ]),
      ),
      this.#setControl(Control.BUDGET, this.#i32(budget)),
      this.#setControl(Control.RESERVATION_PURE, m.i32(0)),
      this.#set(this.#retired, retired()),
      this.#set(target, m.call("enter_region", [slot, this.#recordPc()], I64)),
      this.#set(budget, this.#control(Control.BUDGET)),
      this.#countHotInstructions(retired()),
      m.if(
        m.unary("i64.eqz", m.binary("i64.and", this.#i64(target), m.i64(1n))),
        m.block(null, [this.#setPc(this.#i64(target)), m.br("dispatch")]),
      ),
      this.#set(reason, this.#control(Control.REASON)),
      m.br("refresh", m.binary("i32.eq", this.#i32(reason), m.i32(ExitReason.REFRESH))),
      ...this.#carryOutFence(),
      ...(this.#parts.form === "counting" ? [this.#skipWhen(LeaveReason.BUDGET, Skip.HEAT)] : []),
      this.#skipWhen(LeaveReason.COLD_STEP, Skip.HEAT),
      this.#skipWhen(LeaveReason.UNMAPPED, Skip.HEAT),
      this.#skipWhen(LeaveReason.DEAD, Skip.FORGET_REGION),
      ...this.#leaveRun(this.#i32(reason)),
    ];
  }

  /**
   * Fences are carried out here, where no region frame is alive; they change neither mode nor interrupts. A replay
   * leaves them to whom it repeats.
   */
  #carryOutFence(): Expression[] {
    if (this.#parts.form === "replay") return [];
    return [
      this.#fenceWhen(ExitReason.FLUSH_TRANSLATIONS, "flush_translations"),
      this.#fenceWhen(ExitReason.FLUSH_INSTRUCTIONS, "flush_instructions"),
    ];
  }

  #fenceWhen(reason: number, fence: string): Expression {
    const m = this.#m;
    return m.if(
      m.binary("i32.eq", this.#i32(this.#frame.reason), m.i32(reason)),
      m.block(null, [
        this.#setControl(Control.RESERVATION_PURE, m.i32(0)),
        m.call(fence, [], VOID),
        m.br("dispatch"),
      ]),
    );
  }

  #countHotInstructions(now: Expression): Expression {
    const m = this.#m;
    const before = m.load("cpu", 8, false, I64, m.i32(Control.HOT_RETIRED));
    const spent = m.binary("i64.sub", now, this.#i64(this.#retired));
    return m.store("cpu", 8, I64, m.i32(Control.HOT_RETIRED), m.binary("i64.add", before, spent));
  }

  #skipWhen(reason: number, skip: number): Expression {
    const m = this.#m;
    return m.if(
      m.binary("i32.eq", this.#i32(this.#frame.reason), m.i32(reason)),
      m.block(null, [this.#set(this.#skip, m.i32(skip)), m.br("dispatch")]),
    );
  }

  // --- one record -----------------------------------------------------------------------------------

  #interpret(): Expression[] {
    const m = this.#m;
    const { budget, departs } = this.#frame;
    const ends: [string, Expression[]][] = [
      ["depart", [this.#setPc(this.#i64(this.#frame.target)), m.br("refresh")]],
      ["exit", this.#exit()],
      ["fault", this.#fault()],
      ["trap", this.#trap()],
      ["transfer", this.#transfer()],
    ];
    const first = [
      ...(this.#stopsAnywhere ? [this.#leaveBeforeInstruction()] : []),
      this.#set(budget, m.binary("i32.sub", this.#i32(budget), m.i32(1))),
      this.#set(departs, m.i32(0)),
      ...this.#cases(),
    ];
    return ends.reduceRight((inner, [label, code]) => [m.block(label, inner), ...code], first);
  }

  #cases(): Expression[] {
    const m = this.#m;
    const special: Expression[][] = [];
    special[Record.UNDECODED] = this.#decode();
    special[Record.PAGE_END] = [
      this.#set(this.#frame.budget, m.binary("i32.add", this.#i32(this.#frame.budget), m.i32(1))),
      this.#setPc(this.#recordPc()),
      m.br("dispatch"),
    ];
    const { handlers, isRare, recordFields, host } = this.#parts;
    const lowered = handlers.map((region, index) => {
      const context = { frame: this.#frame, recordFields, host };
      const lowering = new HandlerLowering(m, this.#functions, region, this.#locals, context);
      if (!isRare(index) || !canBeOutlined(region)) return lowering.lower();
      new OutlinedHandlerLowering(m, this.#functions, region, recordFields).addToModule();
      return lowering.lowerCall(outlinedName(region));
    });
    const all = [...special, ...lowered];
    const labels = all.map((_, index) => `case${index}`);
    const handler = m.load("cpu", 2, false, I32, this.#i32(this.#frame.record), Record.HANDLER);
    const start: Expression[] = [m.switch(labels, "invalid", handler)];
    const nested = all.reduce(
      (inner, code, index) => [m.block(labels[index], inner), ...code],
      start,
    );
    return [m.block("invalid", nested), m.unreachable()];
  }

  #decode(): Expression[] {
    const m = this.#m;
    const { budget, record } = this.#frame;
    return [
      this.#set(budget, m.binary("i32.add", this.#i32(budget), m.i32(1))),
      m.call("decode", [this.#i32(record), this.#recordPc()], VOID),
      m.br("fault", this.#control(Control.FAULT)),
      m.br("next"),
    ];
  }

  #transfer(): Expression[] {
    const m = this.#m;
    const { target, page, record, records } = this.#frame;
    const offset = m.binary("i64.sub", this.#i64(target), this.#i64(page));
    const parcel = m.binary(
      "i32.and",
      m.unary("i32.wrap_i64", this.#i64(target)),
      m.i32(PARCEL_OFFSET_MASK),
    );
    const inPage = [
      this.#set(
        record,
        m.binary("i32.add", this.#i32(records), m.binary("i32.shl", parcel, m.i32(RECORD_SHIFT))),
      ),
      m.br("head"),
    ];
    return [
      m.if(m.binary("i64.lt_u", offset, m.i64(PAGE_BYTES)), m.block(null, inPage)),
      this.#setPc(this.#i64(target)),
      m.br("dispatch"),
    ];
  }

  #trap(): Expression[] {
    const m = this.#m;
    const { reason, value, budget } = this.#frame;
    return [
      this.#setPc(this.#recordPc()),
      this.#dropReservation(),
      this.#setControl(Control.BUDGET, this.#i32(budget)),
      m.call(this.#parts.trapEnter, [this.#i32(reason), this.#i64(value)], VOID),
      m.br("refresh"),
    ];
  }

  /** An exception, or the instruction was put off: then the trampoline does what FAULT says, and tries again. */
  #fault(): Expression[] {
    const m = this.#m;
    const { reason, budget } = this.#frame;
    const fault = (): Expression => this.#control(Control.FAULT);
    const putOff = [
      this.#set(reason, m.binary("i32.add", fault(), m.i32(LeaveReason.RETRY - Fault.RETRY))),
      this.#setControl(Control.FAULT, m.i32(Fault.NONE)),
      this.#set(budget, m.binary("i32.add", this.#i32(budget), m.i32(1))),
      ...this.#leaveRun(this.#i32(reason)),
    ];
    return [
      this.#setPc(this.#recordPc()),
      m.if(m.binary("i32.ge_u", fault(), m.i32(Fault.RETRY)), m.block(null, putOff)),
      this.#takeFault(),
      m.br("refresh"),
    ];
  }

  #exit(): Expression[] {
    const m = this.#m;
    const { reason, target } = this.#frame;
    const isRefresh = m.binary("i32.eq", this.#i32(reason), m.i32(ExitReason.REFRESH));
    return [
      this.#setPc(this.#i64(target)),
      m.if(
        isRefresh,
        m.block(null, [this.#setControl(Control.RESERVATION_PURE, m.i32(0)), m.br("refresh")]),
      ),
      ...this.#carryOutFence(),
      ...this.#leaveRun(this.#i32(reason)),
    ];
  }
}
