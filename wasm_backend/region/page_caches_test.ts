import { assert, assertEquals } from "@std/assert";
import { Builder } from "../../ir/builder.ts";
import { StateLayout } from "../../ir/guest_state.ts";
import { type Block, type Operation, Region } from "../../ir/region.ts";
import { Control } from "../abi/vcpu_layout.ts";
import { LocalAllocation } from "../lower/local_allocation.ts";
import { wasmType } from "../module_builder.ts";
import { baseOf, PageCaches } from "./page_caches.ts";

const LAYOUT = new StateLayout([{ name: "x", type: "i64", count: 8, promotable: true }]);
const X = LAYOUT.slot("x");
const STACK = { slot: X, index: 2 };

function scene() {
  const region = new Region("r", "region");
  const [straight, looped] = [region.addBlock(), region.addBlock()];
  const b = new Builder(region);
  b.setBlock(straight);
  const locals = new LocalAllocation(0);
  const caches = new PageCaches(locals, new Set<Block>([looped]), STACK);
  return { b, locals, caches, straight, looped };
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
  const first = caches.of(b.add(b.getState(X, 1), b.i64(8)), straight, false);
  assertEquals(caches.of(b.getState(X, 1), straight, false), first);
  const others = [
    caches.of(b.getState(X, 3), straight, false),
    caches.of(b.getState(X, 1), straight, true),
    caches.of(b.add(b.getState(X, 1), b.getState(X, 3)), straight, false),
  ];
  assertEquals(new Set([first, ...others]).size, 4);
  assertEquals(new Set(caches.all()), new Set([first, ...others]));
});

Deno.test("inside of loops every base value has a cache of its own", () => {
  const { b, caches, looped } = scene();
  const [one, two] = [b.getState(X, 1), b.getState(X, 1)];
  const cache = caches.of(one, looped, false);
  assertEquals(caches.of(b.add(one, b.i64(16)), looped, false), cache);
  assert(caches.of(two, looped, false) !== cache);
});

Deno.test("the stack pointer's caches are handed on, everywhere the same two", () => {
  const { b, caches, straight, looped } = scene();
  const stack = (): Operation => b.getState(X, STACK.index);
  const load = caches.of(stack(), straight, false);
  assertEquals(caches.of(stack(), looped, false), load);
  assertEquals(load.carried, {
    tag: Control.STACK_LOAD_TAG,
    addend: Control.STACK_LOAD_ADDEND,
  });
  assertEquals(caches.of(stack(), looped, true).carried, {
    tag: Control.STACK_STORE_TAG,
    addend: Control.STACK_STORE_ADDEND,
  });
  assertEquals(caches.of(b.getState(X, 1), looped, false).carried, null);
});

Deno.test("the number of caches is bounded, and each has two locals of its own", () => {
  const { b, locals, caches, looped } = scene();
  for (let count = 0; count < 200; count++) caches.of(b.getState(X, 1), looped, false);
  const all = [...caches.all()];
  assert(all.length > 8 && all.length < 40, `${all.length}`);
  const numbers = all.flatMap(({ tag, addend }) => [tag, addend]);
  assertEquals(new Set(numbers).size, numbers.length);
  for (const { tag, addend } of all) {
    assertEquals([locals.types[tag], locals.types[addend]], [wasmType("i64"), wasmType("i32")]);
  }
});
