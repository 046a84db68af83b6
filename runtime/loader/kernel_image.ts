/**
 * Recognizes RISC-V Linux `Image` files.
 *
 * Format: the kernel documentation's "Boot image header in RISC-V Linux". The header says how far from the
 * start of RAM the kernel wants to be and how much memory it needs beyond the file (its zeroed data).
 */

import { ImageReader } from "./image_reader.ts";

const MAGIC = "RISCV\0\0\0";
const MAGIC_2 = "RSC\x05";
const DOS_MAGIC = "MZ";
const EFI_MAGIC = "PE\0\0";

/** Offsets of the header's fields. */
const Header = {
  TEXT_OFFSET: 8,
  IMAGE_BYTES: 16,
  FLAGS: 24,
  MAGIC: 0x30,
  MAGIC_2: 0x38,
  EFI_HEADER: 0x3c,
} as const;

const HEADER_BYTES = 64;

/** Offsets in the header that makes the kernel an EFI program. */
const Efi = { SECTION_COUNT: 6, OPTIONAL_BYTES: 20, OPTIONAL: 24 } as const;
const EfiSection = { FILE_BYTES: 16, FILE_OFFSET: 20, BYTES: 40 } as const;

const BIG_ENDIAN_FLAG = 1n;
/** The kernel maps itself with pages of this size. */
const ALIGNMENT = 0x20_0000;

/** What the header says. */
export interface KernelHeader {
  /** Distance from the start of RAM. */
  readonly textOffset: number;
  /** Memory the kernel needs from its first byte on, at least the file's size. */
  readonly memoryBytes: number;
}

/** The header of a Linux `Image`, or undefined for another kind of file. Throws LoadError. */
export function readKernelHeader(name: string, bytes: Uint8Array): KernelHeader | undefined {
  const reader = new ImageReader(name, bytes);
  if (!reader.spells(Header.MAGIC_2, MAGIC_2) && !reader.spells(Header.MAGIC, MAGIC)) {
    return undefined;
  }
  reader.range(0, HEADER_BYTES, "the kernel header");
  if ((reader.u64(Header.FLAGS, "the kernel header") & BIG_ENDIAN_FLAG) !== 0n) {
    throw reader.fault(Header.FLAGS, "the kernel is big-endian", "build it little-endian");
  }
  const textOffset = reader.size(Header.TEXT_OFFSET, "the kernel's load offset");
  if (textOffset % ALIGNMENT !== 0) {
    throw reader.fault(
      Header.TEXT_OFFSET,
      `the kernel's load offset 0x${textOffset.toString(16)} is not a multiple of 2 MiB`,
      "use a kernel for 64-bit RISC-V",
    );
  }
  const imageBytes = reader.size(Header.IMAGE_BYTES, "the kernel's memory size");
  checkLength(reader);
  return { textOffset, memoryBytes: Math.max(imageBytes, bytes.length) };
}

/** The header's own size counts memory; only as an EFI program a kernel says how long its file is. */
function checkLength(reader: ImageReader): void {
  if (!reader.spells(0, DOS_MAGIC)) return;
  const efi = reader.u32(Header.EFI_HEADER, "the kernel's EFI header");
  if (!reader.spells(efi, EFI_MAGIC)) return;
  const count = reader.u16(efi + Efi.SECTION_COUNT, "the kernel's EFI header");
  const optional = reader.u16(efi + Efi.OPTIONAL_BYTES, "the kernel's EFI header");
  for (let index = 0; index < count; index++) {
    const section = efi + Efi.OPTIONAL + optional + index * EfiSection.BYTES;
    const start = reader.u32(section + EfiSection.FILE_OFFSET, "the kernel's EFI sections");
    const length = reader.u32(section + EfiSection.FILE_BYTES, "the kernel's EFI sections");
    reader.range(start, length, "the kernel's code and data");
  }
}
