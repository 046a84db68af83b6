import { assert, assertEquals } from "@std/assert";
import {
  CONTEXT_MODE_BITS,
  Control,
  FlushFilter,
  JumpCache,
  MappingChecks,
  PAGE_CACHE_SET_BYTES,
  PageCache,
  Tlb,
  TLB_ENTRIES,
  TLB_SET_BYTES,
  TLB_SETS,
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
function fill(memory: VcpuMemory, address: number, { set = 0, level = 0 } = {}): void {
  for (const tag of TAGS) memory.setWideControl(entryOf(address, set) + tag, address);
  memory.setControl(entryOf(address, set) + Tlb.LEVEL, level);
  if (level > 0) memory.bytes[FlushFilter.LARGE_PAGE + filterOf(address)] = 1;
}

function filterOf(address: number): number {
  return Math.floor(address / 2 ** FlushFilter.ADDRESS_SHIFT) % FlushFilter.ENTRIES;
}

function hits(memory: VcpuMemory, address: number, set = 0): boolean[] {
  return TAGS.map((tag) => memory.wideControl(entryOf(address, set) + tag) === address);
}

function flush(cache: TranslationCache, address: number): void {
  cache.flushAddress(address | 0, Math.floor(address / 2 ** 32));
}

function epoch(memory: VcpuMemory): number {
  return memory.control(Control.CONTEXT) >>> CONTEXT_MODE_BITS;
}

const [GONE, KEPT] = [[false, false, false], [true, true, true]];
const ADDRESS = 0x1_4020_3000;

Deno.test("a whole flush drops every set and begins an epoch, the mode stays", () => {
  const { memory, cache } = scene();
  for (let set = 0; set < TLB_SETS; set++) fill(memory, ADDRESS, { set });
  const before = epoch(memory);
  cache.flushAll();
  for (let set = 0; set < TLB_SETS; set++) assertEquals(hits(memory, ADDRESS, set), GONE);
  assertEquals(epoch(memory), before + 1);
  assertEquals(memory.control(Control.CONTEXT) & ((1 << CONTEXT_MODE_BITS) - 1), MODE);
});

Deno.test("a flush of one address drops it in every set and leaves its neighbours", () => {
  const { memory, cache } = scene();
  for (const set of [0, 7]) {
    fill(memory, ADDRESS, { set });
    fill(memory, ADDRESS + 4096, { set });
  }
  const before = epoch(memory);
  flush(cache, ADDRESS);
  for (const set of [0, 7]) {
    assertEquals(hits(memory, ADDRESS, set), GONE);
    assertEquals(hits(memory, ADDRESS + 4096, set), KEPT);
  }
  assertEquals(epoch(memory), before);
});

Deno.test("a flush of one address begins an epoch where compiled code was entered near it", () => {
  const { memory, cache } = scene();
  memory.bytes[FlushFilter.EXECUTED + filterOf(ADDRESS)] = 1;
  const before = epoch(memory);
  flush(cache, ADDRESS + 2 ** FlushFilter.ADDRESS_SHIFT);
  assertEquals(epoch(memory), before);
  flush(cache, ADDRESS);
  assertEquals(epoch(memory), before + 1);
  flush(cache, ADDRESS);
  assertEquals(epoch(memory), before + 1);
});

Deno.test("a flush of any address of a large page drops all entries made from it", () => {
  const { memory, cache } = scene();
  const others = [ADDRESS + 0x5000, ADDRESS + 0x9000];
  for (const address of others) fill(memory, address, { set: 3, level: 1 });
  fill(memory, ADDRESS + 0x7000, { set: 3 });
  const far = ADDRESS + 0x40_0000 + 0xa000;
  fill(memory, far, { set: 3, level: 1 });
  flush(cache, ADDRESS);
  for (const address of others) assertEquals(hits(memory, address, 3), GONE);
  assertEquals(hits(memory, ADDRESS + 0x7000, 3), KEPT);
  assertEquals(hits(memory, far, 3), KEPT);
});

Deno.test("with leaves larger than 2 MiB around, every flush is a whole one, once", () => {
  const { memory, cache } = scene();
  memory.setControl(Control.LARGE_LEAVES, 1);
  fill(memory, ADDRESS + 0x5000);
  flush(cache, ADDRESS);
  assertEquals(hits(memory, ADDRESS + 0x5000), GONE);
  assertEquals(memory.control(Control.LARGE_LEAVES), 0);
});

Deno.test("rights to store are dropped alone", () => {
  const { memory, cache } = scene();
  const last = 511 * 4096;
  fill(memory, ADDRESS);
  fill(memory, last, { set: TLB_SETS - 1 });
  cache.dropWriteEntries();
  assertEquals(hits(memory, ADDRESS), [true, false, true]);
  assertEquals(hits(memory, last, TLB_SETS - 1), [true, false, true]);
});

Deno.test("when epochs are used up nothing keeps an old one, and 0 stays free", () => {
  const { memory, cache } = scene();
  const lastEpoch = -1 << CONTEXT_MODE_BITS;
  memory.setControl(Control.CONTEXT, lastEpoch | MODE);
  memory.words[JumpCache.BASE >> 2] = 1;
  memory.words[MappingChecks.BASE >> 2] = 1;
  cache.flushAll();
  assertEquals(epoch(memory), 1);
  assert(memory.control(JumpCache.BASE) === 0 && memory.control(MappingChecks.BASE) === 0);
});

Deno.test("page caches start empty, and whatever drops translations makes them stale", () => {
  const { memory, cache } = scene();
  const sets = memory.bytes.subarray(
    PageCache.BASE,
    PageCache.BASE + PAGE_CACHE_SET_BYTES * TLB_SETS,
  );
  assert(sets.every((byte) => byte === 0xff));
  const drops = [
    () => cache.flushAll(),
    () => flush(cache, ADDRESS),
    () => cache.dropWriteEntries(),
  ];
  for (const drop of drops) {
    memory.setControl(Control.PAGE_CACHES_STALE, 0);
    drop();
    assertEquals(memory.control(Control.PAGE_CACHES_STALE), 1);
  }
});
