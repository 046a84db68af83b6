/**
 * Unpacks compressed clusters: each is packed by itself, with deflate or zstd.
 *
 * The host's module for that takes longer to load than all of a machine's own: it is loaded by the first such cluster,
 * and at once, because disks wait for nothing but the host.
 */

import { zstdFrameBytes } from "../../loader/zstd.ts";
import type { Compression } from "./header.ts";

/** The content of a packed cluster, which fills one. What follows it is left out. Throws for what is no such. */
export function unpackCluster(
  packed: Uint8Array<ArrayBuffer>,
  compression: Compression,
  clusterBytes: number,
): Uint8Array<ArrayBuffer> {
  const options = { maxOutputLength: clusterBytes };
  // deno-lint-ignore no-process-global -- an import would load the module's surroundings for every disk
  const { inflateRawSync, zstdDecompressSync } = process.getBuiltinModule("node:zlib");
  const content = new Uint8Array(
    compression === "zlib"
      ? inflateRawSync(packed, options)
      : zstdDecompressSync(packed.subarray(0, zstdFrameBytes("a cluster", packed)), options),
  );
  if (content.length === clusterBytes) return content;
  throw new RangeError(`${content.length} bytes in place of ${clusterBytes}`);
}
