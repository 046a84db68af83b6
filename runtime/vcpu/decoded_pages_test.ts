import { assert, assertEquals } from "@std/assert";
import { SHARED_MAXIMUM_PAGES, SHARED_MINIMUM_PAGES } from "../../wasm_backend/abi/module_shape.ts";
import {
  DECODED_PAGE_BYTES,
  ENTRY_INDEX_BITS,
  PAGE_PARCELS,
  PageDirectory,
  Record,
} from "../../wasm_backend/abi/vcpu_layout.ts";
import { toRunning } from "../atomics/agent_state.ts";
import { beginCodeStore, endCodeStore } from "../atomics/code_guard.ts";
import { Machine, PAGE_SHIFT } from "../atomics/shared_layout.ts";
import { RegionCatalog } from "../translation/region_catalog.ts";
import { DecodedPages, homeSlot } from "./decoded_pages.ts";
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
    siblings: [],
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

/** Two harts of one thread, whose instructions all have the first handler, and their page of code. */
class SiblingHarts {
  readonly words: Int32Array;
  readonly catalogs = [new RegionCatalog(), new RegionCatalog()];
  readonly memories = [new VcpuMemory(), new VcpuMemory()];
  readonly harts: readonly DecodedPages[];
  /** Instructions that were decoded, not copied. */
  decoded = 0;
  readonly #slots: number[] = [];

  constructor() {
    this.words = new Int32Array(new SharedArrayBuffer((FIRST_PAGE + 2) << PAGE_SHIFT));
    this.words[Machine.HART_COUNT.offset >> 2] = 3;
    const siblings: DecodedPages[] = [];
    const frontend = {
      recordFields: [],
      instructionLength: (): 4 => 4,
      decodeRecord: () => void this.decoded++,
    };
    this.harts = this.memories.map((memory, hart) =>
      new DecodedPages({
        ...{ words: this.words, hart, memory, frontend, siblings },
        ...{ translations: new TranslationCache(memory), catalog: this.catalogs[hart] },
      })
    );
    siblings.push(...this.harts);
  }

  open(hart: number): void {
    this.#slots[hart] = this.harts[hart].open(homeSlot(FIRST_PAGE, 0), FIRST_PAGE);
  }

  /** @returns whether the hart has decoded the parcel itself */
  reach(hart: number, parcel: number): boolean {
    const before = this.decoded;
    this.harts[hart].decode(
      this.#recordOf(hart, parcel),
      0,
      0,
      () => (FIRST_PAGE + 1) << PAGE_SHIFT,
    );
    return this.decoded > before;
  }

  isDecoded(hart: number, parcel: number): boolean {
    const handler = this.memories[hart].halves[this.#recordOf(hart, parcel) >> 1];
    return handler === Record.FIRST_HANDLER;
  }

  heat(hart: number, parcel: number): number {
    return this.memories[hart].words[(this.#recordOf(hart, parcel) + Record.HEAT) >> 2];
  }

  #recordOf(hart: number, parcel: number): number {
    return Record.BASE + this.#slots[hart] * DECODED_PAGE_BYTES + (parcel << Record.SHIFT);
  }
}

const FAR_PARCEL = PAGE_PARCELS / 2;

Deno.test("a hart takes over what a sibling has decoded near by, and decodes what is missing", () => {
  const scene = new SiblingHarts();
  scene.open(0);
  for (const parcel of [4, 6, FAR_PARCEL]) assert(scene.reach(0, parcel));
  scene.open(1);
  assertEquals([6, 8].map((parcel) => scene.reach(1, parcel)), [false, true]);
  assertEquals([4, 6, 8, 10, FAR_PARCEL].map((parcel) => scene.isDecoded(1, parcel)), [
    ...[true, true, true, false, false],
  ]);
  assert(!scene.reach(1, FAR_PARCEL));
});

Deno.test("a hart decodes itself what a sibling has decoded of an older generation", () => {
  const scene = new SiblingHarts();
  scene.open(0);
  scene.reach(0, 4);
  beginCodeStore(scene.words, FIRST_PAGE);
  endCodeStore(scene.words, FIRST_PAGE);
  scene.open(1);
  assert(scene.reach(1, 4));
});

Deno.test("a hart decodes itself what is provisional for a sibling", () => {
  const scene = new SiblingHarts();
  toRunning(scene.words, 2, () => {}); // has not acknowledged the guard
  scene.open(0);
  scene.reach(0, 4);
  scene.open(1);
  assert(scene.reach(1, 4));
});

Deno.test("every hart decodes what ends on the next page itself", () => {
  const scene = new SiblingHarts();
  for (const hart of [0, 1]) {
    scene.open(hart);
    assert(scene.reach(hart, PAGE_PARCELS - 1));
  }
});

Deno.test("a hart enters the regions that it has itself, wherever records come from", () => {
  const scene = new SiblingHarts();
  const region = (slot: number, parcel: number) => ({
    ...{ slot, name: "r", modeKey: 0, report: null, pages: [] },
    entries: [{ hostPage: FIRST_PAGE, offset: parcel << 1 }],
  });
  scene.catalogs[0].add(region(1, 4));
  scene.catalogs[1].add(region(2, 6));
  scene.open(0);
  for (const parcel of [4, 6]) scene.reach(0, parcel);
  scene.open(1);
  scene.reach(1, 4);
  assertEquals([4, 6].map((parcel) => scene.heat(0, parcel)), [-1 << ENTRY_INDEX_BITS, 0]);
  assertEquals([4, 6].map((parcel) => scene.heat(1, parcel)), [0, -2 << ENTRY_INDEX_BITS]);
});
