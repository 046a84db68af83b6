/**
 * Takes programs out of their wrapping: gzip, zstd, and the EFI program that unpacks a kernel (`vmlinuz` of
 * several distributions; the kernel's "EFI zboot" format).
 *
 * What comes out is not unpacked again: no build makes such files, and a bound on the number of layers is one
 * more thing to get right.
 */

import type { LoadedFile } from "../machine/options.ts";
import { isGzip, unpackGzip } from "./gzip.ts";
import { ImageReader } from "./image_reader.ts";
import { isZstd, unpackZstd } from "./zstd.ts";

const ZBOOT_MAGIC = "zimg";
/** Offsets of the zboot header's fields. */
const Zboot = { MAGIC: 4, PAYLOAD: 8, PAYLOAD_BYTES: 12, METHOD: 24 } as const;
const METHOD_BYTES = 32;

/** The program in a file, which is most often the file itself. Throws LoadError. */
export async function unpackProgram(file: LoadedFile, limit: number): Promise<Uint8Array> {
  const { name, bytes } = file;
  if (isGzip(bytes)) return await unpackGzip(name, bytes, limit);
  if (isZstd(bytes)) return await unpackZstd(name, bytes, limit);
  const reader = new ImageReader(name, bytes);
  return reader.spells(Zboot.MAGIC, ZBOOT_MAGIC) ? await unpackZboot(reader, limit) : bytes;
}

async function unpackZboot(reader: ImageReader, limit: number): Promise<Uint8Array> {
  const start = reader.u32(Zboot.PAYLOAD, "the place of the packed kernel");
  const length = reader.u32(Zboot.PAYLOAD_BYTES, "the size of the packed kernel");
  const payload = reader.range(start, length, "the packed kernel");
  const method = reader.text(reader.range(Zboot.METHOD, METHOD_BYTES, "the packing method"), 0);
  if (isGzip(payload)) return await unpackGzip(reader.file, payload, limit);
  if (isZstd(payload)) return await unpackZstd(reader.file, payload, limit);
  throw reader.fault(
    Zboot.METHOD,
    `the kernel is packed with ${method} into an EFI program that unpacks itself`,
    "use the plain Image of the same build, or one packed with gzip or zstd",
  );
}
