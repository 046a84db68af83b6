import { assertEquals } from "@std/assert";
import { beginStart, hartStart, markHart, tryStartHart } from "./hart_start.ts";
import { take } from "./pending.ts";
import { HartStart, Pending, Vcpu, vcpuWord } from "./shared_layout.ts";

const SHARED_BYTES = 0x8_0000;

Deno.test("A stopped hart is started once, with the words of the one that started it", () => {
  const words = new Int32Array(new SharedArrayBuffer(SHARED_BYTES));
  assertEquals(tryStartHart(words, 1, 1, 2, 3, 4), false);
  markHart(words, 1, HartStart.STOPPED);
  assertEquals(beginStart(words, 1), false);
  assertEquals(tryStartHart(words, 1, 1, 2, 3, 4), true);
  assertEquals(tryStartHart(words, 1, 9, 9, 9, 9), false);
  assertEquals(take(words, 1), Pending.WORK);
  assertEquals(hartStart(words, 1), HartStart.START_PENDING);
  assertEquals(beginStart(words, 1), true);
  assertEquals(beginStart(words, 1), false);
  assertEquals(hartStart(words, 1), HartStart.STARTED);
  const pc = vcpuWord(1, Vcpu.START_PC) >> 2;
  const argument = vcpuWord(1, Vcpu.START_ARGUMENT) >> 2;
  assertEquals([...words.slice(pc, pc + 2), ...words.slice(argument, argument + 2)], [1, 2, 3, 4]);
});

Deno.test("A hart does not start while the start words are still being written", () => {
  const words = new Int32Array(new SharedArrayBuffer(SHARED_BYTES));
  words[vcpuWord(0, Vcpu.HART_START) >> 2] = HartStart.START_CLAIMED;
  assertEquals(beginStart(words, 0), false);
  assertEquals(tryStartHart(words, 0, 1, 2, 3, 4), false);
});

Deno.test("A suspended hart is not stopped", () => {
  const words = new Int32Array(new SharedArrayBuffer(SHARED_BYTES));
  markHart(words, 0, HartStart.SUSPENDED);
  assertEquals(hartStart(words, 0), HartStart.SUSPENDED);
  assertEquals(tryStartHart(words, 0, 1, 2, 3, 4), false);
});
