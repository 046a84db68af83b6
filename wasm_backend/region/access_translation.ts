/**
 * From guest addresses to places in shared memory: page caches in locals, TLB probes, and guest RAM that is open
 * to its own addresses.
 *
 * A probe that gives an odd number found no place: a device, a fault, a misaligned access, a guarded page.
 */
import { GUEST_RAM_OFFSET } from "../../runtime/atomics/shared_layout.ts";
import { PageCache, Tlb, TLB_ENTRIES, TLB_SET_BYTES } from "../abi/vcpu_layout.ts";
import { type Expression, type ModuleBuilder, wasmType } from "../module_builder.ts";
import { type RegionFunctions, SpanWord, STORE_GUARDED } from "./region_functions.ts";

const I32 = wasmType("i32");
const I64 = wasmType("i64");
const PAGE_SHIFT = 12;
const PAGE_BYTES = 1 << PAGE_SHIFT;
const PAGE_MASK = -BigInt(PAGE_BYTES);

/** Kinds of TLB probes. */
export type ProbeKind = "load" | "store";

/** Guest RAM as one piece. */
export interface OpenRam {
  /** Its first guest address. */
  readonly base: bigint;
  /** Its size. */
  readonly bytes: bigint;
}

/** Some bytes that one check covers. */
export interface AccessSpan {
  /** Local of the lowest address. */
  readonly lowest: number;
  /** Bytes. */
  readonly bytes: number;
  /** What the lowest address must be a multiple of. */
  readonly alignment: number;
}

/** See the header of this file. */
export class AccessTranslation {
  /** The module under construction. */
  readonly m: ModuleBuilder;
  readonly #functions: RegionFunctions;
  readonly #mmu: number;
  readonly #set: number;

  /** Translation by one TLB set. */
  constructor(m: ModuleBuilder, functions: RegionFunctions, mmu: number) {
    this.m = m;
    this.#functions = functions;
    this.#mmu = mmu;
    this.#set = Tlb.BASE + mmu * TLB_SET_BYTES;
  }

  /** An i32: the addend of the address's page, or odd. */
  probe(kind: ProbeKind, address: number, bytes: number): Expression {
    const { m } = this;
    const name = this.#functions.probe(kind, this.#mmu);
    return m.call(name, [m.localGet(address, I64), m.i32(bytes - 1)], I32);
  }

  /** Did a probe find no place? */
  isOdd(found: number): Expression {
    return this.m.binary("i32.and", this.m.localGet(found, I32), this.m.i32(1));
  }

  /** A store that the cold tier makes because the page is guarded; 0 when it is not its kind of store. */
  storeGuarded(address: number, value: number, bytes: number): Expression {
    const { m } = this;
    return m.call(this.#functions.imported(STORE_GUARDED), [
      m.localGet(address, I64),
      m.localGet(value, I64),
      m.i32(bytes),
    ], I32);
  }

  /**
   * A store that finds its page itself; 0 when it was not made. A plain one is no more than that, any other
   * sequentially consistent.
   */
  storeAlone(address: Expression, value: Expression, bytes: number, isPlain: boolean): Expression {
    const name = this.#functions.storeAlone(bytes, isPlain, this.#mmu);
    return this.m.call(name, [address, value], I32);
  }

  /** The place of an address under an addend. */
  place(address: number, addend: number): Expression {
    const { m } = this;
    return m.binary(
      "i32.add",
      m.localGet(addend, I32),
      m.unary("i32.wrap_i64", m.localGet(address, I64)),
    );
  }

  // --- page caches ----------------------------------------------------------------------------------

  /** Does a span not lie in the page that a cache holds, or is its start misaligned? */
  misses(span: AccessSpan, cache: number): Expression {
    const { m } = this;
    const page = this.#pageIfAligned(span);
    const tag = m.load("cpu", 8, false, I64, m.i32(cache + PageCache.TAG));
    return span.bytes <= span.alignment
      ? m.binary("i64.ne", page, tag)
      : this.#isNotZero(m.binary("i64.or", m.binary("i64.xor", page, tag), this.#crossing(span)));
  }

  #isNotZero(value: Expression): Expression {
    return this.m.binary("i64.ne", value, this.m.i64(0n));
  }

  /** Addend of a page cache. */
  cachedAddend(cache: number): Expression {
    return this.m.load("cpu", 4, false, I32, this.m.i32(cache + PageCache.ADDEND));
  }

  /** A probe that fills a page cache. */
  refill(kind: ProbeKind, span: AccessSpan, cache: number, canGiveUp: boolean): Expression {
    const { m } = this;
    const name = this.#functions.refill(kind, this.#mmu, canGiveUp);
    return m.call(name, [m.localGet(span.lowest, I64), spanWord(m, span), m.i32(cache)], I32);
  }

  /** A search for the page of a span: its addend; odd when there is none, or when the span crosses pages. */
  search(kind: ProbeKind, span: AccessSpan): Expression {
    const { m } = this;
    const name = this.#functions.search(kind, this.#mmu);
    return m.call(name, [m.localGet(span.lowest, I64), spanWord(m, span)], I32);
  }

  /** The page of a span's start; not a page when it is misaligned. */
  #pageIfAligned({ lowest, alignment }: AccessSpan): Expression {
    const { m } = this;
    return m.binary("i64.and", m.localGet(lowest, I64), m.i64(PAGE_MASK | BigInt(alignment - 1)));
  }

  /** Not 0 when the pages of a span's first and last byte differ. */
  #crossing({ lowest, bytes }: AccessSpan): Expression {
    const { m } = this;
    const last = m.binary("i64.add", m.localGet(lowest, I64), m.i64(BigInt(bytes - 1)));
    return m.binary(
      "i64.and",
      m.binary("i64.xor", last, m.localGet(lowest, I64)),
      m.i64(PAGE_MASK),
    );
  }

  // --- probes in place ------------------------------------------------------------------------------

  /**
   * Must a span be searched for: because its cache, if it has one, still tries, because its page is not in the
   * TLB, because it crosses pages, or because its start is misaligned? Leaves the TLB entry in a local.
   */
  missesTlb(kind: ProbeKind, span: AccessSpan, cache: number | null, entry: number): Expression {
    const { m } = this;
    const tag = this.#tlbTag(kind, span, entry);
    const isWithin = span.bytes <= span.alignment;
    if (cache === null && isWithin) return m.binary("i64.ne", tag, this.#pageIfAligned(span));
    const reasons = [m.binary("i64.xor", tag, this.#pageIfAligned(span))];
    if (cache !== null) reasons.push(this.#stillTries(cache));
    if (!isWithin) reasons.push(this.#crossing(span));
    return this.#isNotZero(reasons.reduce((any, reason) => m.binary("i64.or", any, reason)));
  }

  /** 0 when a cache has given up. */
  #stillTries(cache: number): Expression {
    const { m } = this;
    const state = m.binary("i32.xor", this.cachedAddend(cache), m.i32(PageCache.GIVEN_UP));
    return m.unary("i64.extend_i32_u", state);
  }

  #tlbTag(kind: ProbeKind, { lowest }: AccessSpan, entry: number): Expression {
    const { m } = this;
    const low = m.unary("i32.wrap_i64", m.localGet(lowest, I64));
    const offset = m.binary(
      "i32.and",
      m.binary("i32.shr_u", low, m.i32(PAGE_SHIFT - Tlb.ENTRY_SHIFT)),
      m.i32((TLB_ENTRIES - 1) << Tlb.ENTRY_SHIFT),
    );
    const tag = this.#set + (kind === "load" ? Tlb.READ_TAG : Tlb.WRITE_TAG);
    return m.load("cpu", 8, false, I64, m.localTee(entry, offset, I32), tag);
  }

  /** Addend of a TLB entry. */
  addendOf(entry: number): Expression {
    const { m } = this;
    return m.load("cpu", 4, false, I32, m.localGet(entry, I32), this.#set + Tlb.ADDEND);
  }

  // --- open RAM -------------------------------------------------------------------------------------

  /**
   * Is a span not in RAM, or misaligned? Both are in the distance from RAM's start, whose low bits are turned
   * into the highest ones.
   */
  isOutsideOf({ base, bytes }: OpenRam, span: AccessSpan): Expression {
    const { m } = this;
    const { alignment } = span;
    const distance = m.binary("i64.sub", m.localGet(span.lowest, I64), m.i64(base));
    const turned = alignment === 1
      ? distance
      : m.binary("i64.rotr", distance, m.i64(BigInt(Math.log2(alignment))));
    const last = (bytes - BigInt(span.bytes)) / BigInt(alignment);
    return m.binary("i64.lt_u", m.i64(last), turned);
  }

  /** The place of an address in open RAM. */
  openPlace({ base }: OpenRam, address: number): Expression {
    const { m } = this;
    const addend = Number(BigInt.asIntN(32, BigInt(GUEST_RAM_OFFSET) - base));
    return m.binary("i32.add", m.unary("i32.wrap_i64", m.localGet(address, I64)), m.i32(addend));
  }
}

function spanWord(m: ModuleBuilder, { bytes, alignment }: AccessSpan): Expression {
  return m.i32((alignment - 1) | (bytes - 1) << SpanWord.REACH_SHIFT);
}
