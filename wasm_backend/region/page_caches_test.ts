import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { Builder } from "../../ir/builder.ts";
import { StateLayout } from "../../ir/guest_state.ts";
import { type Block, type Operation, Region } from "../../ir/region.ts";
import { PAGE_CACHE_SET_BYTES, PageCache, TLB_SETS } from "../abi/vcpu_layout.ts";
import { baseOf, PageCaches } from "./page_caches.ts";

const LAYOUT = new StateLayout([{ name: "x", type: "i64", count: 8, promotable: true }]);
const X = LAYOUT.slot("x");
const STACK = { slot: X, index: 2 };
const MANY = 200;
const PAGE_BYTES = 4096;
const PARCEL_BYTES = 2;

function scene({ dataMmu = 0, start = 0 } = {}) {
  const region = new Region("r", "region");
  const [straight, looped] = [region.addBlock(), region.addBlock()];
  const b = new Builder(region);
  b.setBlock(straight);
  const parts = { dataMmu, start, stackPointer: STACK };
  const caches = new PageCaches(parts, new Set<Block>([looped]));
  return { b, caches, straight, looped };
}

/** Every place that a region can be given. */
function placesOf(of: { dataMmu?: number; start?: number }): Set<number> {
  const { b, caches, looped, straight } = scene(of);
  const places = new Set<number>();
  for (const kind of ["load", "store"] as const) {
    for (let count = 0; count < MANY; count++) {
      places.add(caches.of(b.getState(X, 1), looped, kind));
    }
    for (let register = 0; register < X.count; register++) {
      places.add(caches.of(b.getState(X, register), straight, kind));
    }
  }
  return places;
}

Deno.test("the base of an address is what a constant is added to, on either side", () => {
  const { b } = scene();
  const register = b.getState(X, 1);
  const other = b.getState(X, 3);
  const both = b.add(register, other);
  assertEquals(baseOf(b.add(register, b.i64(8))), register);
  assertEquals(baseOf(b.add(b.i64(8), register)), register);
  assertEquals(baseOf(register), register);
  assertEquals(baseOf(both), both);
});

Deno.test("outside of loops accesses off one register share a cache, loads and stores apart", () => {
  const { b, caches, straight } = scene();
  const first = caches.of(b.add(b.getState(X, 1), b.i64(8)), straight, "load");
  assertEquals(caches.of(b.getState(X, 1), straight, "load"), first);
  const others = [
    caches.of(b.getState(X, 3), straight, "load"),
    caches.of(b.getState(X, 1), straight, "store"),
    caches.of(b.add(b.getState(X, 1), b.getState(X, 3)), straight, "load"),
  ];
  assertEquals(new Set([first, ...others]).size, 4);
});

Deno.test("inside of loops every base value has a cache of its own", () => {
  const { b, caches, looped } = scene();
  const [one, two] = [b.getState(X, 1), b.getState(X, 1)];
  const cache = caches.of(one, looped, "load");
  assertEquals(caches.of(b.add(one, b.i64(16)), looped, "load"), cache);
  assertNotEquals(caches.of(two, looped, "load"), cache);
});

Deno.test("the stack pointer's two caches are the same everywhere, and nothing else has them", () => {
  const { b, caches, straight, looped } = scene();
  const stack = (): Operation => b.getState(X, STACK.index);
  const [load, store] = (["load", "store"] as const).map((kind) =>
    caches.of(stack(), straight, kind)
  );
  assertNotEquals(load, store);
  assertEquals(caches.of(stack(), looped, "load"), load);
  const other = scene({ start: 1234 });
  assertEquals(other.caches.of(other.b.getState(X, STACK.index), other.looped, "load"), load);
  for (let start = 0; start < MANY; start++) {
    const { b, caches, looped } = scene({ start });
    for (let count = 0; count < MANY; count++) {
      const place = caches.of(b.getState(X, 1), looped, "load");
      assert(place !== load && place !== store);
    }
  }
});

Deno.test("a region has few caches, all of them in the set of its mmu mode", () => {
  for (let dataMmu = 0; dataMmu < TLB_SETS; dataMmu++) {
    const set = PageCache.BASE + dataMmu * PAGE_CACHE_SET_BYTES;
    for (const start of [0, 2, 4, 4094]) {
      const places = placesOf({ dataMmu, start });
      assert(places.size > 8 && places.size < 50, `${places.size}`);
      for (const place of places) {
        assert(place >= set && place < set + PAGE_CACHE_SET_BYTES);
        assertEquals(place % (1 << PageCache.ENTRY_SHIFT), 0);
      }
    }
  }
});

Deno.test("no load of any region has the cache of a store: they may do different things on a page", () => {
  const places = { load: new Set<number>(), store: new Set<number>() };
  for (let start = 0; start < PAGE_BYTES; start += PARCEL_BYTES) {
    const { b, caches, looped } = scene({ start });
    for (let count = 0; count < 16; count++) {
      const kind = (start >> 3 ^ count) & 1 ? "load" : "store";
      places[kind].add(caches.of(b.getState(X, 1), looped, kind));
    }
    places.load.add(caches.of(b.getState(X, STACK.index), looped, "load"));
    places.store.add(caches.of(b.getState(X, STACK.index), looped, "store"));
  }
  assertEquals([...places.load].filter((place) => places.store.has(place)), []);
});

Deno.test("the first caches of regions are spread evenly by where in their page they start", () => {
  const regions = new Map<number, number>();
  for (let start = 0; start < PAGE_BYTES; start += PARCEL_BYTES) {
    const { b, caches, looped } = scene({ start });
    const place = caches.of(b.getState(X, 1), looped, "load");
    regions.set(place, (regions.get(place) ?? 0) + 1);
  }
  const even = PAGE_BYTES / PARCEL_BYTES / regions.size;
  assert(regions.size > 120, `${regions.size} places`);
  for (const count of regions.values()) assert(count < 2 * even, `${count} regions at one place`);
});
