/**
 * Page translations cached in locals: tag and addend of the last page that a group of accesses touched.
 *
 * Accesses off the same base value share a cache; inside a loop it survives from one iteration to the next,
 * outside of loops all accesses off one register share one. A cached translation stays valid until the vCPU
 * is back in its trampoline, where every region frame has gone, and a region starts with empty caches.
 */
import type { Block, Operation, SlotAttribute } from "../../ir/region.ts";
import { Control } from "../abi/vcpu_layout.ts";
import type { LocalAllocation } from "../lower/local_allocation.ts";

/** Locals of one cache. */
export interface PageCache {
  /** i64: page address, or -1. */
  readonly tag: number;
  /** i32: host offset minus virtual address. */
  readonly addend: number;
  /** Places in private memory where regions hand the cache on; null when it ends with the region. */
  readonly carried: { readonly tag: number; readonly addend: number } | null;
}

/** Caches of one kind of access that a region may have: beyond, accesses share by register. */
const CACHE_LIMIT = 24;

/** Where the stack pointer's caches stand between regions, by kind of access. */
const CARRIED: Readonly<Record<string, { readonly tag: number; readonly addend: number }>> = {
  r: { tag: Control.STACK_LOAD_TAG, addend: Control.STACK_LOAD_ADDEND },
  w: { tag: Control.STACK_STORE_TAG, addend: Control.STACK_STORE_ADDEND },
};

/** Hands out the caches of one region. */
export class PageCaches {
  readonly #locals: LocalAllocation;
  readonly #caches = new Map<string, PageCache>();
  readonly #looped: ReadonlySet<Block>;

  readonly #stack: string;

  /** `looped` are the blocks inside loops; caches of the stack pointer are handed on. */
  constructor(locals: LocalAllocation, looped: ReadonlySet<Block>, stackPointer: SlotAttribute) {
    this.#locals = locals;
    this.#looped = looped;
    this.#stack = elementName(stackPointer);
  }

  /** The cache for an access at an address. */
  of(address: Operation, block: Block, isStore: boolean): PageCache {
    const base = baseOf(address);
    const kind = isStore ? "w" : "r";
    const register = registerOf(base);
    const isSite = this.#looped.has(block) && register !== this.#stack &&
      this.#caches.size < CACHE_LIMIT;
    return this.#cache(`${kind}.${isSite ? `v${base.id}` : register}`);
  }

  #cache(key: string): PageCache {
    let cache = this.#caches.get(key);
    if (cache === undefined) {
      cache = {
        tag: this.#locals.permanent("i64"),
        addend: this.#locals.permanent("i32"),
        carried: key.endsWith(`.${this.#stack}`) ? CARRIED[key[0]] : null,
      };
      this.#caches.set(key, cache);
    }
    return cache;
  }

  /** All caches handed out. */
  all(): Iterable<PageCache> {
    return this.#caches.values();
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
