/**
 * From guest addresses to places in shared memory: page caches in locals, TLB probes, and guest RAM that is open
 * to its own addresses.
 *
 * A probe that gives an odd number found no place: a device, a fault, a misaligned access, a guarded page.
 */
import type { FunctionSignature } from "../../ir/region.ts";
import { GUEST_RAM_OFFSET } from "../../runtime/atomics/shared_layout.ts";
import { ColdExport } from "../abi/module_shape.ts";
import { storeControl } from "../lower/guest_state_access.ts";
import { type Expression, type ModuleBuilder, wasmType } from "../module_builder.ts";
import type { PageCache } from "./page_caches.ts";
import type { RegionFunctions } from "./region_functions.ts";

const I32 = wasmType("i32");
const I64 = wasmType("i64");
const PAGE_BYTES = 4096;
const PAGE_OFFSET_MASK = PAGE_BYTES - 1;
const PAGE_MASK = -BigInt(PAGE_BYTES);
const STORE_GUARDED: FunctionSignature = {
  name: ColdExport.STORE_GUARDED,
  parameters: ["i64", "i64", "i32"],
  result: "i32",
};

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

  /** Translation by one TLB set. */
  constructor(m: ModuleBuilder, functions: RegionFunctions, mmu: number) {
    this.m = m;
    this.#functions = functions;
    this.#mmu = mmu;
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

  /** Caches start empty, but for those that regions hand on to each other. */
  startCache({ tag, addend, carried }: PageCache): Expression[] {
    const { m } = this;
    if (carried === null) return [m.localSet(tag, m.i64(-1n))];
    return [
      m.localSet(tag, m.load("cpu", 8, false, I64, m.i32(carried.tag))),
      m.localSet(addend, m.load("cpu", 4, false, I32, m.i32(carried.addend))),
    ];
  }

  /** Does a cache hold another page than the address's, or is the address misaligned? */
  misses(address: number, alignment: number, { tag }: PageCache): Expression {
    const { m } = this;
    const mask = m.i64(PAGE_MASK | BigInt(alignment - 1));
    const masked = m.binary("i64.and", m.localGet(address, I64), mask);
    return m.binary("i64.ne", masked, m.localGet(tag, I64));
  }

  /** Statements that make a cache hold the page of an address, its addend in a local. */
  fillCache({ tag, addend, carried }: PageCache, address: number, found: number): Expression[] {
    const { m } = this;
    const page = m.binary("i64.and", m.localGet(address, I64), m.i64(PAGE_MASK));
    const statements = [m.localSet(addend, m.localGet(found, I32)), m.localSet(tag, page)];
    if (carried === null) return statements;
    return [
      ...statements,
      m.store("cpu", 8, I64, m.i32(carried.tag), m.localGet(tag, I64)),
      storeControl(m, carried.addend, m.localGet(addend, I32)),
    ];
  }

  /** Does a span reach into the next page? */
  crosses({ lowest, bytes }: AccessSpan): Expression {
    const { m } = this;
    const low = m.unary("i32.wrap_i64", m.localGet(lowest, I64));
    const offset = m.binary("i32.and", low, m.i32(PAGE_OFFSET_MASK));
    return m.binary("i32.lt_u", m.i32(PAGE_BYTES - bytes), offset);
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
