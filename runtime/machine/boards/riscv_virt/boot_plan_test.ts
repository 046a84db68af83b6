import { assertEquals, assertThrows } from "@std/assert";
import {
  BootLayoutError,
  bootRomContent,
  kernelLoadAddress,
  planBoot,
  StartRegister,
} from "./boot_plan.ts";

Deno.test("A kernel goes where QEMU puts it", () => {
  assertEquals(kernelLoadAddress("built-in"), 0x8020_0000);
  assertEquals(kernelLoadAddress("none"), 0x8000_0000);
  assertEquals(kernelLoadAddress("image", 0x8004_3210), 0x8020_0000);
  assertEquals(kernelLoadAddress("image", 0x8020_0001), 0x8040_0000);
});

Deno.test("Without firmware every hart starts in machine mode as from the reset vector", () => {
  const plan = planBoot(2, { firmware: "none", kernelEntry: 0x8000_0040, deviceTree: 0x87e0_0000 });
  assertEquals(plan.map(({ mode, isStarted, pc }) => [mode, isStarted, pc]), [
    ["machine", true, 0x8000_0000],
    ["machine", true, 0x8000_0000],
  ]);
  assertEquals([...(plan[1]?.registers ?? [])], [
    [StartRegister.T0, 0x8000_0000],
    [StartRegister.A0, 1],
    [StartRegister.A1, 0x87e0_0000],
    [StartRegister.A2, 0x1028],
  ]);
});

Deno.test("Without firmware a program linked away from the start of RAM starts at its entry", () => {
  const start = (lowestAddress: number): number | undefined =>
    planBoot(1, {
      firmware: "none",
      kernelEntry: 0x8010_0040,
      lowestAddress,
      deviceTree: 0x87e0_0000,
    })[0]?.pc;
  assertEquals(start(0x8010_0000), 0x8010_0040);
  assertEquals(start(0x8000_0000), 0x8000_0000);
});

Deno.test("A firmware image starts at the start of RAM and learns where the kernel is", () => {
  const images = { firmware: "image", kernelEntry: 0x8020_0000, deviceTree: 0x87e0_0000 } as const;
  assertEquals(planBoot(1, images)[0]?.pc, 0x8000_0000);
  const rom = new DataView(bootRomContent(images).buffer);
  const tableOffset = 0x28;
  const table = [0, 8, 16, 24].map((offset) => rom.getBigUint64(tableOffset + offset, true));
  assertEquals(table, [0x4942534fn, 2n, 0x8020_0000n, 1n]);
});

/** Read from the memory of QEMU 7.2 with its monitor: `xp /20wx 0x1000`, 128 MiB, no firmware. */
const QEMU_ROM = [
  [0x00000297, 0x02828613, 0xf1402573, 0x0202b583],
  [0x0182b283, 0x00028067, 0x80000000, 0x00000000],
  [0x87e00000, 0x00000000, 0x4942534f, 0x00000000],
  [0x00000002, 0x00000000, 0x00000000, 0x00000000],
  [0x00000001, 0x00000000, 0x00000000, 0x00000000],
].flat();

Deno.test("The boot ROM is the one that QEMU has", () => {
  const content = bootRomContent({ firmware: "none", deviceTree: 0x87e0_0000 });
  const rom = new DataView(content.buffer);
  assertEquals(QEMU_ROM.map((_, index) => rom.getUint32(index * 4, true)), QEMU_ROM);
});

Deno.test("The built-in firmware starts one hart in supervisor mode", () => {
  const plan = planBoot(3, {
    firmware: "built-in",
    kernelEntry: 0x8020_0000,
    deviceTree: 0x9fe0_0000,
  });
  assertEquals(plan.map(({ isStarted }) => isStarted), [true, false, false]);
  assertEquals(plan[0]?.mode, "supervisor");
  assertEquals(plan[0]?.pc, 0x8020_0000);
  assertEquals([...(plan[0]?.registers ?? [])], [
    [StartRegister.A0, 0],
    [StartRegister.A1, 0x9fe0_0000],
  ]);
  assertThrows(() => planBoot(1, { firmware: "built-in", deviceTree: 0 }), BootLayoutError);
});
