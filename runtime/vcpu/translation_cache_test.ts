import { assert, assertEquals } from "@std/assert";
import {
  CONTEXT_MODE_BITS,
  Control,
  FlushFilter,
  JumpCache,
  MappingChecks,
  PAGE_CACHE_SET_BYTES,
  PageCache,
  SpaceRecords,
  Tlb,
  TLB_ENTRIES,
  TLB_SET_BYTES,
  TLB_SETS,
  WalkCache,
} from "../../wasm_backend/abi/vcpu_layout.ts";
import { TranslationCache } from "./translation_cache.ts";
import { VcpuMemory } from "./vcpu_memory.ts";

const TAGS = [Tlb.READ_TAG, Tlb.WRITE_TAG, Tlb.FETCH_TAG];
const MODE = 5;

function scene() {
  const memory = new VcpuMemory();
  memory.setControl(Control.CONTEXT, MODE);
  const cache = new TranslationCache(memory);
  return { memory, cache };
}

function entryOf(address: number, set: number): number {
  const index = Math.floor(address / 4096) % TLB_ENTRIES;
  return Tlb.BASE + set * TLB_SET_BYTES + index * Tlb.ENTRY_BYTES;
}

/** Caches a page, as the cold tier does. */
function fill(memory: VcpuMemory, address: number, set = 0): void {
  for (const tag of TAGS) memory.setWideControl(entryOf(address, set) + tag, address);
  memory.setControl(entryOf(address, set) + Tlb.LEVEL, 0);
}

function hits(memory: VcpuMemory, address: number, set = 0): boolean[] {
  return TAGS.map((tag) => memory.wideControl(entryOf(address, set) + tag) === address);
}

/** Epochs, as they stand in the context. */
function epochs(memory: VcpuMemory): { shared: number; space: number; sets: number[] } {
  const read = (offset: number): number => memory.control(offset) >>> CONTEXT_MODE_BITS;
  return {
    shared: read(Control.SHARED_EPOCH),
    space: read(Control.SPACE_EPOCH),
    sets: Array.from({ length: TLB_SETS }, (_, set) => read(Control.SET_EPOCHS + 4 * set)),
  };
}

const ADDRESS = 0x1_4020_3000;

Deno.test("a whole flush drops every set and begins epochs for all, the mode stays", () => {
  const { memory, cache } = scene();
  for (let set = 0; set < TLB_SETS; set++) fill(memory, ADDRESS, set);
  const before = epochs(memory);
  const flushes = memory.wideControl(Control.FLUSHES_FULL);
  cache.flushAll();
  for (let set = 0; set < TLB_SETS; set++) {
    assertEquals(hits(memory, ADDRESS, set), [false, false, false]);
    const level = memory.control(entryOf(ADDRESS, set) + Tlb.LEVEL);
    assert((level & Tlb.UNLISTED) !== 0, "the list is empty");
  }
  const { shared, space, sets } = epochs(memory);
  assert(new Set([shared, space, before.shared, before.space, 0]).size === 5);
  assertEquals(sets, Array(TLB_SETS).fill(shared));
  assertEquals(memory.control(Control.CONTEXT) >>> CONTEXT_MODE_BITS, shared);
  assertEquals(memory.control(Control.CONTEXT) & ((1 << CONTEXT_MODE_BITS) - 1), MODE);
  assertEquals(memory.wideControl(Control.FLUSHES_FULL), flushes + 1);
});

Deno.test("a whole flush forgets address spaces, and what was entered and cached where", () => {
  const { memory, cache } = scene();
  const words = [Control.LOCAL_ENTRIES, Control.LOCAL_SETS, Control.LARGE_LEVELS];
  const tables = [
    FlushFilter.LOCAL_CODE,
    FlushFilter.SHARED_CODE,
    FlushFilter.SHARED_AREA,
    FlushFilter.LARGE_LEAF,
    SpaceRecords.BASE + SpaceRecords.EPOCH,
  ];
  for (const word of [...words, ...tables]) memory.setControl(word, 1);
  cache.flushAll();
  assertEquals([...words, ...tables].map((word) => memory.control(word)), Array(8).fill(0));
});

Deno.test("rights to store are dropped alone", () => {
  const { memory, cache } = scene();
  const last = 511 * 4096;
  fill(memory, ADDRESS);
  fill(memory, last, TLB_SETS - 1);
  cache.dropWriteEntries();
  assertEquals(hits(memory, ADDRESS), [true, false, true]);
  assertEquals(hits(memory, last, TLB_SETS - 1), [true, false, true]);
});

Deno.test("when epochs are used up nothing keeps an old one, and 0 stays free", () => {
  const { memory, cache } = scene();
  memory.setControl(Control.LAST_EPOCH, -9 << CONTEXT_MODE_BITS);
  const holders = [JumpCache.BASE, MappingChecks.BASE, WalkCache.BASE + WalkCache.EPOCH];
  for (const holder of holders) memory.setControl(holder, 1);
  cache.flushAll();
  assertEquals([epochs(memory).shared, epochs(memory).space], [1, 2]);
  assertEquals(holders.map((holder) => memory.control(holder)), [0, 0, 0]);
});

Deno.test("page caches start empty, and whatever drops translations makes them stale", () => {
  const { memory, cache } = scene();
  const sets = memory.bytes.subarray(
    PageCache.BASE,
    PageCache.BASE + PAGE_CACHE_SET_BYTES * TLB_SETS,
  );
  assert(sets.every((byte) => byte === 0xff));
  for (const drop of [() => cache.flushAll(), () => cache.dropWriteEntries()]) {
    memory.setControl(Control.PAGE_CACHES_STALE, 0);
    drop();
    assertEquals(memory.control(Control.PAGE_CACHES_STALE), 1);
  }
});
