import { assertEquals } from "@std/assert";
import { hartsByThread, usualThreads } from "./hart_threads.ts";

Deno.test("harts have threads of their own until there are more than threads, then share them evenly", () => {
  assertEquals(hartsByThread(3, 4), [[0], [1], [2]]);
  assertEquals(hartsByThread(7, 3), [[0, 3, 6], [1, 4], [2, 5]]);
  assertEquals(hartsByThread(3, 1), [[0, 1, 2]]);
});

Deno.test("there are two threads for a processor", () => {
  assertEquals([1, 2, 16].map(usualThreads), [2, 4, 32]);
});
