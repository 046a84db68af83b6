import { assertEquals } from "@std/assert";
import { smallerList } from "./smaller_list.ts";

const NUMBERS = Array.from({ length: 100 }, (_, index) => index);

Deno.test("only the items that a failure needs are left", () => {
  const needed = [7, 42, 43, 99];
  const fails = (items: readonly number[]): boolean => needed.every((item) => items.includes(item));
  assertEquals(smallerList(NUMBERS, fails), needed);
});

Deno.test("items that are to be kept stay", () => {
  const fails = (items: readonly number[]): boolean => items.includes(3);
  assertEquals(smallerList(NUMBERS, fails, (item) => item % 50 === 0), [0, 3, 50]);
});

Deno.test("a list that fails without any item gets empty", () => {
  assertEquals(smallerList(NUMBERS, () => true), []);
});

Deno.test("items that can only go together go", () => {
  const fails = (items: readonly number[]): boolean =>
    items.includes(5) && items.includes(20) === items.includes(60);
  assertEquals(smallerList(NUMBERS, fails), [5]);
});
