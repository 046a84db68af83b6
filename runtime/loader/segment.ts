/** What loaders produce: pieces of guest memory and where execution starts. */

/** Bytes for a range of guest physical memory. */
export interface Segment {
  /** Where the first byte goes. */
  readonly physicalAddress: number;
  /** Content; a view of the loaded file. */
  readonly bytes: Uint8Array;
  /** Size in memory, at least that of the content: the rest is zero. */
  readonly memoryBytes: number;
}

/** A program as segments. */
export interface LoadedImage {
  /** Name of the file it came from. */
  readonly name: string;
  /** Pieces of memory, in file order. */
  readonly segments: readonly Segment[];
  /** Physical address of the first instruction. */
  readonly entry: number;
  /** Is it a Linux kernel by its header? */
  readonly isLinux?: true;
  /** Physical addresses of named places (`tohost`); empty where the format has none. */
  readonly symbols: ReadonlyMap<string, number>;
}

/** First address after a segment. */
export function segmentEnd(segment: Segment): number {
  return segment.physicalAddress + segment.memoryBytes;
}

/** First address after the highest segment. */
export function imageEnd(image: LoadedImage): number {
  return image.segments.reduce((end, segment) => Math.max(end, segmentEnd(segment)), 0);
}
