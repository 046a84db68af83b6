import { assertEquals } from "@std/assert";
import { post, readBell, shareBell } from "./pending.ts";
import { GUEST_RAM_OFFSET, Pending } from "./shared_layout.ts";

Deno.test("an event rings the bell of its hart's thread, and no other", () => {
  const words = new Int32Array(new SharedArrayBuffer(GUEST_RAM_OFFSET));
  const bells = (): number[] => [0, 1, 2].map((hart) => readBell(words, hart));
  shareBell(words, [0, 3]);
  shareBell(words, [1, 4, 5]);
  assertEquals(bells(), [0, 0, 0]);
  for (const hart of [3, 5, 4, 1]) post(words, hart, Pending.IRQ);
  assertEquals(bells(), [1, 3, 0]);
  post(words, 2, Pending.IRQ);
  assertEquals(bells(), [1, 3, 0]);
});
