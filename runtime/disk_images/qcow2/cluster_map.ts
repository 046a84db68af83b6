/**
 * Where the clusters of the disk are in the file: "Cluster mapping".
 *
 * A table that others refer to as well, snapshots, is copied before it is changed.
 */

import { ENTRY_BYTES, EntryFlag, entryPosition, HIGH, SECTOR_BYTES, ZERO_FLAG } from "./format.ts";
import type { Metadata } from "./metadata.ts";
import type { Slice } from "./slice_cache.ts";

/** What a cluster of the disk is. */
export type ClusterKind = "absent" | "data" | "zeros" | "compressed";

/** An entry of a second table. */
export interface ClusterEntry {
  /** What it is: absent clusters are those of the backing file. */
  readonly kind: ClusterKind;
  /** Its place in the file; 0: none, which clusters of zeros may have. */
  readonly position: number;
  /** Does nothing else refer to that place, by the image's own word? */
  readonly isCopied: boolean;
  /** Bytes of a compressed cluster, at most. */
  readonly packedBytes: number;
}

const ABSENT: ClusterEntry = { kind: "absent", position: 0, isCopied: false, packedBytes: 0 };

/** Bits of a compressed cluster's entry that are a position and a number of sectors. */
const COMPRESSED_BITS = 62;
/** Bits of a cluster's length that its number of sectors does not need. */
const SECTOR_COUNT_BITS = 8;

/** What an entry of 64 bits says. */
export function decodeEntry(high: number, low: number, clusterBits: number): ClusterEntry {
  if ((high & EntryFlag.COMPRESSED) !== 0) return decodeCompressed(high, low, clusterBits);
  const position = entryPosition(high, low);
  const isZero = (low & ZERO_FLAG) !== 0;
  const isCopied = (high & EntryFlag.COPIED) !== 0;
  if (isZero) return { kind: "zeros", position, isCopied, packedBytes: 0 };
  return position === 0 ? ABSENT : { kind: "data", position, isCopied, packedBytes: 0 };
}

/** The position has fewer bits the larger clusters are; all its bits above 2^53 are behind the end of any file. */
function decodeCompressed(high: number, low: number, clusterBits: number): ClusterEntry {
  const positionBits = COMPRESSED_BITS - (clusterBits - SECTOR_COUNT_BITS);
  const highBits = positionBits - 32;
  const fields = high & ~(EntryFlag.COPIED | EntryFlag.COMPRESSED);
  const position = fields % 2 ** highBits * HIGH + (low >>> 0);
  const sectors = (fields >>> highBits) + 1;
  const packedBytes = sectors * SECTOR_BYTES - position % SECTOR_BYTES;
  return { kind: "compressed", position, isCopied: false, packedBytes };
}

/** See the header of this file. */
export class ClusterMap {
  readonly #metadata: Metadata;
  readonly #perTable: number;

  /** The map of an image. */
  constructor(metadata: Metadata) {
    this.#metadata = metadata;
    this.#perTable = metadata.clusterBytes / ENTRY_BYTES;
  }

  /** What a cluster of the disk is. Throws DamagedImageError where its place cannot be. */
  at(cluster: number): ClusterEntry {
    const table = this.#metadata.tablePosition(Math.floor(cluster / this.#perTable));
    if (table === 0) return ABSENT;
    const { slice, at } = this.#find(table, cluster);
    const { clusterBits } = this.#metadata.header;
    const entry = decodeEntry(slice.view.getUint32(at), slice.view.getUint32(at + 4), clusterBits);
    if (entry.kind === "compressed") this.#checkCompressed(entry);
    else if (entry.position !== 0) this.#metadata.requirePlace("a cluster", entry.position);
    return entry;
  }

  /** Makes sure that a cluster's entry can be changed, so that {@linkcode ClusterMap.set} fails no more. */
  prepare(cluster: number): void {
    const metadata = this.#metadata;
    const index = Math.floor(cluster / this.#perTable);
    const old = metadata.tablePosition(index);
    if (old !== 0 && metadata.isTableCopied(index)) return this.#requireOwnTable(old);
    if (old !== 0) metadata.requireCounted(old);
    const position = metadata.refcounts.allocate();
    try {
      const table = new Uint8Array(metadata.clusterBytes);
      if (old !== 0) metadata.file.read(old, table);
      metadata.file.write(position, table);
    } catch (error) {
      metadata.takeBack(position);
      throw error;
    }
    metadata.cache.forget(position, metadata.clusterBytes);
    metadata.addTable(index, position);
  }

  /** Changes the entry of a cluster that was prepared. @param place of its data, or 0 */
  set(cluster: number, place: number, isZero: boolean): void {
    const table = this.#metadata.tablePosition(Math.floor(cluster / this.#perTable));
    const { slice, at } = this.#find(table, cluster);
    const flags = place === 0 ? 0 : EntryFlag.COPIED;
    slice.view.setUint32(at, (Math.floor(place / HIGH) | flags) >>> 0);
    slice.view.setUint32(at + 4, place % HIGH | (isZero ? ZERO_FLAG : 0));
    this.#metadata.cache.change(slice);
  }

  /** The host's clusters that an entry refers to, by one position in each. */
  places({ kind, position, packedBytes }: ClusterEntry): number[] {
    if (position === 0) return [];
    if (kind !== "compressed") return [position];
    const { clusterBytes } = this.#metadata;
    const first = Math.floor(position / clusterBytes);
    const last = Math.floor((position + packedBytes - 1) / clusterBytes);
    return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * clusterBytes);
  }

  #requireOwnTable(position: number): void {
    const { refcounts, clusterBytes } = this.#metadata;
    const count = refcounts.get(position / clusterBytes);
    if (count === 1) return;
    throw this.#metadata.damaged(
      `the table at ${position} is said to have one reference, not ${count}`,
    );
  }

  #checkCompressed({ position, packedBytes }: ClusterEntry): void {
    const { file, clusterBytes } = this.#metadata;
    const lastByte = position + packedBytes - 1;
    const end = Math.ceil(file.bytes / clusterBytes) * clusterBytes;
    if (position > 0 && position < file.bytes && lastByte < end) return;
    throw this.#metadata.damaged(`a compressed cluster at ${position}, which is not in the file`);
  }

  #find(table: number, cluster: number): { slice: Slice; at: number } {
    const { cache } = this.#metadata;
    const place = table + cluster % this.#perTable * ENTRY_BYTES;
    return { slice: cache.at(place), at: place % cache.sliceBytes };
  }
}
