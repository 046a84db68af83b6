/** Damaged files either load or are refused by name, soon: nothing else, however they are damaged. */

import { assert } from "@std/assert";
import { zstdCompressSync } from "node:zlib";
import { writeDeviceTreeBlob } from "../device_tree/blob_writer.ts";
import { DeviceTreeNode } from "../device_tree/node.ts";
import { loadBoard } from "../machine/boards/boards.ts";
import { planImages } from "../machine/image_plan.ts";
import { describeMachine } from "../machine/options.ts";
import { UserError } from "../machine/user_error.ts";
import { cpioFile } from "./cpio_fixture.ts";
import { elfFile } from "./elf_fixture.ts";
import { efiKernelFile, gzip, kernelFile, zbootFile } from "./kernel_fixture.ts";
import { damage, randomNumbers } from "./mutation_fixture.ts";
import { checkSegments, ownedSegments } from "./placement.ts";
import { loadProgram } from "./program_file.ts";
import { checkRamDisk } from "./ram_disk_check.ts";

const MUTATIONS = 20_000;
/** Far longer than any file of these sizes takes to read: one that takes longer would hang. */
const LONGEST_MS = 5000;
const BOARD = await loadBoard("virt");

const RAM = { base: 0x8000_0000, bytes: 0x800_0000 };
const PLACE = {
  ramBase: RAM.base,
  flat: RAM.base,
  lowest: RAM.base,
  ramBytes: RAM.bytes,
};

async function placeProgram(bytes: Uint8Array): Promise<boolean> {
  checkSegments(RAM, ownedSegments(await loadProgram({ name: "damaged", bytes }, PLACE)));
  return true;
}

async function planTree(bytes: Uint8Array): Promise<boolean> {
  const kernel = { name: "kernel", bytes: kernelFile() };
  await planImages(describeMachine({ kernel, dtb: { name: "damaged", bytes } }), BOARD);
  return true;
}

async function passRamDisk(bytes: Uint8Array): Promise<boolean> {
  return await checkRamDisk({ name: "damaged", bytes }) === undefined;
}

function deviceTree(): Uint8Array {
  const root = new DeviceTreeNode().setCells("#address-cells", 2).setStrings("model", "a", "bc");
  root.addChild("chosen").setStrings("bootargs", "quiet");
  root.addChild("soc").setFlag("ranges").addChild("serial@10000000").setWideCells("reg", 1, 2);
  return writeDeviceTreeBlob(root, 0, new Uint8Array(16).fill(1));
}

/** Whether one damaged file was taken; throws for every outcome that must not be. */
async function isTaken(
  read: (bytes: Uint8Array) => Promise<boolean>,
  bytes: Uint8Array,
  name: string,
): Promise<boolean> {
  const start = performance.now();
  try {
    return await read(bytes);
  } catch (error) {
    if (!(error instanceof UserError)) {
      throw new Error(`${name} is not refused by name`, { cause: error });
    }
    assert(error.cause !== "" && error.fix !== "", `${name}: ${error}`);
    return false;
  } finally {
    const time = performance.now() - start;
    assert(time < LONGEST_MS, `${name}: took ${time} ms`);
  }
}

for (
  const { format, file, read } of [
    { format: "ELF files", file: elfFile(), read: placeProgram },
    { format: "kernels", file: kernelFile(), read: placeProgram },
    { format: "kernels that are EFI programs", file: efiKernelFile(), read: placeProgram },
    { format: "gzip kernels", file: await gzip(kernelFile()), read: placeProgram },
    { format: "zstd kernels", file: zstdCompressSync(kernelFile()), read: placeProgram },
    {
      format: "kernels that unpack themselves",
      file: zbootFile(await gzip(kernelFile()), "gzip"),
      read: placeProgram,
    },
    { format: "flat binaries", file: new Uint8Array(64), read: placeProgram },
    { format: "device trees", file: deviceTree(), read: planTree },
    { format: "cpio RAM disks", file: cpioFile(), read: passRamDisk },
    { format: "gzip RAM disks", file: await gzip(cpioFile()), read: passRamDisk },
    { format: "zstd RAM disks", file: zstdCompressSync(cpioFile()), read: passRamDisk },
  ]
) {
  Deno.test(`${MUTATIONS} damaged ${format}`, async () => {
    const random = randomNumbers(0x5eed);
    let taken = 0;
    for (let mutation = 0; mutation < MUTATIONS; mutation++) {
      const bytes = damage(file, random);
      if (await isTaken(read, bytes, `${format}, mutation ${mutation}`)) taken++;
    }
    // Neither outcome may be missing: else the mutations test nothing.
    assert(taken > MUTATIONS / 1000 && taken < MUTATIONS, `${taken} of ${MUTATIONS} were taken`);
  });
}
