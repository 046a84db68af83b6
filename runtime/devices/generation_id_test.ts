import { assertEquals } from "@std/assert";
import { createMmioAccess } from "./device.ts";
import { GENERATION_ID_WORDS, GenerationId } from "./generation_id.ts";

const BASE = 3;
const ID = Uint8Array.from({ length: 16 }, (_, index) => 0x10 + index);
const OTHER = ID.map((byte) => byte ^ 0x80);

function scene() {
  const words = new Int32Array(new SharedArrayBuffer(4 * (BASE + GENERATION_ID_WORDS)));
  const levels: boolean[] = [];
  const device = new GenerationId(words, BASE, { setLevel: (level) => void levels.push(level) });
  const read = (offset: number, size: number): [number, number] | null => {
    const access = { ...createMmioAccess(0), offset, size, low: -1, high: -1 };
    return device.load(access) ? [access.low, access.high] : null;
  };
  return { device, levels, read };
}

Deno.test("an ID is read in every width, and nothing lies behind it", () => {
  const { device, levels, read } = scene();
  device.install(ID);
  assertEquals(read(0, 8), [0x13121110, 0x17161514]);
  assertEquals(read(8, 8), [0x1b1a1918, 0x1f1e1d1c]);
  assertEquals(read(12, 4), [0x1f1e1d1c, 0]);
  assertEquals(read(6, 2), [0x1716, 0]);
  assertEquals(read(15, 1), [0x1f, 0]);
  assertEquals(read(16, 8), [0, 0]);
  assertEquals(levels, [], "it did not change");
});

Deno.test("a change raises the interrupt until the ID is read from its beginning", () => {
  const { device, levels, read } = scene();
  device.install(ID);
  device.change(OTHER);
  assertEquals(levels, [true]);
  read(8, 8);
  assertEquals(levels, [true]);
  assertEquals(read(0, 4), [0x93929190 | 0, 0]);
  assertEquals(levels, [true, false]);
  read(0, 4);
  assertEquals(levels, [true, false]);
});

Deno.test("without an ID there is no device", () => {
  const { device, read } = scene();
  assertEquals(read(0, 4), null);
  assertEquals(device.store(createMmioAccess(0)), false);
});
