import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { ELEMENT_LIMIT, ElementSet } from "./element_set.ts";

const elements = fc.uniqueArray(fc.nat(ELEMENT_LIMIT - 1));

function setOf(numbers: Iterable<number>): ElementSet {
  const set = new ElementSet();
  for (const element of numbers) set.add(element);
  return set;
}

function ascending(numbers: Iterable<number>): number[] {
  return [...numbers].sort((a, b) => a - b);
}

Deno.test("a set of elements holds what was added, in ascending order", () => {
  fc.assert(fc.property(elements, (numbers) => {
    const set = setOf(numbers);
    assertEquals([...set.elements()], ascending(numbers));
    for (let at = 0; at < ELEMENT_LIMIT; at++) assertEquals(set.has(at), numbers.includes(at));
  }));
});

Deno.test("union and difference are those of sets, and a union says whether it grew", () => {
  fc.assert(fc.property(elements, elements, (first, second) => {
    const [a, b] = [setOf(first), setOf(second)];
    const [left, right] = [new Set(first), new Set(second)];
    assertEquals([...a.without(b).elements()], ascending(left.difference(right)));
    assertEquals(a.addAll(b), !right.isSubsetOf(left));
    assertEquals([...a.elements()], ascending(left.union(right)));
    assertEquals([...b.elements()], ascending(second));
  }));
});

Deno.test("equal sets share their key, others do not, and a copy is a set of its own", () => {
  fc.assert(fc.property(elements, elements, (first, second) => {
    const set = setOf(first);
    assertEquals(set.key === setOf(first.toReversed()).key, true);
    assertEquals(
      set.key === setOf(second).key,
      new Set(first).symmetricDifference(new Set(second)).size === 0,
    );
    const copy = set.copy();
    copy.addAll(setOf(second));
    assertEquals([...set.elements()], ascending(first));
  }));
});
