/**
 * What the vCPU's cached translations say of an address, without any effect: nothing is walked, filled, marked or
 * raised. What is not cached is unknown.
 */
import { type GuestFrontend, WalkResult } from "../../frontend/frontend.ts";
import {
  CONTEXT_MODE_BITS,
  Control,
  Tlb,
  TLB_ENTRIES,
  WalkCache,
} from "../../wasm_backend/abi/vcpu_layout.ts";
import { GUEST_RAM_OFFSET, PAGE_BYTES, PAGE_SHIFT } from "../atomics/shared_layout.ts";
import type { VcpuMemory } from "./vcpu_memory.ts";

/** No translation of the address is cached. */
export const UNKNOWN_HOST = 0;

const MODE_MASK = (1 << CONTEXT_MODE_BITS) - 1;
const PAGE_MASK = -PAGE_BYTES;
const HALF_RANGE = 0x1_0000_0000;
const HIGH_SHIFT = 32 - PAGE_SHIFT;

/** What it looks into. */
export interface TranslationLookupParts {
  /** The vCPU's private memory. */
  readonly memory: VcpuMemory;
  /** The guest. */
  readonly frontend: GuestFrontend;
  /** Guest physical address of RAM, and its size in bytes. */
  readonly ramRange: { readonly base: number; readonly bytes: number };
}

/** See the header of this file. */
export class TranslationLookup {
  readonly #parts: TranslationLookupParts;
  readonly #words: Int32Array;

  /** Looks into the caches of one vCPU. */
  constructor(parts: TranslationLookupParts) {
    this.#parts = parts;
    this.#words = parts.memory.words;
  }

  /** Mode key of the running code. */
  get modeKey(): number {
    return this.#parts.memory.control(Control.CONTEXT) & MODE_MASK;
  }

  /** Host offset that a fetch of this address reads, or {@linkcode UNKNOWN_HOST}. */
  fetched(low: number, high: number): number {
    const { memory } = this.#parts;
    const set = memory.control(Control.FETCH_TLB);
    const host = this.#cached(low, high, set, Tlb.FETCH_TAG);
    if (host !== UNKNOWN_HOST) return host;
    return this.#walked(low, high, memory.control(Control.FETCH_MMU), WalkResult.EXECUTE);
  }

  /** Host offset that a load from this address reads, or {@linkcode UNKNOWN_HOST}. */
  loaded(low: number, high: number): number {
    const { memory, frontend } = this.#parts;
    if (frontend.describeMode(this.modeKey).isOpen) return this.#physical(low, high);
    const host = this.#cached(low, high, memory.control(Control.DATA_TLB), Tlb.READ_TAG);
    if (host !== UNKNOWN_HOST) return host;
    return this.#walked(low, high, memory.control(Control.DATA_MMU), WalkResult.READ);
  }

  #physical(low: number, high: number): number {
    const { base, bytes } = this.#parts.ramRange;
    const distance = (high >>> 0) * HALF_RANGE + (low >>> 0) - base;
    return distance >= 0 && distance < bytes ? GUEST_RAM_OFFSET + distance : UNKNOWN_HOST;
  }

  /** @param kind place of the wanted kind of tag in an entry */
  #cached(low: number, high: number, set: number, kind: number): number {
    const words = this.#words;
    const entry = set + (((low >>> PAGE_SHIFT) & (TLB_ENTRIES - 1)) << Tlb.ENTRY_SHIFT);
    const tag = (entry + kind) >> 2;
    if (words[tag] !== (low & PAGE_MASK) || words[tag + 1] !== high) return UNKNOWN_HOST;
    return (low + words[(entry + Tlb.ADDEND) >> 2]) >>> 0;
  }

  /** Sets are found as the cold tier's `walk_set` does. */
  #walked(low: number, high: number, mmu: number, permission: number): number {
    const words = this.#words;
    const page = (low >>> PAGE_SHIFT) | (high << HIGH_SHIFT);
    const set = (page ^ (page >>> WalkCache.INDEX_BITS)) & ((1 << WalkCache.INDEX_BITS) - 1);
    const first = WalkCache.BASE + (set << WalkCache.SET_SHIFT);
    for (let at = 0; at < 1 << WalkCache.SET_SHIFT; at += WalkCache.ENTRY_BYTES) {
      const way = first + at;
      const key = (way + WalkCache.KEY) >> 2;
      if (words[key] !== ((low & PAGE_MASK) | mmu) || words[key + 1] !== high) continue;
      const leaf = words[(way + WalkCache.LEAF) >> 2];
      if ((leaf & permission) !== 0 && this.#isLive(words[(way + WalkCache.EPOCH) >> 2])) {
        return ((leaf & PAGE_MASK) | (low & ~PAGE_MASK)) >>> 0;
      }
    }
    return UNKNOWN_HOST;
  }

  #isLive(epoch: number): boolean {
    const { memory } = this.#parts;
    return epoch === memory.control(Control.SPACE_EPOCH) ||
      epoch === memory.control(Control.SHARED_EPOCH);
  }
}
