import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { FdtHeader } from "../device_tree/blob_format.ts";
import { readDeviceTreeBlob, readReservations } from "../device_tree/blob_reader.ts";
import { writeDeviceTreeBlob } from "../device_tree/blob_writer.ts";
import { DeviceTreeNode } from "../device_tree/node.ts";
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

Deno.test("reservations of a user's device tree are kept", async () => {
  const reservations = Uint8Array.from({ length: 16 }, (_, index) => index);
  const dtb = file(writeDeviceTreeBlob(new DeviceTreeNode(), 0, reservations));
  const { deviceTree } = await plan({ kernel: file(kernelFile()), dtb });
  assertEquals(readReservations(deviceTree), reservations);
});

Deno.test("a boot stage may add to the device tree where it is", async () => {
  const { deviceTree } = await plan({ bios: "none" });
  const header = new DataView(deviceTree.buffer);
  const used = header.getUint32(FdtHeader.STRINGS_OFFSET) +
    header.getUint32(FdtHeader.STRINGS_BYTES);
  assertEquals(header.getUint32(FdtHeader.TOTAL_BYTES), deviceTree.length);
  assert(deviceTree.length - used >= 0x1000);
});

Deno.test("a command line is as long as its reader reads", async () => {
  const linux = (length: number) =>
    plan({ kernel: file(kernelFile()), append: "a".repeat(length) });
  await linux(1023);
  await assertRejects(() => linux(1024), ConfigurationError, "Linux reads 1023");
  const other = (length: number) =>
    plan({ bios: "none", kernel: file(new Uint8Array(64)), append: "ä".repeat(length / 2) });
  await other(0x1_0000);
  await assertRejects(() => other(0x1_0002), ConfigurationError, "-append of 65538 bytes");
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
