/**
 * Unpacks zstd files, with a bound.
 *
 * Format: RFC 8878, "Zstandard Frames". The frame is walked first, because the decompressor gives what there
 * is of a frame that is cut short and says nothing; what follows the frame is left out.
 */

import { ImageReader } from "./image_reader.ts";
import { LoadError } from "./load_error.ts";
import { tooBig } from "./gzip.ts";

const MAGIC = "\x28\xb5\x2f\xfd";
const MAGIC_BYTES = 4;
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;
/** Bytes of a block in which one byte is repeated. */
const REPEATED_BLOCK_BYTES = 1;
const BlockKind = { RAW: 0, REPEATED: 1, COMPRESSED: 2, RESERVED: 3 } as const;

/** Sizes of the header's dictionary number and content size, by their two bits. */
const DICTIONARY_BYTES: readonly number[] = [0, 1, 2, 4];
const CONTENT_SIZE_BYTES: readonly number[] = [0, 2, 4, 8];

/** Does the file begin like zstd? */
export function isZstd(bytes: Uint8Array): boolean {
  return new ImageReader("", bytes).spells(0, MAGIC);
}

/** The unpacked content of the first frame. Throws LoadError when it is malformed or larger than `limit`. */
export async function unpackZstd(
  name: string,
  bytes: Uint8Array,
  limit: number,
): Promise<Uint8Array> {
  const frame = bytes.subarray(0, zstdFrameBytes(name, bytes));
  const { zstdDecompressSync } = await import("node:zlib");
  try {
    return new Uint8Array(zstdDecompressSync(frame, { maxOutputLength: limit }));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE") {
      throw tooBig(name, limit);
    }
    const cause = error instanceof Error ? error.message : String(error);
    throw new LoadError(name, 0, `the zstd data is damaged: ${cause}`, "fetch it again");
  }
}

/** Length of the frame that the bytes begin with. Throws LoadError. @param name of the file, for messages */
export function zstdFrameBytes(name: string, bytes: Uint8Array): number {
  const reader = new ImageReader(name, bytes);
  let offset = headerBytes(reader);
  for (let isLast = false; !isLast;) {
    const header = reader.u8(offset, "a zstd block") | reader.u16(offset + 1, "a zstd block") << 8;
    isLast = (header & 1) !== 0;
    const kind = header >> 1 & 3;
    if (kind === BlockKind.RESERVED) {
      throw reader.fault(offset, "the zstd data is damaged: a block of no kind", "fetch it again");
    }
    const content = kind === BlockKind.REPEATED ? REPEATED_BLOCK_BYTES : header >> 3;
    reader.range(offset + BLOCK_HEADER_BYTES, content, "a zstd block");
    offset += BLOCK_HEADER_BYTES + content;
  }
  if ((reader.u8(MAGIC_BYTES, "the zstd header") & 1 << 2) === 0) return offset;
  reader.range(offset, CHECKSUM_BYTES, "the zstd checksum");
  return offset + CHECKSUM_BYTES;
}

function headerBytes(reader: ImageReader): number {
  const descriptor = reader.u8(MAGIC_BYTES, "the zstd header");
  const isSingleSegment = (descriptor & 1 << 5) !== 0;
  const sizeBits = descriptor >> 6;
  const windowBytes = isSingleSegment ? 0 : 1;
  const smallSizeBytes = isSingleSegment && sizeBits === 0 ? 1 : 0;
  return MAGIC_BYTES + 1 + windowBytes + DICTIONARY_BYTES[descriptor & 3] +
    CONTENT_SIZE_BYTES[sizeBits] + smallSizeBytes;
}
