import { assertThrows } from "@std/assert";
import { refuseAddressedFormat, refuseForeignFormat } from "./foreign_format.ts";
import { LoadError } from "./load_error.ts";

function fileWith(mark: string, offset = 0): { name: string; bytes: Uint8Array } {
  const bytes = new Uint8Array(0x9000);
  bytes.set(Array.from(mark, (letter) => letter.charCodeAt(0)), offset);
  return { name: "file", bytes };
}

Deno.test("files that are no programs are refused with what they are", () => {
  for (
    const [mark, offset, what] of [
      ["\xfd7zXZ\0", 0, "packed with xz"],
      ["BZh91AY&SY", 0, "packed with bzip2"],
      ["070701", 0, "cpio archive"],
      ["\xd0\x0d\xfe\xed", 0, "device tree"],
      ["#!/bin/sh\n", 0, "script"],
      ["ustar", 257, "tar archive"],
      ["QFI\xfb", 0, "disk image"],
      ["CD001", 0x8001, "CD image"],
      ["\x27\x05\x19\x56", 0, "U-Boot image"],
      [":020000040000FA", 0, "Intel HEX"],
      ["# A title\n\n".repeat(10), 0, "it is text"],
    ] as const
  ) assertThrows(() => refuseForeignFormat(fileWith(mark, offset)), LoadError, what);
});

Deno.test("anything else may be a flat binary", () => {
  refuseForeignFormat(fileWith(""));
  refuseForeignFormat(fileWith("\x13\0\0\0"));
  refuseForeignFormat({ name: "short", bytes: new TextEncoder().encode("hello") });
  refuseAddressedFormat(fileWith("#!/bin/sh\n"));
});
