import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { LoadError } from "./load_error.ts";
import { checkRamDisk } from "./ram_disk_check.ts";
import { cpioFile } from "./cpio_fixture.ts";

const CPIO = cpioFile();

async function cause(bytes: Uint8Array): Promise<string> {
  return (await checkRamDisk({ name: "initrd", bytes }))?.cause ?? "";
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

Deno.test("archives, plain and packed, alone and behind each other, are whole", async () => {
  const gzip = gzipSync(CPIO);
  const padded = joined(CPIO, new Uint8Array(512));
  for (const bytes of [CPIO, padded, gzip, joined(gzip, gzip), joined(CPIO, gzip)]) {
    assertEquals(await cause(bytes), "");
  }
  assertEquals(await cause(joined(gzip, CPIO)), "");
  assertEquals(await cause(zstdCompressSync(CPIO)), "");
});

Deno.test("archives that are cut short or damaged are named", async () => {
  const gzip = gzipSync(CPIO);
  for (let length = 6; length < CPIO.length; length += 37) {
    assertStringIncludes(await cause(CPIO.subarray(0, length)), "cut short");
  }
  assertStringIncludes(await cause(gzip.subarray(0, -1)), "the gzip data is cut short");
  assertStringIncludes(await cause(zstdCompressSync(CPIO).subarray(0, -1)), "the file ends");
  const wrong = Uint8Array.from(gzip);
  wrong[wrong.length - 8] ^= 1;
  assertStringIncludes(await cause(wrong), "incorrect data check");
  const broken = CPIO.slice();
  broken[124] = 0;
  assertStringIncludes(await cause(broken), "the cpio archive is damaged at byte 124");
});

Deno.test("formats that kernels read and nobody looks into are not complained about", async () => {
  for (const mark of ["\xfd7zXZ\0", "BZh9", "hsqs", "-rom1fs-"]) {
    assertEquals(await cause(Uint8Array.from(mark, (letter) => letter.charCodeAt(0))), "");
  }
  const ext2 = new Uint8Array(2048);
  ext2.set([0x53, 0xef], 0x438);
  assertEquals(await cause(ext2), "");
});

Deno.test("what no kernel reads is complained about, and an empty file is refused", async () => {
  assertStringIncludes(await cause(new TextEncoder().encode("hello")), "in no format");
  await assertRejects(() => cause(new Uint8Array(0)), LoadError, "the file is empty");
});
