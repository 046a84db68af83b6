import { assertEquals, assertRejects } from "@std/assert";
import { elfFile, PHYSICAL_BASE } from "./elf_fixture.ts";
import { gzip, kernelFile } from "./kernel_fixture.ts";
import { LoadError } from "./load_error.ts";
import { type LoadAddresses, loadProgram } from "./program_file.ts";

const RAM_BASE = 0x8000_0000;
const ADDRESSES: LoadAddresses = {
  ramBase: RAM_BASE,
  flat: RAM_BASE + 0x1000,
  lowest: RAM_BASE,
  ramBytes: 0x800_0000,
};

async function entryOf(bytes: Uint8Array, addresses: LoadAddresses = ADDRESSES): Promise<number> {
  return (await loadProgram({ name: "program", bytes }, addresses)).entry;
}

Deno.test("the content decides how a program is loaded", async () => {
  assertEquals(await entryOf(elfFile()), PHYSICAL_BASE + 4);
  assertEquals(await entryOf(kernelFile()), RAM_BASE + 0x20_0000);
  assertEquals(await entryOf(Uint8Array.of(0x13, 0, 0, 0)), RAM_BASE + 0x1000);
});

Deno.test("gzip files are unpacked and then judged", async () => {
  assertEquals(await entryOf(await gzip(kernelFile())), RAM_BASE + 0x20_0000);
  const image = await loadProgram(
    { name: "program", bytes: await gzip(kernelFile()) },
    ADDRESSES,
  );
  assertEquals(image.segments[0].bytes, kernelFile());
  assertEquals(image.segments[0].memoryBytes, 0x1000);
});

Deno.test("a kernel gives way to firmware that reaches into its place", async () => {
  const lowest = RAM_BASE + 0x20_0001;
  assertEquals(await entryOf(kernelFile(), { ...ADDRESSES, lowest }), RAM_BASE + 0x40_0000);
});

Deno.test("empty, damaged and bloated files are refused", async () => {
  await assertRejects(() => entryOf(new Uint8Array(0)), LoadError, "the file is empty");
  const packed = await gzip(kernelFile());
  await assertRejects(() => entryOf(packed.subarray(0, 20)), LoadError, "damaged");
  const bloated = await gzip(new Uint8Array(100_000));
  const small = { ...ADDRESSES, ramBytes: 99_999 };
  await assertRejects(() => entryOf(bloated, small), LoadError, "unpacks to more than 99999 bytes");
});
