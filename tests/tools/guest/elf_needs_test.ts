import { assertEquals, assertThrows } from "@std/assert";
import { elfNeeds, isElf64 } from "./elf_needs.ts";
import { needyElf } from "./elf_needs_fixture.ts";

Deno.test("a program needs its loader and the libraries of its table", () => {
  assertEquals(elfNeeds(needyElf(["libone.so.1", "libc.so.6"], "/lib/ld.so")), {
    loader: "/lib/ld.so",
    libraries: ["libone.so.1", "libc.so.6"],
  });
});

Deno.test("a library has no loader, and one that needs nothing has an empty list", () => {
  assertEquals(elfNeeds(needyElf([], null)), { loader: null, libraries: [] });
});

Deno.test("other files are told apart, and one that was cut off is none", () => {
  const whole = needyElf(["libc.so.6"], null);
  assertEquals(isElf64(whole), true);
  assertEquals(isElf64(new TextEncoder().encode("#!/bin/sh\n")), false);
  assertEquals(isElf64(whole.with(4, 1)), false);
  assertThrows(() => elfNeeds(whole.subarray(0, 0x100)), RangeError);
});
