import { assert, assertEquals } from "@std/assert";
import { SHARED_MAXIMUM_PAGES, SHARED_MINIMUM_PAGES } from "../../wasm_backend/abi/module_shape.ts";
import { PageDirectory } from "../../wasm_backend/abi/vcpu_layout.ts";
import { Machine } from "../atomics/shared_layout.ts";
import { RegionCatalog } from "../translation/region_catalog.ts";
import { DecodedPages } from "./decoded_pages.ts";
import { TranslationCache } from "./translation_cache.ts";
import { VcpuMemory } from "./vcpu_memory.ts";

const FIRST_PAGE = 0x2010;
const HOME = 0x120;

function directory(): { pages: DecodedPages; pageOf: (slot: number) => number } {
  const shared = new WebAssembly.Memory({
    initial: SHARED_MINIMUM_PAGES,
    maximum: SHARED_MAXIMUM_PAGES,
    shared: true,
  });
  const words = new Int32Array(shared.buffer);
  words[Machine.HART_COUNT.offset >> 2] = 1;
  const memory = new VcpuMemory();
  const pages = new DecodedPages({
    words,
    hart: 0,
    memory,
    frontend: { recordFields: [], instructionLength: () => 4, decodeRecord: () => {} },
    translations: new TranslationCache(memory),
    catalog: new RegionCatalog(),
  });
  const pageOf = (slot: number): number => {
    const entry = PageDirectory.BASE + (slot << PageDirectory.ENTRY_SHIFT) + PageDirectory.PAGE;
    return memory.words[entry >> 2] - 1;
  };
  return { pages, pageOf };
}

Deno.test("pages of one home have slots of their own, as many as there are ways", () => {
  const { pages, pageOf } = directory();
  const count = PageDirectory.WAYS;
  const slots = Array.from({ length: count }, (_, index) => pages.open(HOME, FIRST_PAGE + index));
  assertEquals(new Set(slots).size, count);
  slots.forEach((slot, index) => {
    assertEquals(slot & -PageDirectory.WAYS, HOME);
    assertEquals(pageOf(slot), FIRST_PAGE + index);
  });
});

Deno.test("one more page takes the slot of one of them, and another the next one's", () => {
  const { pages } = directory();
  for (let way = 0; way < PageDirectory.WAYS; way++) pages.open(HOME, FIRST_PAGE + way);
  const taken = Array.from(
    { length: PageDirectory.WAYS },
    (_, index) => pages.open(HOME, FIRST_PAGE + PageDirectory.WAYS + index),
  );
  assertEquals(new Set(taken).size, PageDirectory.WAYS);
  assert(taken.every((slot) => (slot & -PageDirectory.WAYS) === HOME));
});
