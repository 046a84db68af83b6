/**
 * Reference counts of an image's clusters, and the clusters that nobody refers to: "Host cluster management".
 *
 * A count is in a block, and a table has the places of the blocks. Counts are changed in memory; `metadata.ts` says when
 * they are written. A block or a table that is new is written at once, which is safe, because nothing refers to it yet.
 */

import { DamagedImageError } from "../image_error.ts";
import type { ImageFile } from "../image_file.ts";
import { ENTRY_BYTES, entryPosition, HIGH, MAX_REFCOUNT_TABLE_BYTES } from "./format.ts";
import type { Qcow2Header } from "./header.ts";
import { PinnedTable } from "./pinned_table.ts";
import { SliceCache } from "./slice_cache.ts";

const CACHE_BYTES = 0x10_0000;
const BITS_PER_BYTE = 8;
/** A table that is full is made larger by this factor. */
const GROWTH = 2;

/** See the header of this file. */
export class Refcounts {
  /** Blocks in memory. */
  readonly cache: SliceCache;
  readonly #file: ImageFile;
  readonly #image: string;
  readonly #clusterBytes: number;
  /** Places of tables of all kinds: nothing else may be kept there. */
  readonly #places: Set<number>;
  readonly #bits: number;
  readonly #perBlock: number;
  #table: PinnedTable;
  /** The table that the header names, when it is no longer the one in use. */
  #replaced: PinnedTable | null = null;
  /** No cluster below is free. */
  #firstFree = 0;

  /** The counts of an image; its tables are added to `places`. Throws DamagedImageError. */
  constructor(header: Qcow2Header, file: ImageFile, places: Set<number>) {
    this.#image = header.image;
    this.#clusterBytes = header.clusterBytes;
    this.#file = file;
    this.#places = places;
    this.#bits = 2 ** header.refcountOrder;
    this.#perBlock = header.clusterBytes * BITS_PER_BYTE / this.#bits;
    this.cache = new SliceCache(file, header.clusterBytes, CACHE_BYTES);
    const { refcountTablePosition, refcountTableClusters, clusterBytes } = header;
    const entries = refcountTableClusters * clusterBytes / ENTRY_BYTES;
    this.#table = PinnedTable.read(file, refcountTablePosition, entries);
    this.#notePlaces(this.#table);
    for (let entry = 0; entry < entries; entry++) {
      const position = this.#blockPosition(entry);
      if (position === 0) continue;
      const fits = position % clusterBytes === 0 && position + clusterBytes <= this.#wholeBytes;
      if (!fits) throw this.damaged(`a block of reference counts at ${position}`);
      if (places.has(position)) throw this.damaged(`two tables at ${position}`);
      places.add(position);
    }
  }

  /** The table of blocks, which may not be the one that the header names. */
  get table(): PinnedTable {
    return this.#table;
  }

  /** The table that the header names still, if it is another one. */
  get replaced(): PinnedTable | null {
    return this.#replaced;
  }

  /** The header names the table in use. */
  replacementDone(): void {
    this.#replaced = null;
  }

  /** An error about this image. */
  damaged(cause: string): DamagedImageError {
    return new DamagedImageError(this.#image, cause);
  }

  /** How many refer to a cluster. */
  get(cluster: number): number {
    const entry = Math.floor(cluster / this.#perBlock);
    if (entry >= this.#table.entries) return 0;
    const block = this.#blockPosition(entry);
    return block === 0 ? 0 : this.#count(block, cluster % this.#perBlock);
  }

  /** Changes how many refer to a cluster. */
  set(cluster: number, count: number): void {
    if (this.#bits < 32 && count >= 2 ** this.#bits) {
      throw this.damaged(`${count} references to cluster ${cluster}, too many to be counted`);
    }
    const block = this.#blockOf(cluster);
    this.#setCount(block, cluster % this.#perBlock, count);
    if (count === 0) this.#firstFree = Math.min(this.#firstFree, cluster);
  }

  /** Takes a cluster that nobody refers to. @returns its place */
  allocate(): number {
    for (;;) {
      const cluster = this.#nextFree();
      this.#blockOf(cluster);
      if (this.get(cluster) !== 0) continue; // its block was put there
      this.set(cluster, 1);
      this.#firstFree = cluster + 1;
      return cluster * this.#clusterBytes;
    }
  }

  /** Takes clusters in a row, behind the end of the file. @returns the place of the first */
  allocateRow(count: number): number {
    const before = this.#firstFree;
    for (let first = this.#rowAtEnd(count);; first++) {
      this.#firstFree = first + count;
      const row = Array.from({ length: count }, (_, index) => first + index);
      if (row.some((cluster) => this.get(cluster) !== 0)) continue;
      for (const cluster of row) this.set(cluster, 1);
      this.#firstFree = before;
      return first * this.#clusterBytes;
    }
  }

  /** From here on clusters are taken behind the end of the file only: counts are not to be relied on. */
  trustNothing(): void {
    this.#firstFree = this.#endCluster;
  }

  get #wholeBytes(): number {
    return this.#endCluster * this.#clusterBytes;
  }

  get #endCluster(): number {
    return Math.ceil(this.#file.bytes / this.#clusterBytes);
  }

  #nextFree(): number {
    let cluster = this.#firstFree;
    while (this.get(cluster) !== 0) cluster++;
    this.#firstFree = cluster;
    if (!this.#places.has(cluster * this.#clusterBytes)) return cluster;
    throw this.damaged(`cluster ${cluster} holds a table, and is counted as free`);
  }

  #blockPosition(entry: number): number {
    return entryPosition(this.#table.high(entry), this.#table.low(entry));
  }

  /** The block for a cluster's count, made where there is none. */
  #blockOf(cluster: number): number {
    const entry = Math.floor(cluster / this.#perBlock);
    if (entry >= this.#table.entries) this.#growTable(entry);
    if (this.#blockPosition(entry) === 0) this.#addBlock(entry);
    return this.#blockPosition(entry);
  }

  /** Makes a block: in a cluster that it counts itself, or in one that another block counts. */
  #addBlock(entry: number): void {
    let place = this.#nextFree();
    let home = Math.floor(place / this.#perBlock);
    while (home !== entry && !this.#hasBlock(home)) {
      if (home >= this.#table.entries) this.#growTable(home);
      else this.#addBlock(home);
      place = this.#nextFree();
      home = Math.floor(place / this.#perBlock);
    }
    if (this.#hasBlock(entry)) return; // made on the way
    const position = place * this.#clusterBytes;
    this.cache.forget(position, this.#clusterBytes);
    this.#file.write(position, new Uint8Array(this.#clusterBytes));
    this.#table.set(entry, position, 0);
    this.#places.add(position);
    this.#setCount(this.#blockPosition(home), place % this.#perBlock, 1);
  }

  #hasBlock(entry: number): boolean {
    return entry < this.#table.entries && this.#blockPosition(entry) !== 0;
  }

  /** Takes a larger table into use, in clusters behind the end of the file. */
  #growTable(entry: number): void {
    const perCluster = this.#clusterBytes / ENTRY_BYTES;
    const before = this.#firstFree;
    let [clusters, first] = [0, 0];
    let wanted = Math.max(entry + 1, this.#table.entries * GROWTH);
    while (clusters * perCluster < wanted) {
      clusters = Math.ceil(wanted / perCluster);
      if (clusters * this.#clusterBytes > MAX_REFCOUNT_TABLE_BYTES) {
        throw this.damaged("it would need more reference counts than an image may have");
      }
      first = this.#rowAtEnd(clusters);
      wanted = Math.max(wanted, this.#entriesUpTo(first + clusters));
    }
    const position = first * this.#clusterBytes;
    this.#file.grow(position + clusters * this.#clusterBytes);
    const old = this.#table;
    const isNamed = this.#replaced === null;
    if (isNamed) this.#replaced = old;
    this.#table = old.moved(position, clusters * perCluster);
    this.#notePlaces(this.#table);
    this.#firstFree = first + clusters;
    for (let index = 0; index < clusters; index++) this.set(first + index, 1);
    this.#firstFree = before;
    if (!isNamed) this.#forgetTable(old);
  }

  /** Entries for clusters up to a new table's end, and for the blocks that are made for it behind. */
  #entriesUpTo(end: number): number {
    const blocks = Math.ceil(end / this.#perBlock) + 1;
    return Math.ceil((end + blocks) / this.#perBlock) + 1;
  }

  /** A table that was never named by the header makes room at once. */
  #forgetTable({ position, length }: PinnedTable): void {
    for (let at = position; at < position + length; at += this.#clusterBytes) {
      this.#places.delete(at);
      this.set(at / this.#clusterBytes, 0);
    }
  }

  /** The first of some clusters that are behind the end of the file, and counted for nothing. */
  #rowAtEnd(count: number): number {
    let first = Math.max(this.#endCluster, this.#firstFree);
    for (let found = 0; found < count;) {
      if (this.get(first + found) === 0) found++;
      else [first, found] = [first + found + 1, 0];
    }
    return first;
  }

  #notePlaces({ position, length }: PinnedTable): void {
    for (let at = 0; at < length; at += this.#clusterBytes) this.#places.add(position + at);
  }

  #count(block: number, index: number): number {
    if (this.#bits < BITS_PER_BYTE) {
      const { at, shift, mask } = this.#bitPlace(index);
      const slice = this.cache.at(block + at);
      return slice.bytes[at % this.cache.sliceBytes] >>> shift & mask;
    }
    const at = index * (this.#bits / BITS_PER_BYTE);
    const { view } = this.cache.at(block + at);
    const inSlice = at % this.cache.sliceBytes;
    switch (this.#bits) {
      case 8:
        return view.getUint8(inSlice);
      case 16:
        return view.getUint16(inSlice);
      case 32:
        return view.getUint32(inSlice);
      default:
        return view.getUint32(inSlice) * HIGH + view.getUint32(inSlice + 4);
    }
  }

  #setCount(block: number, index: number, count: number): void {
    if (this.#bits < BITS_PER_BYTE) {
      const { at, shift, mask } = this.#bitPlace(index);
      const slice = this.cache.at(block + at);
      const inSlice = at % this.cache.sliceBytes;
      slice.bytes[inSlice] = slice.bytes[inSlice] & ~(mask << shift) | count << shift;
      return this.cache.change(slice);
    }
    const at = index * (this.#bits / BITS_PER_BYTE);
    const slice = this.cache.at(block + at);
    const inSlice = at % this.cache.sliceBytes;
    if (this.#bits === 8) slice.view.setUint8(inSlice, count);
    else if (this.#bits === 16) slice.view.setUint16(inSlice, count);
    else if (this.#bits === 32) slice.view.setUint32(inSlice, count);
    else slice.view.setBigUint64(inSlice, BigInt(count));
    this.cache.change(slice);
  }

  /** Counts of less than a byte are packed from the lowest bit on. */
  #bitPlace(index: number): { at: number; shift: number; mask: number } {
    const perByte = BITS_PER_BYTE / this.#bits;
    return {
      at: Math.floor(index / perByte),
      shift: index % perByte * this.#bits,
      mask: 2 ** this.#bits - 1,
    };
  }
}
