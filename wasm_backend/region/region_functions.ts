/**
 * Functions that stand in every region module beside the regions: TLB probes, transfers to other regions,
 * atomic updates and products that Wasm lacks, the access log. V8 inlines or calls them at a fraction of a
 * cross-instance call. They are added on first use and built node by node, because Binaryen's text parser
 * takes longer than all the rest of a module.
 */
import type { FunctionSignature, Region } from "../../ir/region.ts";
import type { RmwOperation } from "../../ir/opcodes.ts";
import { ColdExport } from "../abi/module_shape.ts";
import {
  ACCESS_LOG,
  Control,
  ENTRY_INDEX_BITS,
  JumpCache,
  LOG_ENTRY_BYTES,
  LogEntry,
  Tlb,
  TLB_ENTRIES,
  TLB_SET_BYTES,
} from "../abi/vcpu_layout.ts";
import { FunctionLowering } from "../cold_tier/function_lowering.ts";
import { type Expression, type ModuleBuilder, wasmType } from "../module_builder.ts";
import { addPageCacheRefill } from "./page_cache_refill.ts";

const I32 = wasmType("i32");
const I64 = wasmType("i64");
const VOID = wasmType("void");
const ENTRY_MASK = (1 << ENTRY_INDEX_BITS) - 1;
const PAGE_MASK = -4096n;
const PAGE_SHIFT = 12n;
const LOW_HALF = 0xffff_ffffn;
const HALF_BITS = 32n;
const SIGN_SHIFT = 63n;

/** A store to a guarded page: `(va, value, bytes) -> i32`, 0 when it is no such store. */
export const STORE_GUARDED: FunctionSignature = {
  name: ColdExport.STORE_GUARDED,
  parameters: ["i64", "i64", "i32"],
  result: "i32",
};

/** A span in one word: its alignment - 1, and above it the distance of its last byte. */
export const SpanWord = { ALIGNMENT: 7, REACH_SHIFT: 3 } as const;

/** High product halves. */
export type MulhOpcode = "i64.mulh_s" | "i64.mulh_u" | "i64.mulh_su";

/** Adds helper functions to one module, each at most once. */
export class RegionFunctions {
  readonly #m: ModuleBuilder;
  readonly #pcAddress: number;
  readonly #added = new Set<string>();

  readonly #copied: () => ReadonlyMap<string, Region>;

  /**
   * @param pcAddress byte offset in private memory of the program counter
   * @param copied the guest's functions that modules get copies of, by name
   */
  constructor(m: ModuleBuilder, pcAddress: number, copied: () => ReadonlyMap<string, Region>) {
    this.#m = m;
    this.#pcAddress = pcAddress;
    this.#copied = copied;
  }

  /** Name of a guest function: a copy in this module, or the cold tier's. */
  guest(callee: FunctionSignature): string {
    const region = this.#copied().get(callee.name);
    if (region === undefined) return this.imported(callee);
    return this.#once(callee.name, () => this.#addCopy(region));
  }

  #addCopy(region: Region): void {
    for (const { operations } of region.blocks) {
      for (const { opcode, attribute } of operations) {
        if (opcode === "call" || opcode === "call_unless") {
          this.guest((attribute as { callee: FunctionSignature }).callee);
        }
      }
    }
    new FunctionLowering(this.#m, this, region).addToModule();
  }

  #once(name: string, add: () => void): string {
    if (!this.#added.has(name)) {
      this.#added.add(name);
      add();
    }
    return name;
  }

  /** Name of an imported function. */
  imported({ name, parameters, result }: FunctionSignature): string {
    return this.#once(
      name,
      () => this.#m.importFunction(name, parameters.map(wasmType), wasmType(result)),
    );
  }

  /** `(va, width - 1) -> i32`: addend, or odd when misaligned or when the cold tier has to make the access. */
  probe(kind: "load" | "store", mmu: number): string {
    return this.#once(`probe_${kind}_${mmu}`, () => this.#addProbe(kind, mmu));
  }

  #addProbe(kind: "load" | "store", mmu: number): void {
    const m = this.#m;
    const slow = kind === "load" ? ColdExport.TRANSLATE_LOAD : ColdExport.TRANSLATE_STORE;
    this.imported({ name: slow, parameters: ["i64"], result: "i32" });
    const set = Tlb.BASE + mmu * TLB_SET_BYTES;
    const tag = set + (kind === "load" ? Tlb.READ_TAG : Tlb.WRITE_TAG);
    const [va, mask, entry] = [0, 1, 2];
    const address = (): Expression => m.localGet(va, I64);
    const index = m.unary("i32.wrap_i64", m.binary("i64.shr_u", address(), m.i64(PAGE_SHIFT)));
    const offset = m.binary(
      "i32.shl",
      m.binary("i32.and", index, m.i32(TLB_ENTRIES - 1)),
      m.i32(Tlb.ENTRY_SHIFT),
    );
    const misaligned = m.binary(
      "i32.and",
      m.unary("i32.wrap_i64", address()),
      m.localGet(mask, I32),
    );
    const hits = m.binary(
      "i64.eq",
      m.load("cpu", 8, false, I64, m.localTee(entry, offset, I32), tag),
      m.binary("i64.and", address(), m.i64(PAGE_MASK)),
    );
    const addend = m.load("cpu", 4, false, I32, m.localGet(entry, I32), set + Tlb.ADDEND);
    const body = m.block(null, [
      m.ifRare(misaligned, [m.return(m.i32(1))]),
      m.if(hits, m.return(addend)),
      m.call(slow, [address()], I32),
    ], I32);
    m.addFunction(`probe_${kind}_${mmu}`, [I64, I32], I32, [I32], body);
  }

  /** `(va, span word) -> i32`: as a probe, but odd as well when the span crosses pages. */
  search(kind: "load" | "store", mmu: number): string {
    return this.#once(`search_${kind}_${mmu}`, () => this.#addSearch(kind, mmu));
  }

  #addSearch(kind: "load" | "store", mmu: number): void {
    const m = this.#m;
    const [va, span] = [0, 1];
    const address = (): Expression => m.localGet(va, I64);
    const reach = m.binary("i32.shr_u", m.localGet(span, I32), m.i32(SpanWord.REACH_SHIFT));
    const last = m.binary("i64.add", address(), m.unary("i64.extend_i32_u", reach));
    const crosses = m.binary(
      "i64.lt_u",
      m.i64(~PAGE_MASK),
      m.binary("i64.xor", last, address()),
    );
    const alignment = m.binary("i32.and", m.localGet(span, I32), m.i32(SpanWord.ALIGNMENT));
    const body = m.block(null, [
      m.ifRare(crosses, [m.return(m.i32(1))]),
      m.call(this.probe(kind, mmu), [address(), alignment], I32),
    ], I32);
    m.addFunction(`search_${kind}_${mmu}`, [I64, I32], I32, [], body);
  }

  /** `(va, value) -> i32`: a store wherever its page is; 0 when it was not made. */
  storeAlone(bytes: number, isPlain: boolean, mmu: number): string {
    const name = `store_${isPlain ? "plain" : "ordered"}_${bytes}_${mmu}`;
    return this.#once(name, () => this.#addStoreAlone(name, bytes, isPlain, mmu));
  }

  /** ORDER: the store is that of the region that calls it; partner: whatever the guest pairs it with. */
  #addStoreAlone(name: string, bytes: number, isPlain: boolean, mmu: number): void {
    const m = this.#m;
    const [va, value, addend] = [0, 1, 2];
    const address = (): Expression => m.localGet(va, I64);
    const stored = (): Expression => m.localGet(value, I64);
    const found = (): Expression => m.localGet(addend, I32);
    const place = m.binary("i32.add", found(), m.unary("i32.wrap_i64", address()));
    const guarded = m.call(this.imported(STORE_GUARDED), [address(), stored(), m.i32(bytes)], I32);
    const body = m.block(null, [
      m.localSet(addend, m.call(this.probe("store", mmu), [address(), m.i32(bytes - 1)], I32)),
      m.ifRare(m.binary("i32.and", found(), m.i32(1)), [m.return(guarded)]),
      isPlain
        ? m.store("ram", bytes, I64, place, stored())
        : m.atomicStore("ram", bytes, I64, place, stored()),
      m.i32(1),
    ], I32);
    m.addFunction(name, [I64, I64], I32, [I32], body);
  }

  /** `(va, span word, cache) -> i32`: as a search, and lets a page cache hold the page, unless it gives up. */
  refill(kind: "load" | "store", mmu: number, canGiveUp: boolean): string {
    const name = `${canGiveUp ? "try" : "refill"}_${kind}_${mmu}`;
    return this.#once(
      name,
      () => addPageCacheRefill(this.#m, name, { search: this.search(kind, mmu), mmu, canGiveUp }),
    );
  }

  /**
   * `(pc, depth) -> i64`: transfers to the region that the jump cache has for pc; without one, pc goes back to
   * the caller and so to the trampoline. `depth` has its entry bits clear. `chain` jumps, `enter` calls.
   */
  transfer(kind: "chain" | "enter"): string {
    return this.#once(kind, () => this.#addTransfer(kind));
  }

  #addTransfer(kind: "chain" | "enter"): void {
    const m = this.#m;
    const [pc, depth, entry, target] = [0, 1, 2, 3];
    const address = (): Expression => m.localGet(pc, I64);
    const cached = (offset: number): Expression =>
      m.load("cpu", 4, false, I32, m.localGet(entry, I32), offset);
    const parcel = m.unary("i32.wrap_i64", m.binary("i64.shr_u", address(), m.i64(1n)));
    const index = m.binary("i32.and", parcel, m.i32((1 << JumpCache.INDEX_BITS) - 1));
    const isHere = m.binary(
      "i64.eq",
      m.load("cpu", 8, false, I64, m.localGet(entry, I32), JumpCache.PC),
      address(),
    );
    const context = m.load("cpu", 4, false, I32, m.i32(Control.CONTEXT));
    const isPresent = m.binary("i32.eq", cached(JumpCache.CONTEXT), context);
    const operands = [
      m.binary("i64.and", address(), m.i64(PAGE_MASK)),
      m.binary(
        "i32.or",
        m.localGet(depth, I32),
        m.binary("i32.and", m.localGet(target, I32), m.i32(ENTRY_MASK)),
      ),
    ];
    const slot = m.binary("i32.shr_u", m.localGet(target, I32), m.i32(ENTRY_INDEX_BITS));
    const go = kind === "chain"
      ? m.returnCallIndirect(slot, operands, [I64, I32], I64)
      : m.return(m.callIndirect(slot, operands, [I64, I32], I64));
    const body = m.block(null, [
      m.localSet(
        entry,
        m.binary(
          "i32.add",
          m.i32(JumpCache.BASE),
          m.binary("i32.shl", index, m.i32(JumpCache.ENTRY_SHIFT)),
        ),
      ),
      m.if(
        m.binary("i32.and", isHere, isPresent),
        m.block(null, [
          m.store("cpu", 8, I64, m.i32(this.#pcAddress), address()),
          m.localSet(target, cached(JumpCache.TARGET)),
          go,
        ]),
      ),
      address(),
    ], I64);
    m.addFunction(kind, [I64, I32], I64, [I32, I32], body);
  }

  /** `(host, operand) -> i64`: minimum or maximum by compare-and-swap over one host word; the old value. */
  extremum(operation: RmwOperation, bytes: number): string {
    const name = `rmw_${operation}_${bytes}`;
    return this.#once(name, () => this.#addExtremum(name, operation, bytes));
  }

  #addExtremum(name: string, operation: RmwOperation, bytes: number): void {
    const m = this.#m;
    const [host, operand, old, seen] = [0, 1, 2, 3];
    const isMinimum = operation.startsWith("min");
    const sign = operation.slice(-1);
    const current = (): Expression => {
      const value = m.localGet(old, I64);
      return bytes === 4 ? m.unary("i64.extend32_s", value) : value;
    };
    const less = isMinimum
      ? m.binary(`i64.lt_${sign}`, current(), m.localGet(operand, I64))
      : m.binary(`i64.lt_${sign}`, m.localGet(operand, I64), current());
    const chosen = m.select(less, current(), m.localGet(operand, I64));
    const stored = bytes === 4 ? m.binary("i64.and", chosen, m.i64(LOW_HALF)) : chosen;
    const exchanged = m.atomicCompareExchange(
      "ram",
      bytes,
      I64,
      m.localGet(host, I32),
      m.localGet(old, I64),
      stored,
    );
    const again = m.binary("i64.ne", m.localTee(seen, exchanged, I64), m.localGet(old, I64));
    const body = m.block(null, [
      m.localSet(seen, m.atomicLoad("ram", bytes, I64, m.localGet(host, I32))),
      m.loop(
        "again",
        m.block(null, [m.localSet(old, m.localGet(seen, I64)), m.br("again", again)]),
      ),
      m.localGet(old, I64),
    ], I64);
    m.addFunction(name, [I32, I64], I64, [I64, I64], body);
  }

  /** `(kind and width, va, result, operand)`: appends to the access log of check mode. */
  log(): string {
    return this.#once("log", () => this.#addLog());
  }

  #addLog(): void {
    const m = this.#m;
    const [kind, va, result, operand, entry] = [0, 1, 2, 3, 4];
    const position = (): Expression => m.load("cpu", 4, false, I32, m.i32(Control.LOG_POSITION));
    const place = (): Expression => m.localGet(entry, I32);
    const offset = m.binary("i32.mul", position(), m.i32(LOG_ENTRY_BYTES));
    const body = m.block(null, [
      m.localSet(entry, m.binary("i32.add", m.i32(ACCESS_LOG), offset)),
      m.store(
        "cpu",
        4,
        I32,
        m.i32(Control.LOG_POSITION),
        m.binary("i32.add", position(), m.i32(1)),
      ),
      m.store("cpu", 8, I64, place(), m.localGet(va, I64), LogEntry.ADDRESS),
      m.store("cpu", 8, I64, place(), m.localGet(result, I64), LogEntry.RESULT),
      m.store("cpu", 8, I64, place(), m.localGet(operand, I64), LogEntry.OPERAND),
      m.store("cpu", 4, I32, place(), m.localGet(kind, I32), LogEntry.KIND),
    ]);
    m.addFunction("log", [I32, I64, I64, I64], VOID, [I32], body);
  }

  /** `(a, b) -> i64`: high half of a product. */
  mulh(opcode: MulhOpcode): string {
    const name = opcode.slice("i64.".length);
    return this.#once(name, () => {
      if (opcode === "i64.mulh_u") this.#addUnsignedProduct(name);
      else if (opcode === "i64.mulh_su") this.#addCorrectedProduct(name, "i64.mulh_u", 0);
      else this.#addCorrectedProduct(name, "i64.mulh_su", 1);
    });
  }

  /** Four 32-bit partial products; the middle sums cannot overflow. */
  #addUnsignedProduct(name: string): void {
    const m = this.#m;
    const [a, b, middle] = [0, 1, 2];
    const low = (local: number): Expression =>
      m.binary("i64.and", m.localGet(local, I64), m.i64(LOW_HALF));
    const high = (local: number): Expression =>
      m.binary("i64.shr_u", m.localGet(local, I64), m.i64(HALF_BITS));
    const product = (left: Expression, right: Expression): Expression =>
      m.binary("i64.mul", left, right);
    const carried = (value: Expression): Expression =>
      m.binary("i64.shr_u", value, m.i64(HALF_BITS));
    const sum = m.binary("i64.add", product(high(a), low(b)), carried(product(low(a), low(b))));
    const upper = m.binary("i64.add", product(high(a), high(b)), high(middle));
    const lower = carried(m.binary("i64.add", product(low(a), high(b)), low(middle)));
    const body = m.block(null, [m.localSet(middle, sum), m.binary("i64.add", upper, lower)], I64);
    m.addFunction(name, [I64, I64], I64, [I64], body);
  }

  /** A negative factor counts as itself plus 2^64: takes the other factor off the high half. */
  #addCorrectedProduct(name: string, of: MulhOpcode, signed: number): void {
    const m = this.#m;
    const other = 1 - signed;
    const whole = m.call(this.mulh(of), [m.localGet(0, I64), m.localGet(1, I64)], I64);
    const isNegative = m.binary("i64.shr_s", m.localGet(signed, I64), m.i64(SIGN_SHIFT));
    const correction = m.binary("i64.and", isNegative, m.localGet(other, I64));
    m.addFunction(name, [I64, I64], I64, [], m.binary("i64.sub", whole, correction));
  }
}
