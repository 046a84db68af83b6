/**
 * Places and bits of the qcow2 format, versions 2 and 3: "The qcow2 image format" in QEMU's documentation of its
 * formats. All numbers of the format are big-endian.
 */

/** First bytes of an image. */
export const MAGIC = 0x5146_49fb;

/** Fields of the header. */
export const HeaderField = {
  MAGIC: 0,
  VERSION: 4,
  BACKING_POSITION: 8,
  BACKING_LENGTH: 16,
  CLUSTER_BITS: 20,
  SIZE: 24,
  ENCRYPTION: 32,
  L1_ENTRIES: 36,
  L1_POSITION: 40,
  REFCOUNT_TABLE_POSITION: 48,
  REFCOUNT_TABLE_CLUSTERS: 56,
  SNAPSHOTS: 60,
  SNAPSHOTS_POSITION: 64,
  INCOMPATIBLE: 72,
  COMPATIBLE: 80,
  AUTOCLEAR: 88,
  REFCOUNT_ORDER: 96,
  LENGTH: 100,
  COMPRESSION: 104,
} as const;

/** Length of a header of version 2, and the least and the usual one of version 3. */
export const HEADER_2_BYTES = 72;
export const HEADER_3_BYTES = 104;
export const HEADER_BYTES = 112;

/** Bits of the features that a reader must know. */
export const Incompatible = {
  DIRTY: 1,
  CORRUPT: 2,
  EXTERNAL_DATA: 4,
  COMPRESSION: 8,
  EXTENDED_L2: 16,
} as const;
/** Bits of the features that a reader need not know. */
export const Compatible = { LAZY_REFCOUNTS: 1 } as const;
/** Bits of the features that a writer clears if it does not know them. */
export const Autoclear = { BITMAPS: 1 } as const;

/** Kinds of header extensions. */
export const Extension = { END: 0, BACKING_FORMAT: 0xe279_2aca, BITMAPS: 0x2385_2875 } as const;
/** Bytes before an extension's data. */
export const EXTENSION_HEADER_BYTES = 8;

/** Smallest and largest clusters, as powers of two. */
export const MIN_CLUSTER_BITS = 9;
export const MAX_CLUSTER_BITS = 21;
/** Bits of a reference count are 1 to 64, as powers of two; version 2 has 16. */
export const MAX_REFCOUNT_ORDER = 6;
export const DEFAULT_REFCOUNT_ORDER = 4;

/** Most bytes of the active first table, and of the table of reference count blocks: QEMU's bounds. */
export const MAX_L1_BYTES = 0x200_0000;
export const MAX_REFCOUNT_TABLE_BYTES = 0x80_0000;
/** Most snapshots, and bytes of what is said of each. */
export const MAX_SNAPSHOTS = 0x1_0000;
/** Most bytes of a backing file's name. */
export const MAX_BACKING_LENGTH = 1023;

/** Bytes of an entry of any table of clusters. */
export const ENTRY_BYTES = 8;
/** Bytes of the unit in which lengths of compressed clusters are counted. */
export const SECTOR_BYTES = 512;

/** Flags in the upper half of an entry. */
export const EntryFlag = { COPIED: 0x8000_0000, COMPRESSED: 0x4000_0000 } as const;
/** Flag in the lower half: the cluster reads as zeros. */
export const ZERO_FLAG = 1;

/** Bits of a position in the upper half of an entry, and in the lower half. */
const POSITION_HIGH = 0x00ff_ffff;
const POSITION_LOW = 0xffff_fe00;
/** Factor of the upper half. */
export const HIGH = 0x1_0000_0000;

/** The position in an entry of a first or second table. Above 2^53 it is rounded, and behind the end of any file. */
export function entryPosition(high: number, low: number): number {
  return (high & POSITION_HIGH) * HIGH + ((low & POSITION_LOW) >>> 0);
}

/** Reads a number of 64 bits; above 2^53 it is rounded. */
export function getLong(view: DataView, at: number): number {
  return view.getUint32(at) * HIGH + view.getUint32(at + 4);
}

/** Writes a number of up to 53 bits as one of 64. */
export function setLong(view: DataView, at: number, value: number): void {
  view.setUint32(at, Math.floor(value / HIGH));
  view.setUint32(at + 4, value % HIGH);
}
