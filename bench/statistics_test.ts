import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  geometricMean,
  median,
  relativeSpread,
  summarize,
  trimmedGeometricMean,
} from "./statistics.ts";

Deno.test("median() takes the middle of an odd and the mean of an even count", () => {
  assertEquals(median([9, 1, 5]), 5);
  assertEquals(median([9, 1, 5, 7]), 6);
  assertThrows(() => median([]), RangeError);
});

Deno.test("summarize() keeps the extremes, relativeSpread() relates them to the median", () => {
  const summary = summarize([12, 10, 8]);
  assertEquals(summary, { median: 10, min: 8, max: 12 });
  assertAlmostEquals(relativeSpread(summary), 0.4);
  assertEquals(relativeSpread(summarize([0, 0])), 0);
});

Deno.test("geometricMean() treats a halving and a doubling alike", () => {
  assertAlmostEquals(geometricMean([0.5, 2]), 1);
  assertThrows(() => geometricMean([1, 0]), RangeError);
});

Deno.test("trimmedGeometricMean() drops the extremes on both sides, in any order", () => {
  assertAlmostEquals(trimmedGeometricMean([100, 0.5, 0.001, 2], 1), 1);
  assertThrows(() => trimmedGeometricMean([1, 2], 1), RangeError);
});
