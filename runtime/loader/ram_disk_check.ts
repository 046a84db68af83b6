/**
 * Looks at an initial RAM disk before the kernel does.
 *
 * The kernel unpacks it, and what it makes of a damaged one is a panic that names no file. So everything is
 * passed on as it is, and what no kernel could read is said beforehand, as a warning: a guest may have a
 * format of its own. Formats: the kernel documentation's "initramfs buffer format" and "Using the initial RAM
 * disk (initrd)".
 */

import type { LoadedFile } from "../machine/options.ts";
import type { Complaint } from "../machine/user_error.ts";
import { LoadError } from "./load_error.ts";
import { isGzip } from "./gzip.ts";
import { spells } from "./foreign_format.ts";
import { isZstd, unpackZstd } from "./zstd.ts";

/** Only archives up to this size are unpacked to see whether they are whole: it must not delay the start. */
const MOST_CHECKED_BYTES = 16 * 2 ** 20;
const MOST_UNPACKED_BYTES = 256 * 2 ** 20;

/** Marks of the formats that kernels read besides those that are looked into. */
const KERNEL_FORMATS: readonly { readonly offset: number; readonly mark: string }[] = [
  { offset: 0, mark: "\xfd7zXZ\0" },
  { offset: 0, mark: "BZh" },
  { offset: 0, mark: "\x5d\0\0" },
  { offset: 0, mark: "\x89LZO\0" },
  { offset: 0, mark: "\x02\x21\x4c\x18" },
  { offset: 0, mark: "hsqs" },
  { offset: 0, mark: "-rom1fs-" },
  { offset: 0, mark: "\x45\x3d\xcd\x28" },
  { offset: 0x438, mark: "\x53\xef" },
];

/** What the decompressor says of a second archive that is not gzip. */
const OTHER_FORMAT_FOLLOWS = "incorrect header check";

const CPIO_MARKS: readonly string[] = ["070701", "070702"];
const CPIO_HEADER_BYTES = 110;
const CPIO_FILE_BYTES = 54;
const CPIO_NAME_BYTES = 94;
const CPIO_ALIGNMENT = 4;
const CPIO_LAST_NAME = "TRAILER!!!";

/** What is wrong with an initial RAM disk, or undefined. Throws LoadError when there is nothing in it. */
export async function checkRamDisk(file: LoadedFile): Promise<Complaint | undefined> {
  const { name, bytes } = file;
  if (bytes.length === 0) {
    throw new LoadError(name, 0, "the file is empty", "name the file that you meant to load");
  }
  try {
    return complaint(name, await fault(file));
  } catch (error) {
    if (error instanceof LoadError) return complaint(name, error.cause);
    throw error;
  }
}

function complaint(name: string, cause: string | undefined): Complaint | undefined {
  if (cause === undefined) return undefined;
  return { what: `initial RAM disk ${name}`, cause, fix: "build or fetch it again" };
}

async function fault({ name, bytes }: LoadedFile): Promise<string | undefined> {
  if (isCpio(bytes)) return cpioFault(bytes);
  const isChecked = bytes.length <= MOST_CHECKED_BYTES;
  if (isGzip(bytes)) return isChecked ? await gzipFault(bytes) : undefined;
  if (isZstd(bytes)) {
    if (isChecked) await unpackZstd(name, bytes, MOST_UNPACKED_BYTES);
    return undefined;
  }
  if (KERNEL_FORMATS.some(({ offset, mark }) => spells(bytes, offset, mark))) return undefined;
  return "it is in no format that a kernel unpacks (cpio, plain or packed, or a file system)";
}

/** Archives follow each other, packed or not: whatever is behind the first one and not gzip is no fault. */
async function gzipFault(bytes: Uint8Array): Promise<string | undefined> {
  const { gunzipSync } = await import("node:zlib");
  try {
    gunzipSync(bytes, { maxOutputLength: MOST_UNPACKED_BYTES });
    return undefined;
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    if (error.code === "Z_BUF_ERROR") return "the gzip data is cut short";
    if (error.code !== "Z_DATA_ERROR" || error.message === OTHER_FORMAT_FOLLOWS) return undefined;
    return `the gzip data is damaged: ${error.message}`;
  }
}

function isCpio(bytes: Uint8Array): boolean {
  return CPIO_MARKS.some((mark) => spells(bytes, 0, mark));
}

/** Walks the entries of the first archive; others, also packed ones, may follow. */
function cpioFault(bytes: Uint8Array): string | undefined {
  const text = new TextDecoder();
  for (let offset = 0; offset < bytes.length;) {
    if (!isCpio(bytes.subarray(offset))) return `the cpio archive is damaged at byte ${offset}`;
    const field = (place: number): number => parseHex(bytes, offset + place);
    const nameStart = offset + CPIO_HEADER_BYTES;
    const contentStart = alignUp(nameStart + field(CPIO_NAME_BYTES));
    const end = contentStart + field(CPIO_FILE_BYTES);
    if (!(end <= bytes.length)) break;
    const name = text.decode(bytes.subarray(nameStart, nameStart + CPIO_LAST_NAME.length));
    if (name === CPIO_LAST_NAME) return undefined;
    offset = alignUp(end);
  }
  return `the cpio archive is cut short: it has ${bytes.length} bytes and no end`;
}

function parseHex(bytes: Uint8Array, offset: number): number {
  const digits = String.fromCharCode(...bytes.subarray(offset, offset + 8));
  return /^[0-9a-fA-F]{8}$/.test(digits) ? parseInt(digits, 16) : NaN;
}

function alignUp(value: number): number {
  return Math.ceil(value / CPIO_ALIGNMENT) * CPIO_ALIGNMENT;
}
