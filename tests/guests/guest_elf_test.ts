import { assertEquals, assertThrows } from "@std/assert";
import { patchGuestParameters, readGuestElf } from "./guest_elf.ts";
import { GUEST_PROGRAMS } from "./guest_programs.ts";

function differences(a: Uint8Array, b: Uint8Array): number[] {
  return [...a.keys()].filter((index) => a[index] !== b[index]);
}

Deno.test("patchGuestParameters() changes the named words only", async () => {
  const plain = await readGuestElf("hello");
  const patched = patchGuestParameters(plain, { harts: 3 });
  const changed = differences(plain, patched);
  assertEquals(changed.length, 1);
  assertEquals(patched[changed[0] ?? -1], 3);
  const all = patchGuestParameters(plain, { harts: 3, iterations: 0x0102, seed: 5n });
  assertEquals(differences(patched, all).length, 2 + 8);
});

Deno.test("patchGuestParameters() rejects a file without a parameter block", () => {
  assertThrows(() => patchGuestParameters(new Uint8Array(64), {}), Error, "no parameter block");
});

Deno.test("every checked-in guest has a parameter block", async () => {
  for (const { name, boards } of GUEST_PROGRAMS) {
    for (const board of boards) await readGuestElf(name, board, { harts: 1 });
  }
});
