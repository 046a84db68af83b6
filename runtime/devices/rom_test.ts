import { assertEquals } from "@std/assert";
import { createMmioAccess } from "./device.ts";
import { Rom } from "./rom.ts";

Deno.test("Rom reads every width, zero beyond its content, and ignores writes", () => {
  const rom = new Rom("rom", new Uint8Array([1, 2, 3, 0x84, 5, 6, 7, 0x88]));
  const access = createMmioAccess(0);
  const read = (offset: number, size: number): [number, number] => {
    Object.assign(access, { offset, size, low: 0, high: 0 });
    assertEquals(rom.load(access), true);
    return [access.low, access.high];
  };
  assertEquals(read(3, 1), [0x84, 0]);
  assertEquals(read(2, 2), [0x8403, 0]);
  assertEquals(read(4, 4), [0x88070605 | 0, 0]);
  assertEquals(read(0, 8), [0x84030201 | 0, 0x88070605 | 0]);
  assertEquals(read(8, 8), [0, 0]);
  Object.assign(access, { offset: 0, size: 4, low: -1 });
  assertEquals(rom.store(access), true);
  assertEquals(read(0, 1), [1, 0]);
});
