/**
 * Lowers one guest instruction's handler into a case of the cold tier's dispatch.
 *
 * A case ends by jumping to one of the loop's labels: the next record, a control transfer, an exit, an
 * exception. Locals of the loop carry what the label needs.
 */
import { RMW_OPERATIONS } from "../../ir/opcodes.ts";
import { type OrderSet, pairsBeforeLoad } from "../../ir/memory_order.ts";
import type { MemoryAttribute, Operation, Region, Terminator } from "../../ir/region.ts";
import type { ValueType } from "../../ir/types.ts";
import {
  ComputedJumps,
  Control,
  PARCEL_SHIFT,
  Record,
  Tlb,
  TLB_ENTRIES,
} from "../abi/vcpu_layout.ts";
import {
  fenceBehindUpdate,
  fenceKind,
  HOST_COLUMNS,
  type HostOrder,
  storeKind,
} from "../host_order.ts";
import { barrier } from "../lower/barrier.ts";
import type { LocalAllocation } from "../lower/local_allocation.ts";
import type { ModuleFunctions } from "../lower/operation_lowering.ts";
import { type Expression, type ModuleBuilder, wasmType } from "../module_builder.ts";
import { MemoryResidentLowering } from "./memory_resident_lowering.ts";
import { recordField } from "./record_field.ts";

const I32 = wasmType("i32");
const I64 = wasmType("i64");
const PAGE_MASK = -4096n;
const PAGE_SHIFT = 12n;
const BITS_PER_BYTE = 8;
/** log2 of record bytes per instruction byte. */
const RECORD_BYTES_PER_BYTE_SHIFT = Record.SHIFT - PARCEL_SHIFT;

/** Labels and locals of the dispatch loop that handlers use. */
export interface DispatchFrame {
  /** i32: address of the current record. */
  readonly record: number;
  /** i32: address of the page's first record. */
  readonly records: number;
  /** i64: virtual address of the page. */
  readonly page: number;
  /** i32: instructions left. */
  readonly budget: number;
  /** i64: where a transfer or exit goes. */
  readonly target: number;
  /** i32: reason of an exit, cause of an exception. */
  readonly reason: number;
  /** i64: value of an exception. */
  readonly value: number;
  /** i32: not 0 when the current instruction ends in a departure. */
  readonly departs: number;
  /** Labels to jump to. */
  readonly labels: {
    /** On to the record at `record`. */
    readonly next: string;
    /** Control transfer to `target`. */
    readonly transfer: string;
    /** Leave `run` for `reason`, to go on at `target`. */
    readonly exit: string;
    /** Exception `reason`/`value` at the current instruction. */
    readonly trap: string;
    /** Exception or retry found in FAULT. */
    readonly fault: string;
    /** Go on at `target` after a look at mode and interrupts. */
    readonly refresh: string;
  };
}

/** What a handler needs besides its region. */
export interface HandlerContext {
  /** The dispatch loop. */
  readonly frame: DispatchFrame;
  /** Names of the byte-wide record fields, in order. */
  readonly recordFields: readonly string[];
  /** Column of the order table. */
  readonly host: HostOrder;
}

/** See the header of this file. */
export class HandlerLowering extends MemoryResidentLowering {
  readonly #region: Region;
  readonly #frame: DispatchFrame;
  readonly #fields: readonly string[];
  readonly #host: HostOrder;
  #mayDepart = false;

  /** Prepares a handler. */
  constructor(
    m: ModuleBuilder,
    functions: ModuleFunctions,
    region: Region,
    locals: LocalAllocation,
    { frame, recordFields, host }: HandlerContext,
  ) {
    super(m, functions, region, locals);
    this.#region = region;
    this.#frame = frame;
    this.#fields = recordFields;
    this.#host = host;
  }

  /** The case's statements; control never falls out of them. */
  lower(): Expression[] {
    if (this.#region.blocks.length !== 1) {
      throw new TypeError(
        `Cannot lower handler "${this.#region.name}": it has more than one block`,
      );
    }
    const block = this.#region.blocks[0];
    this.lowerOperations(block);
    this.#terminate(block.terminator as Terminator);
    return this.endBlock();
  }

  /** Statements of a case whose handler is the function of that name. */
  lowerCall(name: string): Expression[] {
    const { m } = this;
    this.#endPureWindow();
    this.push(this.#spillBudget(1));
    const record = m.localGet(this.#frame.record, I32);
    this.push(m.call(name, [record, this.instructionAddress("guest.pc")], wasmType("void")));
    this.push(this.#testFault());
    this.#set(this.#frame.record, this.#nextRecord());
    this.#goto(this.#frame.labels.next);
    return this.endBlock();
  }

  #set(local: number, value: Expression): void {
    this.push(this.m.localSet(local, value));
  }

  #goto(label: string): void {
    this.push(this.m.br(label));
  }

  #terminate(terminator: Terminator): void {
    const { m } = this;
    const frame = this.#frame;
    switch (terminator.kind) {
      case "next":
        if (this.#mayDepart) this.#departAfter(() => this.instructionAddress("guest.next_pc"));
        this.#set(frame.record, this.#nextRecord());
        return this.#goto(frame.labels.next);
      case "goto":
        this.#set(frame.target, this.use(terminator.pc));
        if (terminator.transfer === "indirect") this.#noteComputedJump();
        return this.#goto(frame.labels.transfer);
      case "goto_if": {
        const taken = this.toLocal(this.use(terminator.taken), "i64");
        const otherwise = terminator.otherwise;
        const condition = this.use(terminator.condition);
        const transfer = [
          m.localSet(frame.target, m.localGet(taken, I64)),
          m.br(frame.labels.transfer),
        ];
        this.push(m.if(condition, m.block(null, transfer)));
        if (otherwise.opcode !== "guest.next_pc") {
          this.#set(frame.target, this.use(otherwise));
          return this.#goto(frame.labels.transfer);
        }
        this.#set(frame.record, this.#nextRecord());
        return this.#goto(frame.labels.next);
      }
      case "exit":
        this.#set(frame.target, this.use(terminator.pc));
        this.#set(frame.reason, m.i32(terminator.reason));
        return this.#goto(frame.labels.exit);
      case "trap":
        this.#set(frame.reason, this.use(terminator.cause));
        this.#set(frame.value, this.use(terminator.value));
        return this.#goto(frame.labels.trap);
      default:
        throw new TypeError(`Cannot end handler "${this.#region.name}" with "${terminator.kind}"`);
    }
  }

  #noteComputedJump(): void {
    const { m } = this;
    const target = (): Expression => m.localGet(this.#frame.target, I64);
    const site = this.toLocal(this.instructionAddress("guest.pc"), "i64");
    const mixed = m.binary(
      "i64.xor",
      target(),
      m.binary("i64.mul", m.localGet(site, I64), m.i64(BigInt(ComputedJumps.SITE_FACTOR))),
    );
    const entryMask = ((1 << ComputedJumps.INDEX_BITS) - 1) << ComputedJumps.ENTRY_SHIFT;
    const place = m.binary(
      "i32.and",
      m.binary(
        "i32.shl",
        m.unary("i32.wrap_i64", mixed),
        m.i32(ComputedJumps.ENTRY_SHIFT - PARCEL_SHIFT),
      ),
      m.i32(entryMask),
    );
    const entry = this.toLocal(place, "i32");
    const note = (field: number, value: Expression): void =>
      this.push(
        m.store("cpu", 8, I64, m.localGet(entry, I32), value, ComputedJumps.BASE + field),
      );
    note(ComputedJumps.SITE, m.localGet(site, I64));
    note(ComputedJumps.TARGET, target());
  }

  #departAfter(address: () => Expression): void {
    const { m } = this;
    const depart = [m.localSet(this.#frame.target, address()), m.br(this.#frame.labels.refresh)];
    this.push(m.if(m.localGet(this.#frame.departs, I32), m.block(null, depart)));
  }

  #nextRecord(): Expression {
    const { m } = this;
    const record = m.localGet(this.#frame.record, I32);
    const bytes = m.binary("i32.shl", this.#length(), m.i32(RECORD_BYTES_PER_BYTE_SHIFT));
    return m.binary("i32.add", record, bytes);
  }

  #length(): Expression {
    return this.m.load(
      "cpu",
      1,
      false,
      I32,
      this.m.localGet(this.#frame.record, I32),
      Record.LENGTH,
    );
  }

  protected override field(name: string, type: ValueType): Expression {
    const record = this.m.localGet(this.#frame.record, I32);
    return recordField(this.m, record, this.#fields, name, type);
  }

  protected override instructionAddress(
    which: "guest.pc" | "guest.next_pc" | "guest.encoding",
  ): Expression {
    const { m } = this;
    if (which === "guest.encoding") {
      const bits = m.call("encoding", [this.instructionAddress("guest.pc")], I32);
      return m.unary("i64.extend_i32_u", bits);
    }
    const distance = m.binary(
      "i32.shr_u",
      m.binary(
        "i32.sub",
        m.localGet(this.#frame.record, I32),
        m.localGet(this.#frame.records, I32),
      ),
      m.i32(RECORD_BYTES_PER_BYTE_SHIFT),
    );
    const offset = which === "guest.pc" ? distance : m.binary("i32.add", distance, this.#length());
    return m.binary(
      "i64.add",
      m.localGet(this.#frame.page, I64),
      m.unary("i64.extend_i32_u", offset),
    );
  }

  protected override pcRelative(): Expression {
    throw new TypeError(`Cannot lower a bound address in handler "${this.#region.name}"`);
  }

  protected override boundary(): void {
    throw new TypeError(`Cannot lower a boundary in handler "${this.#region.name}"`);
  }

  /** ORDER: the pairs are the guest's own; partner: whatever access of another hart the guest pairs it with. */
  protected override fence(order: OrderSet): Expression | null {
    this.#endPureWindow();
    const kind = fenceKind(HOST_COLUMNS[this.#host], order);
    return kind === "nothing" ? null : barrier(this.m, kind);
  }

  protected override beforeCall(): Expression[] {
    this.#endPureWindow();
    return [this.#spillBudget(1)];
  }

  /** Tells the budget to others; a called function is to see the current instruction as not yet retired. */
  #spillBudget(unused = 0): Expression {
    const { m } = this;
    const budget = m.localGet(this.#frame.budget, I32);
    const told = unused === 0 ? budget : m.binary("i32.add", budget, m.i32(unused));
    return m.store("cpu", 4, I32, m.i32(Control.BUDGET), told);
  }

  #endPureWindow(): void {
    const { m } = this;
    this.push(m.store("cpu", 4, I32, m.i32(Control.RESERVATION_PURE), m.i32(0)));
  }

  protected override leave(operation: Operation): void {
    const { m } = this;
    if (operation.opcode === "leave_if") {
      this.#set(this.#frame.departs, this.use(operation.operands[0]));
      this.#mayDepart = true;
      return;
    }
    const [condition, cause, value] = operation.operands;
    const test = this.use(condition);
    const raise = [
      m.localSet(this.#frame.reason, this.use(cause)),
      m.localSet(this.#frame.value, this.use(value)),
      m.br(this.#frame.labels.trap),
    ];
    this.push(m.if(test, m.block(null, raise)));
  }

  // --- memory ---------------------------------------------------------------------------------------

  protected override access(operation: Operation, attribute: MemoryAttribute): Expression | null {
    switch (operation.opcode) {
      case "guest.load":
        return this.#load(operation, attribute);
      case "guest.store":
        this.#store(operation, attribute);
        return null;
      default:
        return this.#atomic(operation, attribute);
    }
  }

  #orderBefore(order: OrderSet): void {
    const fence = this.fence(order);
    if (fence !== null) this.push(fence);
  }

  #tlbEntry(address: number): Expression {
    const { m } = this;
    const page = m.unary(
      "i32.wrap_i64",
      m.binary("i64.shr_u", m.localGet(address, I64), m.i64(PAGE_SHIFT)),
    );
    const index = m.binary("i32.and", page, m.i32(TLB_ENTRIES - 1));
    const offset = m.binary("i32.shl", index, m.i32(Tlb.ENTRY_SHIFT));
    return m.binary("i32.add", m.load("cpu", 4, false, I32, m.i32(Control.DATA_TLB)), offset);
  }

  /** 1 when the entry's tag is that of the address and the address is aligned. */
  #hits(entry: number, tagOffset: number, address: number, bytes: number): Expression {
    const { m } = this;
    const tag = m.load("cpu", 8, false, I64, m.localGet(entry, I32), tagOffset);
    const masked = m.binary(
      "i64.and",
      m.localGet(address, I64),
      m.i64(PAGE_MASK | BigInt(bytes - 1)),
    );
    return m.binary("i64.eq", tag, masked);
  }

  #hostAddress(entry: number, address: number): Expression {
    const { m } = this;
    const addend = m.load("cpu", 4, false, I32, m.localGet(entry, I32), Tlb.ADDEND);
    return m.binary("i32.add", m.unary("i32.wrap_i64", m.localGet(address, I64)), addend);
  }

  #testFault(): Expression {
    const { m } = this;
    return m.br(this.#frame.labels.fault, m.load("cpu", 4, false, I32, m.i32(Control.FAULT)));
  }

  #load(operation: Operation, { width, signed, order }: MemoryAttribute): Expression {
    const { m } = this;
    const bytes = width / BITS_PER_BYTE;
    const address = this.toLocal(this.use(operation.operands[0]), "i64");
    this.#endPureWindow();
    this.#orderBefore(pairsBeforeLoad(order));
    const entry = this.toLocal(this.#tlbEntry(address), "i32");
    const value = this.locals.scratch("i64");
    const fast = m.localSet(
      value,
      m.atomicLoad("ram", bytes, I64, this.#hostAddress(entry, address)),
    );
    const slow = m.block(null, [
      this.#spillBudget(),
      m.localSet(value, m.call("load", [m.localGet(address, I64), m.i32(bytes)], I64)),
      this.#testFault(),
    ]);
    this.push(m.if(this.#hits(entry, Tlb.READ_TAG, address, bytes), fast, slow));
    return this.#extended(m.localGet(value, I64), bytes, signed);
  }

  #extended(value: Expression, bytes: number, signed: boolean): Expression {
    if (!signed || bytes === 8) return value;
    return this.m.unary(`i64.extend${bytes * BITS_PER_BYTE}_s`, value);
  }

  #store(operation: Operation, { width, order }: MemoryAttribute): void {
    const { m } = this;
    const bytes = width / BITS_PER_BYTE;
    const address = this.toLocal(this.use(operation.operands[0]), "i64");
    const value = this.toLocal(this.use(operation.operands[1]), "i64");
    this.#endPureWindow();
    const entry = this.toLocal(this.#tlbEntry(address), "i32");
    const host = this.#hostAddress(entry, address);
    const stored = m.localGet(value, I64);
    const fast = storeKind(HOST_COLUMNS[this.#host], order) === "plain"
      ? m.store("ram", bytes, I64, host, stored)
      : m.atomicStore("ram", bytes, I64, host, stored);
    const slow = m.block(null, [
      this.#spillBudget(),
      m.call(
        "store",
        [m.localGet(address, I64), m.localGet(value, I64), m.i32(bytes)],
        wasmType("void"),
      ),
      this.#testFault(),
    ]);
    this.push(m.if(this.#hits(entry, Tlb.WRITE_TAG, address, bytes), fast, slow));
  }

  #atomic(operation: Operation, { width, rmw, order }: MemoryAttribute): Expression {
    const { m } = this;
    const bytes = width / BITS_PER_BYTE;
    const operands = operation.operands.map((operand) =>
      m.localGet(this.toLocal(this.use(operand), "i64"), I64)
    );
    const isReservedStore = operation.opcode === "guest.store_conditional";
    if (!isReservedStore) this.#endPureWindow();
    const isLoad = operation.opcode === "guest.load_reserved";
    if (isLoad) this.#orderBefore(pairsBeforeLoad(order));
    this.push(this.#spillBudget());
    const result = this.locals.scratch("i64");
    this.#set(
      result,
      this.#atomicCall(
        operation,
        operands,
        bytes,
        rmw === undefined ? 0 : RMW_OPERATIONS.indexOf(rmw),
      ),
    );
    this.push(this.#testFault());
    const behind = fenceBehindUpdate(HOST_COLUMNS[this.#host], order);
    if (!isLoad && behind !== "nothing") this.push(barrier(m, behind));
    return m.localGet(result, I64);
  }

  #atomicCall(
    operation: Operation,
    operands: Expression[],
    bytes: number,
    update: number,
  ): Expression {
    const { m } = this;
    switch (operation.opcode) {
      case "guest.rmw":
        return m.call("rmw", [...operands, m.i32(bytes), m.i32(update)], I64);
      case "guest.cmpxchg":
        return m.call("cmpxchg", [...operands, m.i32(bytes)], I64);
      case "guest.load_reserved": {
        const pc = this.instructionAddress("guest.pc");
        return m.call("load_reserved", [...operands, m.i32(bytes), pc], I64);
      }
      case "guest.store_conditional":
        return m.call("store_conditional", [...operands, m.i32(bytes)], I64);
      default:
        throw new TypeError(`Cannot lower access "${operation.opcode}"`);
    }
  }
}
