/** Unpacks gzip files, with a bound: a small file must not be able to fill the host's memory. */

import { LoadError } from "./load_error.ts";

const MAGIC: readonly number[] = [0x1f, 0x8b];

/** Does the file begin like gzip? */
export function isGzip(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, index) => bytes[index] === byte);
}

/** The unpacked content. Throws LoadError when it is malformed or larger than `limit`. */
export async function unpackGzip(
  name: string,
  bytes: Uint8Array,
  limit: number,
): Promise<Uint8Array> {
  const packed = new Blob([Uint8Array.from(bytes)]).stream();
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const part of packed.pipeThrough(new DecompressionStream("gzip"))) {
      parts.push(part);
      length += part.length;
      if (length > limit) break;
    }
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new LoadError(name, bytes.length, `the gzip data is damaged: ${cause}`, "fetch it again");
  }
  if (length > limit) throw tooBig(name, limit);
  return concatenate(parts, length);
}

/** The error for a file that guest RAM cannot hold unpacked. */
export function tooBig(name: string, limit: number): LoadError {
  return new LoadError(
    name,
    0,
    `it unpacks to more than ${limit} bytes, which is all of guest RAM`,
    "use a larger -m, or a smaller file",
  );
}

function concatenate(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
