import { assertEquals } from "@std/assert";
import { drainOutput, OUTPUT_CAPACITY, putInput } from "../atomics/console_ring.ts";
import { PAGE_ATTRIBUTES } from "../atomics/shared_layout.ts";
import { RingConsoleSink, RingConsoleSource } from "./ring_console.ts";

Deno.test("RingConsoleSink refuses a byte only when the output ring is full", () => {
  const words = new Int32Array(new SharedArrayBuffer(PAGE_ATTRIBUTES));
  const sink = new RingConsoleSink(words);
  for (let count = 0; count < OUTPUT_CAPACITY; count++) assertEquals(sink.tryPut(count), true);
  assertEquals(sink.tryPut(0), false);
  const bytes = new Uint8Array(3);
  assertEquals(drainOutput(words, bytes), 3);
  assertEquals([...bytes], [0, 1, 2]);
  assertEquals(sink.tryPut(0), true);
});

Deno.test("RingConsoleSource takes input in order", () => {
  const words = new Int32Array(new SharedArrayBuffer(PAGE_ATTRIBUTES));
  const source = new RingConsoleSource(words);
  assertEquals([source.available(), source.take()], [0, -1]);
  putInput(words, 0);
  putInput(words, 0xff);
  assertEquals(source.available(), 2);
  assertEquals([source.take(), source.take(), source.take()], [0, 0xff, -1]);
});
