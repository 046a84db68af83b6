/**
 * The tables of a qcow2 image that is open, and the order in which what was changed in them reaches the file.
 *
 * REQUIREMENT. Whenever the process is killed or the host fails, the file refers to no cluster that is not counted, to
 * no table that is not written, and to no cluster that something else was put into. Clusters that are counted and not
 * referred to may be left.
 *
 * SOLUTION. Changes are kept in memory, and {@linkcode Metadata.commit} writes them in steps, each behind a flush of the
 * one before where that had something: reference counts that rose, tables that nothing refers to yet, and with them all
 * data that were written; then the table of count blocks; then second tables that are referred to, and the first one.
 * When that has been flushed, clusters that are no longer referred to are counted less, in memory, and may be taken.
 * A step that fails is made again with the next commit: what was changed counts as changed until the last flush.
 *
 * LIMITATION. A cluster that was freed is free again after a flush only.
 */

import type { DamagedImageError } from "../image_error.ts";
import type { ImageFile } from "../image_file.ts";
import { ENTRY_BYTES, EntryFlag, entryPosition } from "./format.ts";
import type { Qcow2Header } from "./header.ts";
import { PinnedTable } from "./pinned_table.ts";
import { Refcounts } from "./refcounts.ts";
import { type Slice, SliceCache } from "./slice_cache.ts";
import { readSnapshots } from "./snapshot_table.ts";

const CACHE_BYTES = 0x40_0000;
/** Clusters that are to be freed are not remembered by more than this. */
const MOST_UNREFERENCED = 0x1_0000;

/** See the header of this file. */
export class Metadata {
  /** The header. */
  readonly header: Qcow2Header;
  /** The file. */
  readonly file: ImageFile;
  /** Bytes of a cluster. */
  readonly clusterBytes: number;
  /** Counts of clusters. */
  readonly refcounts: Refcounts;
  /** Second tables in memory. */
  readonly cache: SliceCache;
  /** Places of all tables: nothing else may be kept there. */
  readonly #places: Set<number>;
  /** Second tables that nothing in the file refers to yet. */
  readonly #newTables = new Set<number>();
  /** Clusters with a reference less when the tables are in the file. */
  #unreferenced: number[] = [];
  #l1: PinnedTable;

  /** Opens the tables of an image. Throws DamagedImageError. */
  constructor(header: Qcow2Header, file: ImageFile) {
    this.header = header;
    this.file = file;
    this.clusterBytes = header.clusterBytes;
    this.#places = new Set([0]);
    this.cache = new SliceCache(file, header.clusterBytes, CACHE_BYTES);
    this.refcounts = new Refcounts(header, file, this.#places);
    this.#l1 = PinnedTable.read(file, header.l1Position, header.l1Entries);
    this.#claim(header.l1Position, this.#l1.length);
    const { snapshots, bytes } = readSnapshots(header, file);
    this.#claim(header.snapshotsPosition, bytes);
    for (const { l1Position, l1Entries } of snapshots) {
      this.#claim(l1Position, l1Entries * ENTRY_BYTES);
    }
    for (let entry = 0; entry < this.#l1.entries; entry++) {
      const position = this.tablePosition(entry);
      if (position === 0) continue;
      this.requirePlace("a second table", position);
      this.#claim(position, 1);
    }
  }

  /** An error about this image. */
  damaged(cause: string): DamagedImageError {
    return this.refcounts.damaged(cause);
  }

  /** The active first table. */
  get l1(): PinnedTable {
    return this.#l1;
  }

  /** Place of a second table; 0: there is none. */
  tablePosition(entry: number): number {
    return entryPosition(this.#l1.high(entry), this.#l1.low(entry));
  }

  /** Does the first table alone refer to a second one, by its own word? */
  isTableCopied(entry: number): boolean {
    return (this.#l1.high(entry) & EntryFlag.COPIED) !== 0;
  }

  /** Throws DamagedImageError unless a cluster can be at a position. */
  requirePlace(what: string, position: number): void {
    if (position % this.clusterBytes === 0 && position > 0 && position < this.file.bytes) return;
    throw this.damaged(`${what} at ${position}, where no cluster of the file is`);
  }

  /** Throws DamagedImageError unless data can be written to a cluster: one reference, and no table. */
  requireOwn(position: number): void {
    if (this.#places.has(position)) throw this.damaged(`data at ${position}, where a table is`);
    const count = this.refcounts.get(position / this.clusterBytes);
    if (count === 1) return;
    throw this.damaged(`the cluster at ${position} is said to have one reference, not ${count}`);
  }

  /** Throws DamagedImageError unless a cluster is counted. */
  requireCounted(position: number): void {
    if (this.refcounts.get(Math.floor(position / this.clusterBytes)) > 0) return;
    throw this.damaged(`the cluster at ${position} is in use, and counted as free`);
  }

  /** Takes back a cluster that was allocated, and that nothing has ever referred to. */
  takeBack(position: number): void {
    this.refcounts.set(position / this.clusterBytes, 0);
  }

  /** A reference to a cluster is gone from the tables in memory. */
  unreference(position: number): void {
    this.#unreferenced.push(Math.floor(position / this.clusterBytes));
  }

  /** Puts a new second table into the first one. */
  addTable(entry: number, position: number): void {
    const old = this.tablePosition(entry);
    this.#l1.set(entry, position, EntryFlag.COPIED);
    this.#places.add(position);
    this.#newTables.add(position);
    if (old === 0) return;
    this.#places.delete(old);
    this.unreference(old);
  }

  /** Uses a larger first table, in clusters that were allocated for it. */
  moveL1(position: number, entries: number): void {
    this.commit();
    const old = this.#l1;
    this.#l1 = old.moved(position, entries);
    this.#l1.write(this.file);
    this.file.flush();
    this.#l1.keep();
    this.header.set("L1_POSITION", position);
    this.header.set("L1_ENTRIES", entries);
    this.writeHeader();
    this.#claim(position, this.#l1.length);
    this.#release(old);
  }

  /** Writes the header, alone between two flushes. */
  writeHeader(): void {
    this.file.flush();
    this.header.write(this.file);
    this.file.flush();
  }

  /** Is so much waiting to be written that it should be now? */
  get isFull(): boolean {
    return this.cache.isFull || this.refcounts.cache.isFull ||
      this.refcounts.replaced !== null || this.#unreferenced.length >= MOST_UNREFERENCED;
  }

  /** Writes all that was changed, in order, and flushes the file. See the header of this file. */
  commit(): void {
    const { refcounts, cache, file } = this;
    const counts = [...refcounts.cache.changed];
    const tables = [...cache.changed];
    const isNew = ({ position }: Slice): boolean =>
      this.#newTables.has(position - position % this.clusterBytes);
    const known = tables.filter((slice) => !isNew(slice));
    const wasChanged = refcounts.table.isChanged || this.#l1.isChanged || known.length > 0;
    refcounts.cache.write(counts);
    cache.write(tables.filter(isNew));
    if (refcounts.table.isChanged) this.#commitCountTable();
    if (this.#l1.isChanged || known.length > 0) {
      file.flush();
      cache.write(known);
      this.#l1.write(file);
    }
    if (wasChanged || counts.length > 0 || tables.length > 0) file.flush();
    refcounts.cache.keep(counts);
    cache.keep(tables);
    this.#l1.keep();
    this.#newTables.clear();
    this.#countUnreferenced();
  }

  #commitCountTable(): void {
    const { refcounts, file, header } = this;
    file.flush();
    refcounts.table.write(file);
    const { replaced } = refcounts;
    if (replaced !== null) {
      header.set("REFCOUNT_TABLE_POSITION", refcounts.table.position);
      header.set(
        "REFCOUNT_TABLE_CLUSTERS",
        refcounts.table.entries * ENTRY_BYTES / this.clusterBytes,
      );
      this.writeHeader();
      refcounts.replacementDone();
      this.#release(replaced);
    } else file.flush();
    refcounts.table.keep();
  }

  #countUnreferenced(): void {
    for (;;) {
      const cluster = this.#unreferenced.at(-1);
      if (cluster === undefined) return;
      this.refcounts.set(cluster, Math.max(0, this.refcounts.get(cluster) - 1));
      this.#unreferenced.pop();
    }
  }

  /** A table has become another one; its clusters are free when that is in the file. */
  #release({ position, length }: PinnedTable): void {
    for (let at = 0; at < length; at += this.clusterBytes) {
      this.#places.delete(position + at);
      this.unreference(position + at);
    }
  }

  /** Notes that a table is there. Throws DamagedImageError where there is another. */
  #claim(position: number, length: number): void {
    for (let at = 0; at < length; at += this.clusterBytes) {
      if (this.#places.has(position + at)) throw this.damaged(`two tables at ${position + at}`);
      this.#places.add(position + at);
    }
  }
}
