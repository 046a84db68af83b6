/** Loads files without a format of their own: the bytes are the memory, and the first one is the entry. */

import { LoadError } from "./load_error.ts";
import type { LoadedImage } from "./segment.ts";

/** A flat binary at an address; it may need more memory than its bytes. Throws LoadError. */
export function loadFlatImage(
  name: string,
  bytes: Uint8Array,
  physicalAddress: number,
  memoryBytes: number = bytes.length,
): LoadedImage {
  if (bytes.length === 0) {
    throw new LoadError(name, 0, "the file is empty", "name the file that you meant to load");
  }
  return {
    name,
    segments: [{ physicalAddress, bytes, memoryBytes }],
    entry: physicalAddress,
    symbols: new Map(),
  };
}
