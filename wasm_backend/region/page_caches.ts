/**
 * Which page cache in private memory an access uses: the translation of the last page that it touched.
 *
 * Accesses off the same base value share a cache inside of loops; outside of them all accesses off one register
 * share one. The stack pointer's caches are the same for all regions. Caches of different regions may be one
 * and the same; it costs time only, because a tag says everything about loads of a page in one mmu mode, or
 * about stores: what may be loaded from may be closed to stores, so no load ever has a store's cache.
 *
 * A cached translation stays valid until the vCPU is back in its trampoline. If it changes there, all caches
 * are emptied before the next region is entered (`Control.PAGE_CACHES_STALE`).
 */
import type { Block, Operation, SlotAttribute } from "../../ir/region.ts";
import { PAGE_CACHE_SET_BYTES, PageCache } from "../abi/vcpu_layout.ts";
import type { ProbeKind } from "./access_translation.ts";

/** Pairs that a region may have of its own: beyond, accesses share by register. */
const PAIR_LIMIT = 16;
/** Caches come in pairs, one for each kind of access. The first pair is the stack pointer's. */
const MEMBER = { load: 0, store: 1 } as const;
const STACK_PAIR = 0;
const FIRST_OTHER = 1;
const OTHERS = (1 << (PageCache.INDEX_BITS - 1)) - FIRST_OTHER;
/** Multiplier and shift of the hash that spreads regions over the caches: 2^32 by the golden ratio. */
const SPREAD = { multiplier: 0x9e37_79b1, shift: 16 } as const;

/** See the header of this file. */
export class PageCaches {
  readonly #pairs = new Map<string, number>();
  readonly #set: number;
  readonly #first: number;
  readonly #looped: ReadonlySet<Block>;
  readonly #stack: string;

  /**
   * `looped` are the blocks inside loops; `start` is where in its page the region starts, in bytes: unlike its
   * slot, that is a fact of the code and the same wherever the region is moved to.
   */
  constructor(
    { dataMmu, start, stackPointer }: {
      readonly dataMmu: number;
      readonly start: number;
      readonly stackPointer: SlotAttribute;
    },
    looped: ReadonlySet<Block>,
  ) {
    this.#set = PageCache.BASE + dataMmu * PAGE_CACHE_SET_BYTES;
    this.#first = Math.imul(start, SPREAD.multiplier) >>> SPREAD.shift;
    this.#looped = looped;
    this.#stack = elementName(stackPointer);
  }

  /** Place of the cache for an access at an address. */
  of(address: Operation, block: Block, kind: ProbeKind): number {
    const base = baseOf(address);
    const register = registerOf(base);
    if (register === this.#stack) return this.#at(STACK_PAIR, kind);
    const isOwn = this.#looped.has(block) && this.#pairs.size < PAIR_LIMIT;
    return this.#at(this.#pairOf(isOwn ? `v${base.id}` : register), kind);
  }

  #at(pair: number, kind: ProbeKind): number {
    return this.#set + ((2 * pair + MEMBER[kind]) << PageCache.ENTRY_SHIFT);
  }

  #pairOf(key: string): number {
    let pair = this.#pairs.get(key);
    if (pair === undefined) {
      pair = FIRST_OTHER + (this.#first + this.#pairs.size) % OTHERS;
      this.#pairs.set(key, pair);
    }
    return pair;
  }
}

/** The value that a constant distance is added to. */
export function baseOf(address: Operation): Operation {
  if (address.opcode !== "i64.add") return address;
  const [left, right] = address.operands;
  if (right.opcode === "i64.const") return left;
  return left.opcode === "i64.const" ? right : address;
}

function registerOf(base: Operation): string {
  if (base.opcode !== "state.get") return "computed";
  return elementName(base.attribute as SlotAttribute);
}

function elementName({ slot, index }: SlotAttribute): string {
  return `${slot.name}.${index}`;
}
