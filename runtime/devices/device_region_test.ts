import { assertEquals, assertThrows } from "@std/assert";
import { DEVICE_BLOCK, DEVICE_BLOCK_BYTES } from "../atomics/shared_layout.ts";
import { DeviceRegion } from "./device_region.ts";

Deno.test("DeviceRegion gives separate cache lines in call order", () => {
  const region = new DeviceRegion();
  assertEquals(region.take(1), DEVICE_BLOCK / 4);
  assertEquals(region.take(17), DEVICE_BLOCK / 4 + 16);
  assertEquals(region.take(1), DEVICE_BLOCK / 4 + 48);
});

Deno.test("DeviceRegion refuses more than there is", () => {
  const region = new DeviceRegion();
  region.take(DEVICE_BLOCK_BYTES / 4);
  assertThrows(() => region.take(1), RangeError);
});
