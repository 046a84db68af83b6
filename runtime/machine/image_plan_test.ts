import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { readDeviceTreeBlob } from "../device_tree/blob_reader.ts";
import { DATA_BASE, elfFile, PHYSICAL_BASE } from "../loader/elf_fixture.ts";
import { kernelFile } from "../loader/kernel_fixture.ts";
import { LoadError } from "../loader/load_error.ts";
import { GUEST_RAM_OFFSET } from "../atomics/shared_layout.ts";
import { loadBoard } from "./boards/boards.ts";
import { type ImagePlan, installSegments, planImages } from "./image_plan.ts";
import { ConfigurationError, describeMachine, type MachineOptions } from "./options.ts";

const MIB = 0x10_0000;
const BASE = 0x8000_0000;

async function plan(options: MachineOptions): Promise<ImagePlan> {
  const description = describeMachine({ memoryBytes: 64 * MIB, ...options });
  return await planImages(description, await loadBoard(description.machine));
}

function file(bytes: Uint8Array, name = "file") {
  return { name, bytes };
}

Deno.test("a Linux kernel goes where firmware leaves it, with RAM disk and device tree behind it", async () => {
  const initrd = file(new Uint8Array(5000).fill(7), "initrd");
  const { images, segments, deviceTree } = await plan({
    kernel: file(kernelFile()),
    initrd,
    append: "console=ttyS0",
  });
  assertEquals(images.kernelEntry, BASE + 2 * MIB);
  assertEquals(images.deviceTree, BASE + 62 * MIB);
  const chosen = readDeviceTreeBlob(deviceTree).child("chosen");
  assertEquals(chosen?.strings("bootargs"), ["console=ttyS0"]);
  const start = BASE + 34 * MIB;
  assertEquals(chosen?.cells("linux,initrd-start"), [0, start]);
  assertEquals(chosen?.cells("linux,initrd-end"), [0, start + 5000]);
  const ramDisk = segments.find(({ owner }) => owner === "initrd");
  assertEquals(ramDisk?.physicalAddress, start);
});

Deno.test("the kernel's entropy is new each time", async () => {
  const seed = async () =>
    readDeviceTreeBlob((await plan({ bios: "none" })).deviceTree).child("chosen")?.cells(
      "rng-seed",
    );
  const first = await seed();
  assertEquals(first?.length, 8);
  assertNotEquals(first, await seed());
});

Deno.test("a firmware image starts first and the kernel goes behind it", async () => {
  const { images } = await plan({
    bios: file(new Uint8Array(3 * MIB).fill(1)),
    kernel: file(kernelFile()),
  });
  assertEquals(images.firmware, "image");
  assertEquals(images.kernelEntry, BASE + 4 * MIB);
});

Deno.test("an ELF program goes to its own addresses, and its symbols are known", async () => {
  const { images, segments } = await plan({
    machine: "spike",
    bios: "none",
    kernel: file(elfFile()),
  });
  assertEquals(images.lowestAddress, PHYSICAL_BASE);
  assertEquals(segments.map(({ physicalAddress }) => physicalAddress).slice(0, 2), [
    PHYSICAL_BASE,
    DATA_BASE,
  ]);
  const { htif } = await loadBoard("spike");
  assertEquals(htif(images.symbols), { tohost: DATA_BASE + 0x40, fromhost: null });
});

Deno.test("a program that is linked for the firmware's place is told about -bios none", async () => {
  await assertRejects(() => plan({ kernel: file(elfFile()) }), ConfigurationError, "-bios none");
});

Deno.test("a user's device tree is kept, and gets the boot arguments", async () => {
  const own = await plan({ bios: "none", harts: 3 });
  const options = { kernel: file(kernelFile()), dtb: file(own.deviceTree), append: "quiet" };
  const { deviceTree } = await plan(options);
  const tree = readDeviceTreeBlob(deviceTree);
  assertEquals(tree.child("cpus")?.child("cpu@2") !== undefined, true);
  assertEquals(tree.child("chosen")?.strings("bootargs"), ["quiet"]);
  const broken = { ...options, dtb: file(new Uint8Array(10), "x.dtb") };
  await assertRejects(() => plan(broken), LoadError, "x.dtb");
});

Deno.test("what does not fit into RAM is refused", async () => {
  const initrd = file(new Uint8Array(70 * MIB));
  await assertRejects(
    () => plan({ kernel: file(kernelFile()), initrd }),
    ConfigurationError,
    "RAM disk",
  );
  const kernel = file(kernelFile());
  await assertRejects(() => plan({ memoryBytes: MIB, kernel }), ConfigurationError, "larger -m");
});

Deno.test("segments are copied to their place in shared memory", () => {
  const buffer = new ArrayBuffer(GUEST_RAM_OFFSET + 0x1000);
  const bytes = Uint8Array.of(1, 2, 3);
  installSegments(buffer, BASE, [{
    owner: "x",
    physicalAddress: BASE + 0x10,
    bytes,
    memoryBytes: 8,
  }]);
  assertEquals(new Uint8Array(buffer, GUEST_RAM_OFFSET + 0xf, 5), Uint8Array.of(0, 1, 2, 3, 0));
});
