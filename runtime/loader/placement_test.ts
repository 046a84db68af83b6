import { assertEquals, assertThrows } from "@std/assert";
import { ConfigurationError } from "../machine/options.ts";
import { loadFlatImage } from "./flat_image.ts";
import {
  checkSegments,
  ownedSegments,
  placeDeviceTree,
  placeRamDisk,
  type RamRange,
} from "./placement.ts";

const MIB = 0x10_0000;
const BASE = 0x8000_0000;
const KERNEL = { start: BASE + 2 * MIB, end: BASE + 34 * MIB };

function ram(mebibytes: number): RamRange {
  return { base: BASE, bytes: mebibytes * MIB };
}

Deno.test("the device tree is at the highest 2 MiB boundary that leaves room for it", () => {
  assertEquals(placeDeviceTree(ram(512), 0x2000), BASE + 510 * MIB);
  assertEquals(placeDeviceTree(ram(512), 2 * MIB), BASE + 510 * MIB);
  assertEquals(placeDeviceTree(ram(512), 2 * MIB + 1), BASE + 508 * MIB);
});

Deno.test("in RAM of one large page the device tree is at its end", () => {
  assertEquals(placeDeviceTree(ram(1), 0x1800), BASE + MIB - 0x2000);
  assertEquals(placeDeviceTree(ram(2), 0x1000), BASE + 2 * MIB - 0x1000);
});

Deno.test("the device tree stays below 3 GiB", () => {
  assertEquals(placeDeviceTree(ram(4064), 0x2000), 0xc000_0000 - 2 * MIB);
  assertEquals(placeDeviceTree(ram(1024), 0x2000), 0xc000_0000 - 2 * MIB);
});

Deno.test("the RAM disk is half of RAM, at most 512 MiB, behind the kernel's start", () => {
  assertEquals(placeRamDisk(ram(512), KERNEL, MIB, BASE + 510 * MIB), BASE + 258 * MIB);
  assertEquals(placeRamDisk(ram(4064), KERNEL, MIB, 0xc000_0000), BASE + 514 * MIB);
});

Deno.test("in small RAM the RAM disk is right behind the kernel", () => {
  assertEquals(placeRamDisk(ram(64), KERNEL, 28 * MIB, BASE + 62 * MIB), BASE + 34 * MIB);
  assertEquals(placeRamDisk(ram(60), KERNEL, MIB, BASE + 58 * MIB), BASE + 34 * MIB);
});

Deno.test("what does not fit is refused by name", () => {
  assertThrows(
    () => placeRamDisk(ram(64), KERNEL, 29 * MIB, BASE + 62 * MIB),
    ConfigurationError,
    "the initial RAM disk",
  );
  assertThrows(() => placeDeviceTree(ram(1), 2 * MIB), ConfigurationError, "the device tree");
});

Deno.test("segments must lie in RAM and apart from each other", () => {
  const place = (name: string, address: number, bytes: number, memoryBytes = bytes) =>
    ownedSegments(loadFlatImage(name, new Uint8Array(bytes), address, memoryBytes));
  checkSegments(ram(1), [...place("b", BASE + 16, MIB - 16), ...place("a", BASE, 16)]);
  assertThrows(
    () => checkSegments(ram(1), [...place("b", BASE + 16, 16), ...place("a", BASE, 16, 17)]),
    ConfigurationError,
    "b at 0x80000010..0x8000001f: it overlaps a at 0x80000000..0x80000010",
  );
  assertThrows(
    () => checkSegments(ram(1), place("a", BASE, 16, MIB + 1)),
    ConfigurationError,
    "RAM is 0x80000000..0x800fffff",
  );
  assertThrows(() => checkSegments(ram(1), place("a", BASE - 1, 1)), ConfigurationError);
});
