/**
 * The vCPU's cached translations as a whole: software TLB, jump cache and mapping checks.
 *
 * Single addresses and address spaces are dropped by the cold tier
 * (`wasm_backend/cold_tier/translation_functions.ts`), which also says what epochs are. What is here touches every
 * entry, runs in the trampoline, and is rare.
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
  SpaceRecords,
  Tlb,
  TLB_ENTRIES,
  TLB_SET_BYTES,
  TLB_SETS,
  WalkCache,
} from "../../wasm_backend/abi/vcpu_layout.ts";
import type { VcpuMemory } from "./vcpu_memory.ts";

const ENTRY_WORDS = Tlb.ENTRY_BYTES >> 2;
const ALL_ENTRIES = TLB_ENTRIES * TLB_SETS;
const TLB_WORDS_START = Tlb.BASE >> 2;
const TLB_WORDS_END = (Tlb.BASE + TLB_SET_BYTES * TLB_SETS) >> 2;
const PAGE_CACHE_WORDS_START = PageCache.BASE >> 2;
const PAGE_CACHE_WORDS_END = (PageCache.BASE + PAGE_CACHE_SET_BYTES * TLB_SETS) >> 2;
const WRITE_TAG_WORD = Tlb.WRITE_TAG >> 2;
const EPOCH_STEP = 1 << CONTEXT_MODE_BITS;
const MODE_MASK = EPOCH_STEP - 1;
/** Numbers of epochs from here on are not given: the cold tier may be about to take some. */
const LAST_EPOCHS = -0x100 * EPOCH_STEP >>> 0;
const JUMP_CACHE_BYTES = 1 << (JumpCache.INDEX_BITS + JumpCache.ENTRY_SHIFT);
const MAPPING_CHECKS_BYTES = REGION_SLOTS << MappingChecks.ENTRY_SHIFT;
const WALK_CACHE_BYTES = 1 << (WalkCache.INDEX_BITS + WalkCache.SET_SHIFT);
const SPACE_RECORDS_BYTES = 1 << (SpaceRecords.INDEX_BITS + SpaceRecords.ENTRY_SHIFT);

/** See the header of this file. */
export class TranslationCache {
  readonly #memory: VcpuMemory;
  readonly #words: Int32Array;

  /** Starts empty. */
  constructor(memory: VcpuMemory) {
    this.#memory = memory;
    this.#words = memory.words;
    this.#words.fill(-1, PAGE_CACHE_WORDS_START, PAGE_CACHE_WORDS_END);
    this.flushAll();
  }

  /** Drops every translation. */
  flushAll(): void {
    const memory = this.#memory;
    memory.setControl(Control.PAGE_CACHES_STALE, 1);
    memory.setWideControl(Control.FLUSHES_FULL, memory.wideControl(Control.FLUSHES_FULL) + 1);
    this.#words.fill(-1, TLB_WORDS_START, TLB_WORDS_END);
    memory.setControl(Control.LOCAL_ENTRIES, 0);
    memory.setControl(Control.LOCAL_SETS, 0);
    memory.setControl(Control.LARGE_LEVELS, 0);
    this.#clear(FlushFilter.LARGE_LEAF, FlushFilter.ENTRIES);
    this.#clear(FlushFilter.SHARED_AREA, FlushFilter.ENTRIES);
    this.#clear(FlushFilter.SHARED_CODE, FlushFilter.PAGES);
    this.#clear(FlushFilter.LOCAL_CODE, FlushFilter.PAGES);
    this.#clear(SpaceRecords.BASE, SPACE_RECORDS_BYTES);
    this.#beginEpochs();
  }

  #clear(start: number, bytes: number): void {
    this.#memory.bytes.fill(0, start, start + bytes);
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

  /** The numbers are finite: when they are used up, everything that holds an old one goes. */
  #beginEpochs(): void {
    const memory = this.#memory;
    let last = memory.control(Control.LAST_EPOCH);
    if (last >>> 0 >= LAST_EPOCHS) {
      this.#clear(JumpCache.BASE, JUMP_CACHE_BYTES);
      this.#clear(MappingChecks.BASE, MAPPING_CHECKS_BYTES);
      this.#clear(WalkCache.BASE, WALK_CACHE_BYTES);
      last = 0;
    }
    const shared = last + EPOCH_STEP;
    memory.setControl(Control.SHARED_EPOCH, shared);
    memory.setControl(Control.SPACE_EPOCH, shared + EPOCH_STEP);
    memory.setControl(Control.LAST_EPOCH, shared + EPOCH_STEP);
    for (let set = 0; set < TLB_SETS; set++) {
      memory.setControl(Control.SET_EPOCHS + set * Int32Array.BYTES_PER_ELEMENT, shared);
    }
    const mode = memory.control(Control.CONTEXT) & MODE_MASK;
    memory.setControl(Control.CONTEXT, shared | mode);
  }
}
