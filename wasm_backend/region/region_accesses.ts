/**
 * Guest memory accesses of a region: translation through page caches in locals, groups of accesses that share
 * one check, atomics, LR/SC, and the access log of check mode.
 *
 * Whatever the fast path cannot do (a device, a fault, a misaligned or page-crossing access) is left to the
 * cold tier at the exact instruction; a store to a guarded page is made by a function of the cold tier.
 */
import { Order, type OrderSet } from "../../ir/memory_order.ts";
import type { RmwOperation } from "../../ir/opcodes.ts";
import type {
  Block,
  FunctionSignature,
  MemoryAttribute,
  Operation,
  Region,
  SlotAttribute,
} from "../../ir/region.ts";
import type { ValueType } from "../../ir/types.ts";
import { GUEST_RAM_OFFSET } from "../../runtime/atomics/shared_layout.ts";
import { ColdExport } from "../abi/module_shape.ts";
import { Control, LogEntry, LogKind } from "../abi/vcpu_layout.ts";
import { type HostOrder, loadKind, storeKind } from "../host_order.ts";
import type { LocalAllocation } from "../lower/local_allocation.ts";
import { type Expression, type ModuleBuilder, wasmType } from "../module_builder.ts";
import { type AccessGroup, accessGroups, distanceOf } from "./access_groups.ts";
import { type PageCache, PageCaches } from "./page_caches.ts";
import type { RegionFunctions } from "./region_functions.ts";

const I32 = wasmType("i32");
const I64 = wasmType("i64");
const PAGE_BYTES = 4096;
const PAGE_OFFSET_MASK = 4095;
const PAGE_MASK = -4096n;
const BITS_PER_BYTE = 8;
const LOW_WORD = 0xffff_ffffn;
const STORE_GUARDED: FunctionSignature = {
  name: ColdExport.STORE_GUARDED,
  parameters: ["i64", "i64", "i32"],
  result: "i32",
};

/** What accesses need of the lowering around them. */
export interface AccessHost {
  /** Locals of the function. */
  readonly locals: LocalAllocation;
  /** Appends a statement. */
  push(statement: Expression): void;
  /** The value, for use in the next statement. */
  use(value: Operation): Expression;
  /** The value in a local. */
  useInLocal(value: Operation): number;
  /** Puts an expression into a scratch local. */
  toLocal(expression: Expression, type: ValueType): number;
  /** Statements that leave the current instruction to the cold tier. */
  stepHere(): Expression[];
  /** A fence; null when the host needs nothing. */
  fence(order: OrderSet): Expression | null;
}

/** Guest RAM as one piece. */
export interface OpenRam {
  /** Its first guest address. */
  readonly base: bigint;
  /** Its size. */
  readonly bytes: bigint;
}

/** What the accesses of a region are lowered with. */
export interface AccessContext {
  /** TLB set of loads and stores. */
  readonly dataMmu: number;
  /** RAM, where data addresses are those of RAM without translation or protection; else null. */
  readonly openRam: OpenRam | null;
  /** The register that points into the stack: its page caches are handed on from region to region. */
  readonly stackPointer: SlotAttribute;
  /** Column of the order table. */
  readonly host: HostOrder;
  /** Can another thread write guest RAM while the region runs? */
  readonly hasOtherWriters: boolean;
  /** Are accesses noted for check mode? */
  readonly isChecked: boolean;
}

/** Locals of a group of accesses. */
interface GroupFrame {
  /** i64: the base value. */
  readonly base: number;
  /** i32: its host address. */
  readonly host: number;
  /** i32, for stores: 0 when each member must translate for itself. */
  readonly isWhole: number;
}

/** See the header of this file. */
export class RegionAccesses {
  /** The module under construction. */
  readonly m: ModuleBuilder;
  readonly #host: AccessHost;
  readonly #functions: RegionFunctions;
  readonly #context: AccessContext;
  readonly #caches: PageCaches;
  readonly #hasReservation: boolean;
  readonly #reserved: { readonly width: number; readonly address: number; readonly value: number };
  readonly #groupFrames = new Map<AccessGroup, GroupFrame>();
  #groups: ReadonlyMap<Operation, AccessGroup> = new Map();
  #block: Block;

  /** Accesses of one region; `looped` are its blocks inside loops. */
  constructor(
    m: ModuleBuilder,
    host: AccessHost,
    functions: RegionFunctions,
    { region, looped, context }: {
      readonly region: Region;
      readonly looped: ReadonlySet<Block>;
      readonly context: AccessContext;
    },
  ) {
    this.m = m;
    this.#host = host;
    this.#functions = functions;
    this.#context = context;
    this.#caches = new PageCaches(host.locals, looped, context.stackPointer);
    this.#block = region.entries[0].block;
    this.#hasReservation = region.blocks.some(({ operations }) =>
      operations.some(({ opcode }) => opcode === "guest.load_reserved")
    );
    this.#reserved = {
      width: host.locals.permanent("i32"),
      address: host.locals.permanent("i64"),
      value: host.locals.permanent("i64"),
    };
  }

  /** The accesses of this block come next. */
  startBlock(block: Block): void {
    this.#block = block;
    this.#groups = accessGroups(block);
    this.#groupFrames.clear();
  }

  /** Statements that set up all caches at entry. Only after every block was lowered they are known. */
  startCaches(): Expression[] {
    return [...this.#caches.all()].flatMap((cache) => this.#startCache(cache));
  }

  #setControl(offset: number, value: Expression): Expression {
    return this.m.store("cpu", 4, I32, this.m.i32(offset), value);
  }

  /** Caches start empty, but for those that regions hand on to each other. */
  #startCache({ tag, addend, carried }: PageCache): Expression[] {
    const { m } = this;
    if (carried === null) return [m.localSet(tag, m.i64(-1n))];
    return [
      m.localSet(tag, m.load("cpu", 8, false, I64, m.i32(carried.tag))),
      m.localSet(addend, m.load("cpu", 4, false, I32, m.i32(carried.addend))),
    ];
  }

  /** Statements that make a cache hold the page of an address, its addend in a local. */
  #fillCache({ tag, addend, carried }: PageCache, address: number, found: number): Expression[] {
    const { m } = this;
    const statements = [
      m.localSet(addend, m.localGet(found, I32)),
      m.localSet(tag, this.#page(address)),
    ];
    if (carried === null) return statements;
    return [
      ...statements,
      m.store("cpu", 8, I64, m.i32(carried.tag), m.localGet(tag, I64)),
      this.#setControl(carried.addend, m.localGet(addend, I32)),
    ];
  }

  // --- memory ---------------------------------------------------------------------------------------

  /** Lowers an access: pushes statements, gives the result if the operation has one. */
  lower(operation: Operation, attribute: MemoryAttribute): Expression | null {
    switch (operation.opcode) {
      case "guest.load":
        return this.#load(operation, attribute);
      case "guest.store":
        this.#store(operation, attribute);
        return null;
      case "guest.rmw":
        return this.#update(operation, attribute);
      case "guest.load_reserved":
        return this.#loadReserved(operation, attribute);
      case "guest.store_conditional":
        return this.#storeConditional(operation, attribute);
      default:
        throw new TypeError(`Cannot lower access "${operation.opcode}" in a region`);
    }
  }

  /** What comes between a load-reserved and its store-conditional is no register work: the pair is broken. */
  dropReservation(): void {
    if (this.#hasReservation) this.#host.push(this.m.localSet(this.#reserved.width, this.m.i32(0)));
  }

  #orderBefore(order: OrderSet): void {
    const fence = this.#host.fence(order);
    if (fence !== null) this.#host.push(fence);
  }

  #probe(kind: "load" | "store", address: number, bytes: number): Expression {
    const { m } = this;
    const name = this.#functions.probe(kind, this.#context.dataMmu);
    return m.call(name, [m.localGet(address, I64), m.i32(bytes - 1)], I32);
  }

  #misses(address: number, bytes: number, tag: number): Expression {
    const { m } = this;
    const masked = m.binary(
      "i64.and",
      m.localGet(address, I64),
      m.i64(PAGE_MASK | BigInt(bytes - 1)),
    );
    return m.binary("i64.ne", masked, m.localGet(tag, I64));
  }

  #page(address: number): Expression {
    return this.m.binary("i64.and", this.m.localGet(address, I64), this.m.i64(PAGE_MASK));
  }

  #hostAddress(address: number, addend: number): Expression {
    const { m } = this;
    return m.binary(
      "i32.add",
      m.localGet(addend, I32),
      m.unary("i32.wrap_i64", m.localGet(address, I64)),
    );
  }

  /**
   * Leaves the instruction to the cold tier when a span does not lie in RAM or is misaligned: both are in the
   * distance from RAM's start, whose low bits are turned into the highest ones.
   */
  #leaveOutsideOf({ base, bytes }: OpenRam, lowest: number, span: number, alignment: number): void {
    const { m } = this;
    const distance = m.binary("i64.sub", m.localGet(lowest, I64), m.i64(base));
    const turned = alignment === 1
      ? distance
      : m.binary("i64.rotr", distance, m.i64(BigInt(Math.log2(alignment))));
    const last = (bytes - BigInt(span)) / BigInt(alignment);
    this.#host.push(m.ifRare(m.binary("i64.lt_u", m.i64(last), turned), this.#host.stepHere()));
  }

  #openHost({ base }: OpenRam, address: number): Expression {
    const { m } = this;
    const addend = Number(BigInt.asIntN(32, BigInt(GUEST_RAM_OFFSET) - base));
    return m.binary("i32.add", m.unary("i32.wrap_i64", m.localGet(address, I64)), m.i32(addend));
  }

  #isOdd(local: number): Expression {
    return this.m.binary("i32.and", this.m.localGet(local, I32), this.m.i32(1));
  }

  #loadHost(bytes: number, host: Expression, offset = 0): Expression {
    const { m } = this;
    return loadKind(this.#context.hasOtherWriters) === "atomic"
      ? m.atomicLoad("ram", bytes, I64, host, offset)
      : m.load("ram", bytes, false, I64, host, offset);
  }

  /** Check mode: notes an access, so that the cold tier can be given the same results. */
  #log(
    kind: number,
    bytes: number,
    address: number,
    result: number | null,
    operand: number | null,
  ): void {
    if (!this.#context.isChecked) return;
    const { m } = this;
    const value = (local: number | null): Expression =>
      local === null ? m.i64(0n) : m.localGet(local, I64);
    const what = m.i32(kind | bytes << LogEntry.WIDTH_SHIFT);
    this.#host.push(
      m.call(
        this.#functions.log(),
        [what, m.localGet(address, I64), value(result), value(operand)],
        wasmType("void"),
      ),
    );
  }

  /** The result of an access; in check mode after it was noted. */
  #logged(
    kind: number,
    bytes: number,
    address: number,
    result: Expression,
    operand: number | null,
  ): Expression {
    if (!this.#context.isChecked) return result;
    const local = this.#host.toLocal(result, "i64");
    this.#log(kind, bytes, address, local, operand);
    return this.m.localGet(local, I64);
  }

  #load(operation: Operation, { width, signed, order }: MemoryAttribute): Expression {
    const { m } = this;
    const bytes = width / BITS_PER_BYTE;
    this.dropReservation();
    this.#orderBefore(order & Order.WRITE_READ);
    const group = this.#groups.get(operation);
    if (group !== undefined) return this.#loadOfGroup(operation, group, bytes, signed);
    const address = this.#host.useInLocal(operation.operands[0]);
    const { openRam } = this.#context;
    if (openRam !== null) {
      this.#leaveOutsideOf(openRam, address, bytes, bytes);
      const loaded = this.#loadHost(bytes, this.#openHost(openRam, address));
      const value = this.#logged(LogKind.LOAD, bytes, address, loaded, null);
      return signed && bytes < 8 ? m.unary(`i64.extend${width}_s`, value) : value;
    }
    const cache = this.#caches.of(operation.operands[0], this.#block, false);
    const found = this.#host.locals.scratch("i32");
    this.#host.push(m.ifRare(this.#misses(address, bytes, cache.tag), [
      m.localSet(found, this.#probe("load", address, bytes)),
      m.if(this.#isOdd(found), m.block(null, this.#host.stepHere())),
      ...this.#fillCache(cache, address, found),
    ]));
    const loaded = this.#loadHost(bytes, this.#hostAddress(address, cache.addend));
    const value = this.#logged(LogKind.LOAD, bytes, address, loaded, null);
    return signed && bytes < 8 ? m.unary(`i64.extend${width}_s`, value) : value;
  }

  #store(operation: Operation, { width, order }: MemoryAttribute): void {
    const { m } = this;
    const bytes = width / BITS_PER_BYTE;
    this.dropReservation();
    this.#orderBefore(order & ~Order.WRITE_READ);
    const group = this.#groups.get(operation);
    if (group !== undefined) {
      this.#storeOfGroup(operation, group, bytes, order);
      this.#orderBefore(order & Order.WRITE_READ);
      return;
    }
    const cache = this.#caches.of(operation.operands[0], this.#block, true);
    const address = this.#host.useInLocal(operation.operands[0]);
    const value = this.#host.toLocal(this.#host.use(operation.operands[1]), "i64");
    const found = this.#host.locals.scratch("i32");
    const done = `stored${operation.id}`;
    const guarded = m.call(this.#functions.imported(STORE_GUARDED), [
      m.localGet(address, I64),
      m.localGet(value, I64),
      m.i32(bytes),
    ], I32);
    const miss = m.ifRare(this.#misses(address, bytes, cache.tag), [
      m.localSet(found, this.#probe("store", address, bytes)),
      m.if(this.#isOdd(found), m.block(null, [m.br(done, guarded), ...this.#host.stepHere()])),
      ...this.#fillCache(cache, address, found),
    ]);
    this.#host.push(
      m.block(done, [
        miss,
        this.#plainStore(order, bytes, this.#hostAddress(address, cache.addend), value),
      ]),
    );
    this.#log(LogKind.STORE, bytes, address, null, value);
    this.#orderBefore(order & Order.WRITE_READ);
  }

  // --- groups of accesses ---------------------------------------------------------------------------

  /** Locals of a group; the first member makes them and checks the group's window. */
  #frameOf(group: AccessGroup, operation: Operation, isStore: boolean): GroupFrame {
    const known = this.#groupFrames.get(group);
    if (known !== undefined) return known;
    const { m } = this;
    const frame = {
      base: this.#host.useInLocal(group.base),
      host: this.#host.locals.scratch("i32"),
      isWhole: isStore ? this.#host.locals.scratch("i32") : -1,
    };
    this.#groupFrames.set(group, frame);
    const { openRam } = this.#context;
    if (openRam !== null && !isStore) {
      const start = this.#host.toLocal(this.#at(frame.base, group.low), "i64");
      this.#leaveOutsideOf(openRam, start, group.span, group.alignment);
      this.#host.push(m.localSet(frame.host, this.#openHost(openRam, frame.base)));
      return frame;
    }
    const cache = this.#caches.of(operation.operands[0], this.#block, isStore);
    const lowest = this.#host.toLocal(this.#at(frame.base, group.low), "i64");
    const found = this.#host.locals.scratch("i32");
    const crosses = (): Expression =>
      m.binary(
        "i32.lt_u",
        m.i32(PAGE_BYTES - group.span),
        m.binary(
          "i32.and",
          m.unary("i32.wrap_i64", m.localGet(lowest, I64)),
          m.i32(PAGE_OFFSET_MASK),
        ),
      );
    const refill = this.#fillCache(cache, lowest, found);
    const fails = m.binary("i32.or", this.#isOdd(found), crosses());
    const failed = isStore ? [m.localSet(frame.isWhole, m.i32(0))] : this.#host.stepHere();
    if (isStore) this.#host.push(m.localSet(frame.isWhole, m.i32(1)));
    this.#host.push(
      m.ifRare(m.binary("i32.or", this.#misses(lowest, group.alignment, cache.tag), crosses()), [
        m.localSet(found, this.#probe(isStore ? "store" : "load", lowest, group.alignment)),
        m.if(fails, m.block(null, failed), m.block(null, refill)),
      ]),
    );
    this.#host.push(m.localSet(frame.host, this.#hostAddress(frame.base, cache.addend)));
    return frame;
  }

  #at(base: number, distance: number): Expression {
    const value = this.m.localGet(base, I64);
    return distance === 0 ? value : this.m.binary("i64.add", value, this.m.i64(BigInt(distance)));
  }

  /** Host address of a member and the constant offset that remains. */
  #memberHost(frame: GroupFrame, distance: number): [Expression, number] {
    const { m } = this;
    const host = m.localGet(frame.host, I32);
    return distance >= 0 ? [host, distance] : [m.binary("i32.add", host, m.i32(distance)), 0];
  }

  #loadOfGroup(
    operation: Operation,
    group: AccessGroup,
    bytes: number,
    signed: boolean,
  ): Expression {
    const { m } = this;
    const frame = this.#frameOf(group, operation, false);
    const distance = distanceOf(operation.operands[0]);
    const [host, offset] = this.#memberHost(frame, distance);
    const loaded = this.#loadHost(bytes, host, offset);
    const value = this.#context.isChecked
      ? this.#logged(
        LogKind.LOAD,
        bytes,
        this.#host.toLocal(this.#at(frame.base, distance), "i64"),
        loaded,
        null,
      )
      : loaded;
    return signed && bytes < 8 ? m.unary(`i64.extend${bytes * BITS_PER_BYTE}_s`, value) : value;
  }

  #storeOfGroup(operation: Operation, group: AccessGroup, bytes: number, order: OrderSet): void {
    const { m } = this;
    const value = this.#host.toLocal(this.#host.use(operation.operands[1]), "i64");
    const frame = this.#frameOf(group, operation, true);
    const distance = distanceOf(operation.operands[0]);
    const address = this.#host.locals.scratch("i64");
    const found = this.#host.locals.scratch("i32");
    const done = `stored${operation.id}`;
    const guarded = m.call(this.#functions.imported(STORE_GUARDED), [
      m.localGet(address, I64),
      m.localGet(value, I64),
      m.i32(bytes),
    ], I32);
    const alone = m.ifRare(m.unary("i32.eqz", m.localGet(frame.isWhole, I32)), [
      m.localSet(address, this.#at(frame.base, distance)),
      m.localSet(found, this.#probe("store", address, bytes)),
      m.if(this.#isOdd(found), m.block(null, [m.br(done, guarded), ...this.#host.stepHere()])),
      this.#plainStore(order, bytes, this.#hostAddress(address, found), value),
      m.br(done),
    ]);
    const [host, offset] = this.#memberHost(frame, distance);
    this.#host.push(m.block(done, [alone, this.#plainStore(order, bytes, host, value, offset)]));
    if (this.#context.isChecked) {
      const logged = this.#host.toLocal(this.#at(frame.base, distance), "i64");
      this.#log(LogKind.STORE, bytes, logged, null, value);
    }
  }

  #plainStore(
    order: OrderSet,
    bytes: number,
    host: Expression,
    value: number,
    offset = 0,
  ): Expression {
    const { m } = this;
    const stored = m.localGet(value, I64);
    return storeKind(this.#context.host, order) === "plain"
      ? m.store("ram", bytes, I64, host, stored, offset)
      : m.atomicStore("ram", bytes, I64, host, stored, offset);
  }

  /**
   * Address in shared memory of an atomic access, in a local; leaves, after `handOver`, when the cold tier must
   * make it.
   */
  #atomicHost(address: number, bytes: number, handOver: readonly Expression[] = []): number {
    const { m } = this;
    const addend = this.#host.toLocal(this.#probe("store", address, bytes), "i32");
    this.#host.push(m.ifRare(this.#isOdd(addend), [...handOver, ...this.#host.stepHere()]));
    return this.#host.toLocal(this.#hostAddress(address, addend), "i32");
  }

  #extended(value: Expression, bytes: number): Expression {
    return bytes === 4 ? this.m.unary("i64.extend32_s", value) : value;
  }

  #update(operation: Operation, { width, rmw = "add" }: MemoryAttribute): Expression {
    const { m } = this;
    const bytes = width / BITS_PER_BYTE;
    const address = this.#host.useInLocal(operation.operands[0]);
    const value = this.#host.toLocal(this.#host.use(operation.operands[1]), "i64");
    this.dropReservation();
    const host = m.localGet(this.#atomicHost(address, bytes), I32);
    const old = this.#updateHost(rmw, bytes, host, m.localGet(value, I64));
    return this.#extended(this.#logged(LogKind.UPDATE, bytes, address, old, value), bytes);
  }

  #updateHost(rmw: RmwOperation, bytes: number, host: Expression, operand: Expression): Expression {
    const { m } = this;
    switch (rmw) {
      case "swap":
        return m.atomicUpdate("xchg", "ram", bytes, I64, host, operand);
      case "add":
      case "and":
      case "or":
      case "xor":
        return m.atomicUpdate(rmw, "ram", bytes, I64, host, operand);
      default:
        return m.call(
          this.#functions.extremum(rmw, bytes),
          [host, this.#extended(operand, bytes)],
          I64,
        );
    }
  }

  /** The window is pure (the frontend saw to that), so the pair is one compare-and-swap of the value. */
  #loadReserved(operation: Operation, { width, order }: MemoryAttribute): Expression {
    const { m } = this;
    const bytes = width / BITS_PER_BYTE;
    const address = this.#host.useInLocal(operation.operands[0]);
    this.#orderBefore(order & Order.WRITE_READ);
    const addend = this.#host.toLocal(this.#probe("load", address, bytes), "i32");
    this.#host.push(m.ifRare(this.#isOdd(addend), this.#host.stepHere()));
    const { width: reservedWidth, address: reservedAddress, value } = this.#reserved;
    this.#host.push(
      m.localSet(value, m.atomicLoad("ram", bytes, I64, this.#hostAddress(address, addend))),
    );
    this.#host.push(m.localSet(reservedAddress, m.localGet(address, I64)));
    this.#host.push(m.localSet(reservedWidth, m.i32(bytes)));
    this.#log(LogKind.LOAD_RESERVED, bytes, address, value, null);
    return this.#extended(m.localGet(value, I64), bytes);
  }

  /**
   * Gives the reservation to the cold tier, which makes the store-conditional next: on a guarded page it would
   * else fail for ever. Nothing but register work lies behind it, so it is as pure there as here.
   */
  #handOverReservation(): Expression[] {
    const { m } = this;
    const { width, address, value } = this.#reserved;
    const setWide = (offset: number, local: number): Expression =>
      m.store("cpu", 8, I64, m.i32(offset), m.localGet(local, I64));
    return [
      this.#setControl(Control.RESERVATION, m.i32(1)),
      this.#setControl(Control.RESERVATION_PURE, m.i32(1)),
      this.#setControl(Control.RESERVATION_WIDTH, m.localGet(width, I32)),
      setWide(Control.RESERVATION_ADDRESS, address),
      setWide(Control.RESERVATION_VALUE, value),
    ];
  }

  #storeConditional(operation: Operation, { width }: MemoryAttribute): Expression {
    const { m } = this;
    const bytes = width / BITS_PER_BYTE;
    const address = this.#host.useInLocal(operation.operands[0]);
    const stored = this.#host.toLocal(this.#host.use(operation.operands[1]), "i64");
    const { width: reservedWidth, address: reservedAddress, value } = this.#reserved;
    const otherWidth = m.binary("i32.ne", m.localGet(reservedWidth, I32), m.i32(bytes));
    const otherPlace = m.binary(
      "i64.ne",
      m.localGet(reservedAddress, I64),
      m.localGet(address, I64),
    );
    this.#host.push(m.ifRare(m.binary("i32.or", otherWidth, otherPlace), this.#host.stepHere()));
    const host = m.localGet(this.#atomicHost(address, bytes, this.#handOverReservation()), I32);
    const mask = (expression: Expression): Expression =>
      bytes === 4 ? m.binary("i64.and", expression, m.i64(LOW_WORD)) : expression;
    const replacement = mask(m.localGet(stored, I64));
    const old = m.atomicCompareExchange(
      "ram",
      bytes,
      I64,
      host,
      m.localGet(value, I64),
      replacement,
    );
    const failed = m.unary("i64.extend_i32_u", m.binary("i64.ne", old, m.localGet(value, I64)));
    const result = this.#host.toLocal(failed, "i64");
    this.dropReservation();
    this.#log(LogKind.STORE_CONDITIONAL, bytes, address, result, stored);
    return m.localGet(result, I64);
  }
}
