/** Unpacks compressed clusters: each is packed by itself, with deflate or zstd. */

import { inflateRawSync, zstdDecompressSync } from "node:zlib";
import { zstdFrameBytes } from "../../loader/zstd.ts";
import type { Compression } from "./header.ts";

/** The content of a packed cluster, which fills one. What follows it is left out. Throws for what is no such. */
export function unpackCluster(
  packed: Uint8Array<ArrayBuffer>,
  compression: Compression,
  clusterBytes: number,
): Uint8Array<ArrayBuffer> {
  const options = { maxOutputLength: clusterBytes };
  const content = new Uint8Array(
    compression === "zlib"
      ? inflateRawSync(packed, options)
      : zstdDecompressSync(packed.subarray(0, zstdFrameBytes("a cluster", packed)), options),
  );
  if (content.length === clusterBytes) return content;
  throw new RangeError(`${content.length} bytes in place of ${clusterBytes}`);
}
