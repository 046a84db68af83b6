import { assertEquals } from "@std/assert";
import { EndReason } from "../atomics/shared_layout.ts";
import { createMmioAccess } from "./device.ts";
import { SifiveFinisher } from "./sifive_finisher.ts";

function write(value: number, size = 4, offset = 0): [boolean, [number, number][]] {
  const ends: [number, number][] = [];
  const device = new SifiveFinisher({ end: (reason, code) => ends.push([reason, code]) });
  const access = createMmioAccess(0);
  Object.assign(access, { low: value, size, offset });
  return [device.store(access), ends];
}

Deno.test("SifiveFinisher powers off, resets and fails with the guest's code", () => {
  assertEquals(write(0x5555), [true, [[EndReason.POWER_OFF, 0]]]);
  assertEquals(write(0x7777), [true, [[EndReason.RESET, 0]]]);
  assertEquals(write(0x2a_3333), [true, [[EndReason.GUEST_EXIT, 0x2a]]]);
  assertEquals(write(0x5555, 2), [true, [[EndReason.POWER_OFF, 0]]]);
});

Deno.test("SifiveFinisher ignores other values and offsets, refuses other widths, reads as zero", () => {
  assertEquals(write(0x1234), [true, []]);
  assertEquals(write(0x5555, 4, 4), [true, []]);
  assertEquals(write(0x55, 1), [false, []]);
  assertEquals(write(0x5555, 8), [false, []]);
  const access = createMmioAccess(0);
  access.low = 7;
  assertEquals(new SifiveFinisher({ end: () => {} }).load(access), true);
  assertEquals(access.low, 0);
});
