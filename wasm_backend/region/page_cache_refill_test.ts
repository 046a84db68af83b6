import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Control, PageCache, Tlb } from "../abi/vcpu_layout.ts";
import { ENVIRONMENT, VCPU_MEMORY } from "../abi/module_shape.ts";
import { BinaryenFactory } from "../binaryen/binaryen_builder.ts";
import { moduleImports } from "../module_fixture.ts";
import { addPageCacheRefill } from "./page_cache_refill.ts";

const CACHE = PageCache.BASE + 0x40;
const MMU = 3;
const [FIRST, SECOND, THIRD] = [0x1000n, 0x8000_2000n, -0x1000n];
/** Far more returns than any patience. */
const MANY = 100;

/** A cache that is empty, and its refill; the search knows the pages of a map. */
function scene(canGiveUp: boolean) {
  const pages = new Map<bigint, number>([[FIRST, 0x100], [SECOND, 0x200], [THIRD, 0x300]]);
  const m = new BinaryenFactory().create(`
    (import "${ENVIRONMENT}" "search" (func $search (param i64 i32) (result i32)))`);
  addPageCacheRefill(m, "refill", { search: "search", mmu: MMU, canGiveUp });
  m.exportFunction("refill");
  const search = (address: bigint, mask: number): number =>
    (address & BigInt(mask)) !== 0n ? 1 : pages.get(address & -4096n) ?? 1;
  const imports = moduleImports({ search });
  const memory = imports[ENVIRONMENT][VCPU_MEMORY] as WebAssembly.Memory;
  const view = new DataView(memory.buffer);
  new Uint8Array(memory.buffer, CACHE, 1 << PageCache.ENTRY_SHIFT).fill(-1);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(m.emit()), imports);
  m.dispose();
  const refill = exports.refill as (address: bigint, mask: number, cache: number) => number;
  return {
    pages,
    touch: (address: bigint, mask = 7) => refill(address, mask, CACHE),
    held: () => view.getBigInt64(CACHE + PageCache.TAG, true),
    addend: () => view.getInt32(CACHE + PageCache.ADDEND, true),
    filled: () => view.getBigUint64(Control.PAGE_CACHES_FILLED, true),
  };
}

for (const canGiveUp of [false, true]) {
  Deno.test(`a refill gives the probe's addend and keeps it${canGiveUp ? " at first" : ""}`, () => {
    const { touch, held, addend, filled } = scene(canGiveUp);
    assertEquals(touch(SECOND + 0x128n), 0x200);
    assertEquals([held(), addend(), filled()], [SECOND, 0x200, 1n << BigInt(MMU * 8)]);
    assertEquals(touch(THIRD + 0xff8n), 0x300);
    assertEquals([held(), addend()], [THIRD, 0x300]);
  });

  Deno.test(`what has no page leaves a cache as it is${canGiveUp ? ", and its patience" : ""}`, () => {
    const { touch, held, addend, filled } = scene(canGiveUp);
    assertEquals([touch(0x5000n), touch(FIRST + 4n)], [1, 1]);
    assertEquals([held(), filled()], [Tlb.INVALID_TAG, 0n]);
    touch(FIRST);
    for (let count = 0; count < MANY; count++) assertEquals(touch(SECOND + 1n), 1);
    assertEquals([held(), addend()], [FIRST, 0x100]);
  });
}

Deno.test("a cache that returns to the page before again and again gives up", () => {
  const { touch, held, addend } = scene(true);
  for (let count = 0; count < MANY; count++) {
    assertEquals([touch(FIRST), touch(SECOND)], [0x100, 0x200]);
  }
  assertEquals([held(), addend()], [Tlb.INVALID_TAG, PageCache.GIVEN_UP]);
  assertEquals([touch(THIRD), touch(0x5000n), touch(FIRST + 1n)], [0x300, 1, 1]);
  assertEquals([held(), addend()], [Tlb.INVALID_TAG, PageCache.GIVEN_UP]);
});

Deno.test("without another way to find pages a cache never gives up", () => {
  const { touch, held } = scene(false);
  for (let count = 0; count < MANY; count++) touch(FIRST), touch(SECOND);
  assertEquals(held(), SECOND);
});

Deno.test("steps over an array are no returns, however often they begin again", () => {
  const { touch, held } = scene(true);
  for (let count = 0; count < MANY; count++) touch(FIRST), touch(SECOND), touch(THIRD);
  assertEquals(held(), THIRD);
});

Deno.test("whatever a cache holds, its addend is that of its page, and results are the probe's", () => {
  const page = fc.constantFrom(FIRST, SECOND, THIRD, 0x5000n);
  const address = fc.tuple(page, fc.bigInt(0n, 4095n)).map(([start, offset]) => start + offset);
  let gaveUp = 0;
  fc.assert(
    fc.property(fc.array(address, { maxLength: 80 }), fc.constantFrom(0, 3, 7), (all, mask) => {
      const { pages, touch, held, addend } = scene(true);
      for (const each of all) {
        const isMisaligned = (each & BigInt(mask)) !== 0n;
        assertEquals(touch(each, mask), isMisaligned ? 1 : pages.get(each & -4096n) ?? 1);
        if (held() !== Tlb.INVALID_TAG) assertEquals(addend(), pages.get(held()));
      }
      if (addend() === PageCache.GIVEN_UP) gaveUp++;
    }),
    { numRuns: 60 },
  );
  assert(gaveUp < 60);
});
