/**
 * The vCPU's cached translations: software TLB, jump cache and mapping checks, and how they are dropped.
 *
 * The jump cache and the mapping checks hold the mapping epoch they were made in, so that dropping them all
 * is one addition. A flush of one address begins a new epoch only when compiled code was entered near that
 * address, and looks for large pages only when one was cached there: a kernel flushes single pages of data
 * a hundred thousand times while it boots. Everything here runs in the trampoline.
 */
import {
  CONTEXT_MODE_BITS,
  Control,
  FlushFilter,
  JumpCache,
  MappingChecks,
  PAGE_CACHE_SET_BYTES,
  PageCache,
  REGION_SLOTS,
  Tlb,
  TLB_ENTRIES,
  TLB_SET_BYTES,
  TLB_SETS,
} from "../../wasm_backend/abi/vcpu_layout.ts";
import type { VcpuMemory } from "./vcpu_memory.ts";

const ENTRY_WORDS = Tlb.ENTRY_BYTES >> 2;
const ALL_ENTRIES = TLB_ENTRIES * TLB_SETS;
const TLB_WORDS_START = Tlb.BASE >> 2;
const TLB_WORDS_END = (Tlb.BASE + TLB_SET_BYTES * TLB_SETS) >> 2;
const PAGE_CACHE_WORDS_START = PageCache.BASE >> 2;
const PAGE_CACHE_WORDS_END = (PageCache.BASE + PAGE_CACHE_SET_BYTES * TLB_SETS) >> 2;
const WRITE_TAG_WORD = Tlb.WRITE_TAG >> 2;
const LEVEL_WORD = Tlb.LEVEL >> 2;
/** The tags are the first three 64-bit words of an entry. */
const TAG_WORDS = 6;
const PAGE_SHIFT = 12;
const LARGE_PAGE_SHIFT = FlushFilter.ADDRESS_SHIFT;
const EPOCH_STEP = 1 << CONTEXT_MODE_BITS;
/** Epoch 0 is that of empty entries. */
const FIRST_EPOCH = 1;
const JUMP_CACHE_END = JumpCache.BASE + (1 << (JumpCache.INDEX_BITS + JumpCache.ENTRY_SHIFT));
const MAPPING_CHECKS_END = MappingChecks.BASE + (REGION_SLOTS << MappingChecks.ENTRY_SHIFT);

/** See the header of this file. */
export class TranslationCache {
  readonly #memory: VcpuMemory;
  readonly #words: Int32Array;
  /** Whole flushes, flushes of one address, new mapping epochs. */
  readonly counts = { whole: 0, address: 0, epochs: 0 };

  /** Starts empty. */
  constructor(memory: VcpuMemory) {
    this.#memory = memory;
    this.#words = memory.words;
    this.#words.fill(-1, PAGE_CACHE_WORDS_START, PAGE_CACHE_WORDS_END);
    this.flushAll();
  }

  /** Drops every translation. */
  flushAll(): void {
    this.counts.whole++;
    this.#memory.setControl(Control.PAGE_CACHES_STALE, 1);
    this.#words.fill(-1, TLB_WORDS_START, TLB_WORDS_END);
    this.#memory.bytes.fill(
      0,
      FlushFilter.LARGE_PAGE,
      FlushFilter.LARGE_PAGE + FlushFilter.ENTRIES,
    );
    this.#memory.setControl(Control.LARGE_LEAVES, 0);
    this.#beginEpoch();
  }

  /** Drops the translations that a virtual address, given as two halves, may have come from. */
  flushAddress(low: number, high: number): void {
    this.counts.address++;
    this.#memory.setControl(Control.PAGE_CACHES_STALE, 1);
    const index = (low >>> PAGE_SHIFT) & (TLB_ENTRIES - 1);
    for (let set = 0; set < TLB_SETS; set++) {
      const entry = TLB_WORDS_START + (set * TLB_ENTRIES + index) * ENTRY_WORDS;
      this.#words.fill(-1, entry, entry + TAG_WORDS);
    }
    const region = ((low >>> LARGE_PAGE_SHIFT) | (high << (32 - LARGE_PAGE_SHIFT))) &
      (FlushFilter.ENTRIES - 1);
    const { bytes } = this.#memory;
    if (this.#memory.control(Control.LARGE_LEAVES) !== 0) return this.flushAll();
    if (bytes[FlushFilter.LARGE_PAGE + region] !== 0) this.#flushLargePage(low, high);
    if (bytes[FlushFilter.EXECUTED + region] !== 0) this.#beginEpoch();
  }

  #flushLargePage(low: number, high: number): void {
    const words = this.#words;
    for (let entry = TLB_WORDS_START; entry < TLB_WORDS_END; entry += ENTRY_WORDS) {
      if (words[entry + LEVEL_WORD] === 0) continue;
      for (let tag = 0; tag < TAG_WORDS; tag += 2) {
        const isInside = words[entry + tag + 1] === high &&
          words[entry + tag] >>> LARGE_PAGE_SHIFT === low >>> LARGE_PAGE_SHIFT;
        if (isInside) words.fill(-1, entry + tag, entry + tag + 2);
      }
    }
  }

  /** Drops every right to store, so that the next store of each page reads the page's attributes. */
  dropWriteEntries(): void {
    this.#memory.setControl(Control.PAGE_CACHES_STALE, 1);
    const words = this.#words;
    for (let entry = 0; entry < ALL_ENTRIES; entry++) {
      const tag = TLB_WORDS_START + entry * ENTRY_WORDS + WRITE_TAG_WORD;
      words[tag] = -1;
      words[tag + 1] = -1;
    }
  }

  /** The epoch number is finite: when it is used up, everything that holds an old one goes. */
  #beginEpoch(): void {
    this.counts.epochs++;
    const memory = this.#memory;
    const mode = memory.control(Control.CONTEXT) & (EPOCH_STEP - 1);
    let context = (memory.control(Control.CONTEXT) + EPOCH_STEP) | 0;
    if (context === mode) {
      memory.words.fill(0, JumpCache.BASE >> 2, JUMP_CACHE_END >> 2);
      memory.words.fill(0, MappingChecks.BASE >> 2, MAPPING_CHECKS_END >> 2);
      context = mode + FIRST_EPOCH * EPOCH_STEP;
    }
    memory.setControl(Control.CONTEXT, context);
    memory.bytes.fill(0, FlushFilter.EXECUTED, FlushFilter.EXECUTED + FlushFilter.ENTRIES);
  }
}
