/**
 * Recognizes RISC-V Linux `Image` files.
 *
 * Format: the kernel documentation's "Boot image header in RISC-V Linux". The header says how far from the
 * start of RAM the kernel wants to be and how much memory it needs beyond the file (its zeroed data).
 */

import { ImageReader } from "./image_reader.ts";

const MAGIC = "RISCV\0\0\0";
const MAGIC_2 = "RSC\x05";
const COMPRESSED_EFI_MAGIC = "zimg";

/** Offsets of the header's fields. */
const Header = {
  COMPRESSED_EFI: 4,
  TEXT_OFFSET: 8,
  IMAGE_BYTES: 16,
  FLAGS: 24,
  MAGIC: 0x30,
  MAGIC_2: 0x38,
} as const;

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
  if (reader.spells(Header.COMPRESSED_EFI, COMPRESSED_EFI_MAGIC)) {
    throw reader.fault(
      Header.COMPRESSED_EFI,
      "the kernel is packed into an EFI program that unpacks itself",
      "use the plain Image (or Image.gz) of the same build",
    );
  }
  if (!reader.spells(Header.MAGIC_2, MAGIC_2) && !reader.spells(Header.MAGIC, MAGIC)) {
    return undefined;
  }
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
  return { textOffset, memoryBytes: Math.max(imageBytes, bytes.length) };
}
