/**
 * Guest memory accesses of a region, one by one or in groups that share one check.
 *
 * Whatever the fast path cannot do (a device, a fault, a misaligned or page-crossing access) is left to the
 * cold tier at the exact instruction; a store to a guarded page is made by a function of the cold tier.
 */
import { type OrderSet, pairsBeforeLoad } from "../../ir/memory_order.ts";
import type { RmwOperation } from "../../ir/opcodes.ts";
import type { Block, MemoryAttribute, Operation, Region, SlotAttribute } from "../../ir/region.ts";
import { LogKind } from "../abi/vcpu_layout.ts";
import { barrier } from "../lower/barrier.ts";
import {
  fenceBehindUpdate,
  HOST_COLUMNS,
  type HostOrder,
  loadKind,
  storeKind,
} from "../host_order.ts";
import { type Expression, type ModuleBuilder, wasmType } from "../module_builder.ts";
import { type AccessGroup, accessGroups, distanceOf } from "./access_groups.ts";
import type { AccessHost } from "./access_host.ts";
import { AccessLog } from "./access_log.ts";
import {
  type AccessSpan,
  AccessTranslation,
  type OpenRam,
  type ProbeKind,
} from "./access_translation.ts";
import { AddressPatterns } from "./address_patterns.ts";
import { baseOf, PageCaches } from "./page_caches.ts";
import { PageFinder } from "./page_finder.ts";
import type { RegionFunctions } from "./region_functions.ts";
import { cutWindows } from "./cut_windows.ts";
import type { EntryGraph } from "./entry_graph.ts";
import { ReservedPair } from "./reserved_pair.ts";

const I32 = wasmType("i32");
const I64 = wasmType("i64");
const BITS_PER_BYTE = 8;
const WIDEST_BYTES = 8;
const NO_LOCAL = -1;

/** What the accesses of a region are lowered with. */
export interface AccessContext {
  /** TLB set of loads and stores. */
  readonly dataMmu: number;
  /** RAM, where data addresses are those of RAM without translation or protection; else null. */
  readonly openRam: OpenRam | null;
  /** The register that points into the stack: all regions share its page caches. */
  readonly stackPointer: SlotAttribute;
  /** Column of the order table. */
  readonly host: HostOrder;
  /** Can another thread write guest RAM while the region runs? */
  readonly hasOtherWriters: boolean;
  /** Are accesses noted for check mode? */
  readonly isChecked: boolean;
  /** Is a block executed only when the budget covers all of it? */
  readonly isCounted: boolean;
}

type StoreLocals = Record<"address" | "value" | "bytes" | "found", number>;

/** Locals of a group of accesses. */
interface GroupFrame {
  /** i64: the base value. */
  readonly base: number;
  /** i32: its host address. */
  readonly host: number;
  /** i32, for stores: odd when each member must translate for itself. */
  readonly found: number;
}

/** See the header of this file. */
export class RegionAccesses {
  /** The module under construction. */
  readonly m: ModuleBuilder;
  readonly #host: AccessHost;
  readonly #functions: RegionFunctions;
  readonly #context: AccessContext;
  readonly #caches: PageCaches;
  readonly #patterns: AddressPatterns;
  readonly #translation: AccessTranslation;
  readonly #log: AccessLog;
  readonly #pair: ReservedPair;
  readonly #hasPair: boolean;
  readonly #cutWindows: ReadonlySet<Operation>;
  readonly #groupFrames = new Map<AccessGroup, GroupFrame>();
  #groups: ReadonlyMap<Operation, AccessGroup> = new Map();
  #block: Block;

  /** Accesses of one region. */
  constructor(
    m: ModuleBuilder,
    host: AccessHost,
    functions: RegionFunctions,
    { region, graph, context }: {
      readonly region: Region;
      readonly graph: EntryGraph;
      readonly context: AccessContext;
    },
  ) {
    this.m = m;
    this.#host = host;
    this.#functions = functions;
    this.#context = context;
    this.#caches = new PageCaches({ ...context, start: graph.entries[0].offset }, graph.looped);
    this.#patterns = new AddressPatterns((block) => graph.loopAround(block));
    this.#translation = new AccessTranslation(m, functions, context.dataMmu);
    this.#log = new AccessLog(m, host, functions, context.isChecked);
    this.#pair = new ReservedPair(m, host, functions, this.#translation, this.#log);
    this.#block = region.entries[0].block;
    this.#hasPair = region.blocks.some(({ operations }) =>
      operations.some(({ opcode }) => opcode === "guest.load_reserved")
    );
    this.#cutWindows = cutWindows(region, (from, to) => graph.isCut(from, to));
  }

  /** The accesses of this block come next. */
  startBlock(block: Block): void {
    this.#block = block;
    this.#groups = accessGroups(block);
    this.#groupFrames.clear();
  }

  /** Lowers an access: pushes statements, gives the result if the operation has one. */
  lower(operation: Operation, attribute: MemoryAttribute): Expression | null {
    // What came between the two depends on where regions are left, and runs are to be the same every time.
    if (this.#context.isCounted && isReservation(operation)) return this.#leaveToColdTier();
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
    if (this.#hasPair) this.#pair.drop();
  }

  #orderBefore(order: OrderSet): void {
    const fence = this.#host.fence(order);
    if (fence !== null) this.#host.push(fence);
  }

  // --- loads ----------------------------------------------------------------------------------------

  #load(operation: Operation, { width, signed, order }: MemoryAttribute): Expression {
    const bytes = width / BITS_PER_BYTE;
    this.dropReservation();
    this.#orderBefore(pairsBeforeLoad(order));
    const group = this.#groups.get(operation);
    const value = group === undefined
      ? this.#loadAlone(operation, bytes)
      : this.#loadOfGroup(operation, group, bytes);
    return signed && bytes < WIDEST_BYTES ? this.m.unary(`i64.extend${width}_s`, value) : value;
  }

  #loadAlone(operation: Operation, bytes: number): Expression {
    const address = this.#host.useInLocal(operation.operands[0]);
    const { openRam } = this.#context;
    const place = openRam === null
      ? this.#cachedPlace(operation, address, bytes)
      : this.#openPlace(openRam, { lowest: address, bytes, alignment: bytes }, address);
    const access = { kind: LogKind.LOAD, bytes, address: () => address, operand: null };
    return this.#log.noted(access, this.#loadHost(bytes, place));
  }

  #openPlace(openRam: OpenRam, span: AccessSpan, address: number): Expression {
    const isOutside = this.#translation.isOutsideOf(openRam, span);
    this.#host.push(this.m.ifRare(isOutside, this.#host.stepHere()));
    return this.#translation.openPlace(openRam, address);
  }

  #cachedPlace(operation: Operation, address: number, bytes: number): Expression {
    const { m } = this;
    const translation = this.#translation;
    const page = this.#pageOf(operation, "load");
    this.#host.push(page.find({ lowest: address, bytes, alignment: bytes }, [
      m.if(translation.isOdd(page.addend), m.block(null, this.#host.stepHere())),
    ]));
    return translation.place(address, page.addend);
  }

  /** How the page of an access is found. */
  #pageOf({ operands: [address] }: Operation, kind: ProbeKind): PageFinder {
    const { locals } = this.#host;
    const pattern = this.#patterns.of(baseOf(address), this.#block);
    return new PageFinder(this.#translation, kind, {
      cache: pattern === "strides" ? null : this.#caches.of(address, this.#block, kind),
      addend: locals.scratch("i32"),
      entry: pattern === "steps" ? null : locals.scratch("i32"),
    });
  }

  #loadHost(bytes: number, host: Expression, offset = 0): Expression {
    const { m } = this;
    return loadKind(HOST_COLUMNS[this.#context.host], this.#context.hasOtherWriters) === "atomic"
      ? m.atomicLoad("ram", bytes, I64, host, offset)
      : m.load("ram", bytes, false, I64, host, offset);
  }

  // --- stores ---------------------------------------------------------------------------------------

  #store(operation: Operation, { width, order }: MemoryAttribute): void {
    const bytes = width / BITS_PER_BYTE;
    this.dropReservation();
    const group = this.#groups.get(operation);
    if (group === undefined) this.#storeAlone(operation, bytes, order);
    else this.#storeOfGroup(operation, group, bytes, order);
  }

  #storeAlone(operation: Operation, bytes: number, order: OrderSet): void {
    const { m } = this;
    const translation = this.#translation;
    const page = this.#pageOf(operation, "store");
    const address = this.#host.useInLocal(operation.operands[0]);
    const value = this.#host.toLocal(this.#host.use(operation.operands[1]), "i64");
    const done = `stored${operation.id}`;
    const miss = page.find(
      { lowest: address, bytes, alignment: bytes },
      this.#unlessFound({ address, value, bytes, found: page.addend }, done),
    );
    const place = translation.place(address, page.addend);
    this.#host.push(m.block(done, [miss, this.#plainStore(order, bytes, place, value)]));
    this.#log.note({ kind: LogKind.STORE, bytes, address: () => address, operand: value }, null);
  }

  #unlessFound({ address, value, bytes, found }: StoreLocals, done: string): Expression[] {
    const { m } = this;
    const translation = this.#translation;
    const guarded = translation.storeGuarded(address, value, bytes);
    const otherwise = [m.br(done, guarded), ...this.#host.stepHere()];
    return [m.if(translation.isOdd(found), m.block(null, otherwise))];
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
    return this.#isPlainStore(order)
      ? m.store("ram", bytes, I64, host, stored, offset)
      : m.atomicStore("ram", bytes, I64, host, stored, offset);
  }

  #isPlainStore(order: OrderSet): boolean {
    return storeKind(HOST_COLUMNS[this.#context.host], order) === "plain";
  }

  // --- groups of accesses ---------------------------------------------------------------------------

  /** Locals of a group; the first member makes them and checks the group's window. */
  #frameOf(group: AccessGroup, operation: Operation, isStore: boolean): GroupFrame {
    const known = this.#groupFrames.get(group);
    if (known !== undefined) return known;
    const { m } = this;
    const { low, span: bytes, alignment } = group;
    const base = this.#host.useInLocal(group.base);
    const host = this.#host.locals.scratch("i32");
    const lowest = low === 0 ? base : this.#host.toLocal(this.#at(base, low), "i64");
    const span = { lowest, bytes, alignment };
    const { openRam } = this.#context;
    let frame = { base, host, found: NO_LOCAL };
    if (openRam !== null && !isStore) {
      this.#host.push(m.localSet(host, this.#openPlace(openRam, span, base)));
    } else {
      const page = this.#pageOf(operation, isStore ? "store" : "load");
      this.#checkWindow(span, page, isStore);
      this.#host.push(m.localSet(host, this.#translation.place(base, page.addend)));
      frame = { base, host, found: page.addend };
    }
    this.#groupFrames.set(group, frame);
    return frame;
  }

  /** A window that is no plain RAM of one page: loads leave, stores go one by one. */
  #checkWindow(span: AccessSpan, page: PageFinder, isStore: boolean): void {
    const { m } = this;
    const isOdd = (): Expression => this.#translation.isOdd(page.addend);
    const failed = isStore ? [] : [m.if(isOdd(), m.block(null, this.#host.stepHere()))];
    this.#host.push(page.find(span, failed));
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

  #loadOfGroup(operation: Operation, group: AccessGroup, bytes: number): Expression {
    const frame = this.#frameOf(group, operation, false);
    const distance = distanceOf(operation.operands[0]);
    const [host, offset] = this.#memberHost(frame, distance);
    const address = (): number => this.#host.toLocal(this.#at(frame.base, distance), "i64");
    const access = { kind: LogKind.LOAD, bytes, address, operand: null };
    return this.#log.noted(access, this.#loadHost(bytes, host, offset));
  }

  #storeOfGroup(operation: Operation, group: AccessGroup, bytes: number, order: OrderSet): void {
    const { m } = this;
    const value = this.#host.toLocal(this.#host.use(operation.operands[1]), "i64");
    const frame = this.#frameOf(group, operation, true);
    const distance = distanceOf(operation.operands[0]);
    const done = `stored${operation.id}`;
    const stored = m.localGet(value, I64);
    const isPlain = this.#isPlainStore(order);
    const alone = this.#translation.storeAlone(
      this.#at(frame.base, distance),
      stored,
      bytes,
      isPlain,
    );
    const unlessWhole = m.ifRare(this.#translation.isOdd(frame.found), [
      m.br(done, alone),
      ...this.#host.stepHere(),
    ]);
    const [host, offset] = this.#memberHost(frame, distance);
    this.#host.push(
      m.block(done, [unlessWhole, this.#plainStore(order, bytes, host, value, offset)]),
    );
    const member = (): number => this.#host.toLocal(this.#at(frame.base, distance), "i64");
    this.#log.note({ kind: LogKind.STORE, bytes, address: member, operand: value }, null);
  }

  // --- atomics --------------------------------------------------------------------------------------

  #extended(value: Expression, bytes: number): Expression {
    return bytes === 4 ? this.m.unary("i64.extend32_s", value) : value;
  }

  /** What follows an update: its value is needed in a local when that is something. */
  #orderedUpdate(value: Expression, order: OrderSet): Expression {
    const kind = fenceBehindUpdate(HOST_COLUMNS[this.#context.host], order);
    if (kind === "nothing") return value;
    const kept = this.#host.toLocal(value, "i64");
    this.#host.push(barrier(this.m, kind));
    return this.m.localGet(kept, I64);
  }

  #update(operation: Operation, { width, order, rmw = "add" }: MemoryAttribute): Expression {
    const { m } = this;
    const translation = this.#translation;
    const bytes = width / BITS_PER_BYTE;
    const address = this.#host.useInLocal(operation.operands[0]);
    const value = this.#host.toLocal(this.#host.use(operation.operands[1]), "i64");
    this.dropReservation();
    const addend = this.#host.toLocal(translation.probe("store", address, bytes), "i32");
    this.#host.push(m.ifRare(translation.isOdd(addend), this.#host.stepHere()));
    const place = this.#host.toLocal(translation.place(address, addend), "i32");
    const old = this.#updateHost(rmw, bytes, m.localGet(place, I32), m.localGet(value, I64));
    const access = { kind: LogKind.UPDATE, bytes, address: () => address, operand: value };
    return this.#orderedUpdate(this.#extended(this.#log.noted(access, old), bytes), order);
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
      default: {
        const name = this.#functions.extremum(rmw, bytes);
        return m.call(name, [host, this.#extended(operand, bytes)], I64);
      }
    }
  }

  #loadReserved(operation: Operation, { width, order }: MemoryAttribute): Expression {
    if (this.#cutWindows.has(operation)) return this.#leaveToColdTier();
    const bytes = width / BITS_PER_BYTE;
    const address = this.#host.useInLocal(operation.operands[0]);
    this.#orderBefore(pairsBeforeLoad(order));
    return this.#extended(this.#pair.load(address, bytes), bytes);
  }

  /** What follows is never reached. */
  #leaveToColdTier(): Expression {
    this.#host.push(this.m.block(null, this.#host.stepHere()));
    return this.m.i64(0n);
  }

  #storeConditional(operation: Operation, { width, order }: MemoryAttribute): Expression {
    const address = this.#host.useInLocal(operation.operands[0]);
    const stored = this.#host.toLocal(this.#host.use(operation.operands[1]), "i64");
    const result = this.#pair.storeConditional(address, stored, width / BITS_PER_BYTE);
    return this.#orderedUpdate(result, order);
  }
}

function isReservation({ opcode }: Operation): boolean {
  return opcode === "guest.load_reserved" || opcode === "guest.store_conditional";
}
