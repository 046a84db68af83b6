/**
 * Loads whatever `-kernel` and `-bios` name: the content says what it is, never the file's name.
 *
 * A packed file is unpacked first (the unpacked content is judged in turn), ELF files and Linux `Image` files
 * say themselves where they go, anything else is a flat binary for the address that the board gives.
 */

import type { LoadedFile } from "../machine/options.ts";
import { isElf, loadElf } from "./elf.ts";
import { loadFlatImage } from "./flat_image.ts";
import { refuseForeignFormat } from "./foreign_format.ts";
import { readKernelHeader } from "./kernel_image.ts";
import { unpackProgram } from "./packed_program.ts";
import type { LoadedImage } from "./segment.ts";

/** Where programs without an address of their own go. */
export interface LoadAddresses {
  /** Start of RAM: Linux kernels count their load offset from here. */
  readonly ramBase: number;
  /** Where a flat binary goes. */
  readonly flat: number;
  /** Lowest address a Linux kernel may take: the end of the firmware. */
  readonly lowest: number;
  /** Most bytes that a compressed file may unpack to. */
  readonly ramBytes: number;
}

/** Linux kernels start at multiples of this. */
const KERNEL_ALIGNMENT = 0x20_0000;

/** Loads a program. Throws LoadError. */
export async function loadProgram(
  file: LoadedFile,
  addresses: LoadAddresses,
): Promise<LoadedImage> {
  const bytes = await unpackProgram(file, addresses.ramBytes);
  if (isElf(bytes)) return loadElf(file.name, bytes);
  const header = readKernelHeader(file.name, bytes);
  if (header === undefined) {
    refuseForeignFormat({ name: file.name, bytes });
    return loadFlatImage(file.name, bytes, addresses.flat);
  }
  const wanted = addresses.ramBase + header.textOffset;
  const address = Math.ceil(Math.max(wanted, addresses.lowest) / KERNEL_ALIGNMENT) *
    KERNEL_ALIGNMENT;
  return { ...loadFlatImage(file.name, bytes, address, header.memoryBytes), isLinux: true };
}
