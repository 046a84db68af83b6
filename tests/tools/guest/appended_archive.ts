/**
 * The guest's initial RAM disk with more files: the kernel unpacks archives one after the other.
 *
 * Format: the kernel documentation's "initramfs buffer format", which wants each archive aligned.
 */

import { cpioArchive, type CpioEntry } from "./cpio_archive.ts";

const ARCHIVE_ALIGNMENT = 4;

/** `base` with an archive of `entries` behind it. */
export function withAppendedArchive(
  base: Uint8Array,
  entries: readonly CpioEntry[],
): Uint8Array<ArrayBuffer> {
  return withArchiveBehind(base, cpioArchive(entries));
}

/** `base` with another archive behind it. */
export function withArchiveBehind(
  base: Uint8Array,
  archive: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const start = Math.ceil(base.length / ARCHIVE_ALIGNMENT) * ARCHIVE_ALIGNMENT;
  const both = new Uint8Array(start + archive.length);
  both.set(base);
  both.set(archive, start);
  return both;
}
