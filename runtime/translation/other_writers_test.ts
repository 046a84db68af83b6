import { assertEquals } from "@std/assert";
import { Machine } from "../atomics/shared_layout.ts";
import { sharedWords } from "./hotspot_fixture.ts";
import { hasOtherWriters } from "./other_writers.ts";

function machine(harts: number, workers: number): Int32Array {
  const words = sharedWords(harts);
  words[Machine.IO_WORKER_COUNT.offset >> 2] = workers;
  return words;
}

Deno.test("threads that write guest RAM are harts with threads of their own, and I/O workers", () => {
  assertEquals(hasOtherWriters(machine(1, 0), false), false);
  assertEquals(hasOtherWriters(machine(2, 0), false), true);
  assertEquals(hasOtherWriters(machine(2, 0), true), false);
  assertEquals(hasOtherWriters(machine(1, 1), false), true);
  assertEquals(hasOtherWriters(machine(2, 1), true), true);
});
