import { assertEquals, assertThrows } from "@std/assert";
import { readKernelHeader } from "./kernel_image.ts";
import { efiKernelFile, kernelFile } from "./kernel_fixture.ts";
import { LoadError } from "./load_error.ts";

Deno.test("the header says offset and memory size", () => {
  const header = readKernelHeader("Image", kernelFile());
  assertEquals(header, { textOffset: 0x20_0000, memoryBytes: 0x1000 });
});

Deno.test("a kernel that states no memory size needs at least its file", () => {
  const bytes = kernelFile();
  new DataView(bytes.buffer).setBigUint64(16, 0n, true);
  assertEquals(readKernelHeader("Image", bytes)?.memoryBytes, bytes.length);
});

Deno.test("other files have no header", () => {
  assertEquals(readKernelHeader("Image", new Uint8Array(0)), undefined);
  assertEquals(readKernelHeader("Image", new Uint8Array(4096)), undefined);
});

Deno.test("kernels that cannot be started are refused with the reason", () => {
  const bigEndian = kernelFile();
  bigEndian[24] = 1;
  assertThrows(() => readKernelHeader("Image", bigEndian), LoadError, "big-endian");
  const unaligned = kernelFile();
  unaligned[8] = 1;
  assertThrows(() => readKernelHeader("Image", unaligned), LoadError, "not a multiple of 2 MiB");
});

Deno.test("a kernel that is an EFI program must have all of its sections", () => {
  const whole = efiKernelFile();
  assertEquals(readKernelHeader("Image", whole)?.memoryBytes, 0x1000);
  assertThrows(
    () => readKernelHeader("Image", whole.subarray(0, -1)),
    LoadError,
    "the file is cut short",
  );
});
