import { assertEquals, assertThrows } from "@std/assert";
import { Bus } from "./bus.ts";
import { createMmioAccess, type Device, type MmioAccess } from "./device.ts";

class EchoDevice implements Device {
  constructor(readonly name: string, readonly tag: number) {}
  load(access: MmioAccess): boolean {
    access.low = this.tag + access.offset;
    return true;
  }
  store(access: MmioAccess): boolean {
    return access.offset !== 8;
  }
}

const window = (name: string, tag: number, base: number, bytes: number) => ({
  device: new EchoDevice(name, tag),
  base,
  bytes,
});

function createBus(): Bus {
  return new Bus([
    window("high", 3000, 0xf000_0000, 0x1000),
    window("low", 1000, 0x1000, 0x100),
    window("middle", 2000, 0x1100, 0x100),
  ]);
}

Deno.test("Bus finds the window of an address, also right after another hit", () => {
  const bus = createBus();
  const access = createMmioAccess(0);
  for (
    const [address, expected] of [[0x1000, 1000], [0x10fc, 1252], [0x1100, 2000], [
      0xf000_0010 | 0,
      3016,
    ], [0x1004, 1004]] as const
  ) {
    assertEquals(bus.load(address, 0, access), true);
    assertEquals(access.low, expected);
  }
});

Deno.test("Bus finds nothing outside the windows, above 4 GiB and across a window's end", () => {
  const bus = createBus();
  const access = createMmioAccess(0);
  assertEquals(bus.load(0xffc, 0, access), false);
  assertEquals(bus.load(0x1200, 0, access), false);
  assertEquals(bus.load(0x1000, 1, access), false);
  access.size = 8;
  assertEquals(bus.load(0x11f8, 0, access), true);
  assertEquals(bus.load(0x11fc, 0, access), false);
  assertEquals(bus.isMapped(0x11fc, 0), true);
  assertEquals(bus.isMapped(0x1200, 0), false);
});

Deno.test("Bus finds windows above 4 GiB, and not those that an address has the low half of", () => {
  const bus = new Bus([
    window("low", 1000, 0x1000, 0x100),
    window("high", 2000, 0x4_0000_0000, 0x4_0000_0000),
  ]);
  const access = createMmioAccess(0);
  assertEquals(bus.load(0x1004, 0, access), true);
  assertEquals(access.low, 1004);
  assertEquals(bus.load(0x1004, 5, access), true);
  assertEquals(access.low, 2000 + 0x1_0000_1004);
  assertEquals(bus.load(-4, 7, access), true);
  for (const high of [1, 3, 8, 0x20_0000, 0x100_0000, -1]) {
    assertEquals(bus.load(0x1004, high, access), false, `${high}`);
    assertEquals(bus.isMapped(0x1004, high), false);
  }
  assertThrows(() => new Bus([window("far", 0, 2 ** 53, 0x100)]), RangeError, "too high");
});

Deno.test("Bus passes on that a register does not exist", () => {
  const bus = createBus();
  const access = createMmioAccess(0);
  assertEquals(bus.store(0x1004, 0, access), true);
  assertEquals(bus.store(0x1008, 0, access), false);
});

Deno.test("Bus clears a stale retry mark before the device sees the access", () => {
  const access = createMmioAccess(0);
  access.retry = true;
  createBus().store(0x1004, 0, access);
  assertEquals(access.retry, false);
});

Deno.test("Bus rejects overlapping windows", () => {
  assertThrows(
    () => new Bus([window("a", 0, 0x1000, 0x100), window("b", 0, 0x10ff, 0x10)]),
    RangeError,
    '"b"',
  );
});
