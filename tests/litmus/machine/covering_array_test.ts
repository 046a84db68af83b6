import { assert, assertEquals } from "@std/assert";
import { AXES } from "./configuration.ts";
import { allConfigurations } from "./configurations.ts";
import { allPairs, coveringArray, pairsOf } from "./covering_array.ts";

const MOST_CONFIGURATIONS = 12;

Deno.test("every pair of values of two axes is in a configuration, and there are few of them", () => {
  const rows = coveringArray(AXES);
  const covered = new Set(rows.flatMap(pairsOf));
  assertEquals([...allPairs(AXES)].filter((pair) => !covered.has(pair)), []);
  assert(rows.length <= MOST_CONFIGURATIONS, `${rows.length}`);
});

Deno.test("the first configuration is what users get", () => {
  assertEquals(allConfigurations()[0], {
    tier: "optimized",
    optimizer: "on",
    regions: "whole",
    hostOrder: "x64",
    placement: "lines",
    llsc: "monitor",
    model: "RVWMO",
  });
});

Deno.test("pairs are counted without regard to their order", () => {
  assertEquals(allPairs({ a: ["1", "2"], b: ["3"], c: ["4", "5"] }).size, 2 * 1 + 2 * 2 + 1 * 2);
  assertEquals(pairsOf({ b: "3", a: "1" }), pairsOf({ a: "1", b: "3" }));
});

Deno.test("two axes need their product, and one more axis of the same size no more rows", () => {
  const three = ["x", "y", "z"];
  assertEquals(coveringArray({ a: three, b: three }).length, 9);
  assert(coveringArray({ a: three, b: three, c: three }).length <= 11);
});
