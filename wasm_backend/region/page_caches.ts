/**
 * Which page cache in private memory an access uses: the translation of the last page that it touched.
 *
 * Accesses off the same base value share a cache inside of loops; outside of them all accesses off one register
 * share one. The stack pointer's caches are the same for all regions. Caches of different regions may be one
 * and the same; it costs time only, because a tag says everything about a page in one mmu mode.
 *
 * A cached translation stays valid until the vCPU is back in its trampoline. If it changes there, all caches
 * are emptied before the next region is entered (`Control.PAGE_CACHES_STALE`).
 */
import type { Block, Operation, SlotAttribute } from "../../ir/region.ts";
import { PAGE_CACHE_SET_BYTES, PageCache } from "../abi/vcpu_layout.ts";
import type { ProbeKind } from "./access_translation.ts";

/** Caches that a region may have of its own: beyond, accesses share by register. */
const CACHE_LIMIT = 24;
/** Caches of the stack pointer, before all others. */
const STACK = { load: 0, store: 1 } as const;
const FIRST_OTHER = 2;
const OTHERS = (1 << PageCache.INDEX_BITS) - FIRST_OTHER;
/** Multiplier and shift of the hash that spreads regions over the caches: 2^32 by the golden ratio. */
const SPREAD = { multiplier: 0x9e37_79b1, shift: 16 } as const;

/** See the header of this file. */
export class PageCaches {
  readonly #caches = new Map<string, number>();
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
    if (register === this.#stack) return this.#at(STACK[kind]);
    const isOwn = this.#looped.has(block) && this.#caches.size < CACHE_LIMIT;
    return this.#named(`${kind}.${isOwn ? `v${base.id}` : register}`);
  }

  #at(index: number): number {
    return this.#set + (index << PageCache.ENTRY_SHIFT);
  }

  #named(key: string): number {
    let cache = this.#caches.get(key);
    if (cache === undefined) {
      cache = this.#at(FIRST_OTHER + (this.#first + this.#caches.size) % OTHERS);
      this.#caches.set(key, cache);
    }
    return cache;
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
