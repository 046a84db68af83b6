import { assertEquals, assertRejects } from "@std/assert";
import { zstdCompressSync } from "node:zlib";
import { gzip, kernelFile, zbootFile } from "./kernel_fixture.ts";
import { LoadError } from "./load_error.ts";
import { unpackProgram } from "./packed_program.ts";

const LIMIT = 0x10_0000;

async function unpack(bytes: Uint8Array, limit = LIMIT): Promise<Uint8Array> {
  return await unpackProgram({ name: "vmlinuz", bytes }, limit);
}

Deno.test("gzip, zstd and self-unpacking EFI programs give the kernel in them", async () => {
  const kernel = kernelFile();
  const packed = [await gzip(kernel), zstdCompressSync(kernel)];
  for (const payload of packed) {
    assertEquals(await unpack(payload), kernel);
    assertEquals(await unpack(zbootFile(payload, "gzip")), kernel);
  }
  assertEquals(await unpack(kernel), kernel);
});

Deno.test("what follows a zstd frame is left out", async () => {
  const frame = zstdCompressSync(kernelFile());
  assertEquals(await unpack(Uint8Array.from([...frame, 1, 2, 3, 4])), kernelFile());
});

Deno.test("every truncation of a zstd file is refused", async () => {
  const content = Uint8Array.from({ length: 3000 }, (_, index) => index * index >> 3);
  const whole = zstdCompressSync(content);
  assertEquals(await unpack(whole), content);
  for (let length = 4; length < whole.length; length++) {
    await assertRejects(() => unpack(whole.subarray(0, length)), LoadError);
  }
});

Deno.test("content larger than the bound is refused before it is all unpacked", async () => {
  const large = new Uint8Array(100_000);
  for (const payload of [await gzip(large), zstdCompressSync(large)]) {
    await assertRejects(() => unpack(payload, 99_999), LoadError, "more than 99999 bytes");
    assertEquals((await unpack(payload, 100_000)).length, 100_000);
  }
});

Deno.test("other methods of packing are named", async () => {
  const file = zbootFile(Uint8Array.of(1, 2, 3, 4), "xzkern");
  await assertRejects(() => unpack(file), LoadError, "packed with xzkern");
  await assertRejects(() => unpack(file.subarray(0, 20)), LoadError, "the file ends at 20");
});
