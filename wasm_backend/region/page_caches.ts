/**
 * Page translations cached in locals: tag and addend of the last page that a group of accesses touched.
 *
 * Accesses off the same base value share a cache; inside a loop it survives from one iteration to the next,
 * outside of loops all accesses off one register share one. A cached translation stays valid until the vCPU
 * is back in its trampoline, where every region frame has gone, and a region starts with empty caches.
 */
import type { Block, Operation, SlotAttribute } from "../../ir/region.ts";
import type { LocalAllocation } from "../lower/local_allocation.ts";

/** Locals of one cache. */
export interface PageCache {
  /** i64: page address, or -1. */
  readonly tag: number;
  /** i32: host offset minus virtual address. */
  readonly addend: number;
}

/** Caches of one kind of access that a region may have: beyond, accesses share by register. */
const CACHE_LIMIT = 24;

/** Hands out the caches of one region. */
export class PageCaches {
  readonly #locals: LocalAllocation;
  readonly #caches = new Map<string, PageCache>();
  readonly #looped: ReadonlySet<Block>;

  /** `looped` are the blocks inside loops. */
  constructor(locals: LocalAllocation, looped: ReadonlySet<Block>) {
    this.#locals = locals;
    this.#looped = looped;
  }

  /** The cache for an access at an address. */
  of(address: Operation, block: Block, isStore: boolean): PageCache {
    const base = baseOf(address);
    const kind = isStore ? "w" : "r";
    const register = registerOf(base);
    const isSite = this.#looped.has(block) && !STACK_LIKE.has(register) &&
      this.#caches.size < CACHE_LIMIT;
    return this.#cache(`${kind}.${isSite ? `v${base.id}` : register}`);
  }

  #cache(key: string): PageCache {
    let cache = this.#caches.get(key);
    if (cache === undefined) {
      cache = { tag: this.#locals.permanent("i64"), addend: this.#locals.permanent("i32") };
      this.#caches.set(key, cache);
    }
    return cache;
  }

  /** All caches handed out. */
  all(): Iterable<PageCache> {
    return this.#caches.values();
  }
}

/** Registers that keep pointing into the same page: a cache of their own pays everywhere. */
const STACK_LIKE: ReadonlySet<string> = new Set(["x.2"]);

/** The value that a constant distance is added to. */
export function baseOf(address: Operation): Operation {
  if (address.opcode !== "i64.add") return address;
  const [left, right] = address.operands;
  if (right.opcode === "i64.const") return left;
  return left.opcode === "i64.const" ? right : address;
}

function registerOf(base: Operation): string {
  if (base.opcode !== "state.get") return "computed";
  const { slot, index } = base.attribute as SlotAttribute;
  return `${slot.name}.${index}`;
}
