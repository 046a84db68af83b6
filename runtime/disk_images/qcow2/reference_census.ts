/**
 * Who refers to which cluster of an image, by a walk through all its tables: what its reference counts should be.
 *
 * The walk reads each table once for each reference to it, and there are no chains: whatever an image holds, it ends.
 */

import type { ImageFile } from "../image_file.ts";
import { unsupportedImage } from "../image_error.ts";
import { type ClusterEntry, decodeEntry } from "./cluster_map.ts";
import { ENTRY_BYTES, EntryFlag, entryPosition } from "./format.ts";
import type { Qcow2Header } from "./header.ts";
import { readSnapshots } from "./snapshot_table.ts";

/** Clusters of the largest image that is counted: 4 bytes of memory each. */
const MOST_CLUSTERS = 2 ** 26;

/** An entry that is marked as the only reference to its cluster, or not, in the active tables. */
export interface MarkedEntry {
  /** Where the entry is. */
  readonly place: number;
  /** The cluster that it refers to. */
  readonly cluster: number;
  /** Its mark. */
  readonly isCopied: boolean;
  /** In which table. */
  readonly table: "L1" | "L2";
}

/** Clusters of the disk by kind. */
export interface ClusterNumbers {
  /** Those that have a place in the file. */
  allocated: number;
  /** Those of them that are compressed. */
  compressed: number;
  /** Those of them that do not follow the one before in the file. */
  fragmented: number;
}

/** See the header of this file. */
export class ReferenceCensus {
  /** References to each cluster of the file. */
  readonly references: Uint32Array;
  /** References that cannot be. */
  readonly faults: string[] = [];
  /** The active entries that refer to clusters. */
  readonly marked: MarkedEntry[] = [];
  /** What the disk is made of. */
  readonly numbers: ClusterNumbers = { allocated: 0, compressed: 0, fragmented: 0 };
  readonly #header: Qcow2Header;
  readonly #file: ImageFile;
  #previous = -1;

  /** Goes through an image. Throws ConfigurationError where it is too large, or not an image at all. */
  constructor(header: Qcow2Header, file: ImageFile) {
    this.#header = header;
    this.#file = file;
    const clusters = Math.ceil(file.bytes / header.clusterBytes);
    if (clusters > MOST_CLUSTERS) {
      const cause = `it has ${clusters} clusters, and up to ${MOST_CLUSTERS} are counted`;
      throw unsupportedImage(header.image, cause, "use: qemu-img check");
    }
    this.references = new Uint32Array(clusters);
    this.#count("header", 0, header.clusterBytes);
    this.#walkCounts();
    this.#walkTable(header.l1Position, header.l1Entries, true);
    this.#walkSnapshots();
  }

  #walkSnapshots(): void {
    const { snapshots, bytes } = readSnapshots(this.#header, this.#file);
    this.#count("snapshots", this.#header.snapshotsPosition, bytes);
    for (const { l1Position, l1Entries } of snapshots) {
      this.#walkTable(l1Position, l1Entries, false);
    }
  }

  #walkCounts(): void {
    const { refcountTablePosition, refcountTableClusters, clusterBytes } = this.#header;
    const bytes = refcountTableClusters * clusterBytes;
    this.#count("table of reference counts", refcountTablePosition, bytes);
    for (const { high, low } of this.#entries(refcountTablePosition, bytes / ENTRY_BYTES)) {
      const position = entryPosition(high, low);
      if (position !== 0) this.#count("block of reference counts", position, clusterBytes);
    }
  }

  #walkTable(position: number, count: number, isActive: boolean): void {
    const { clusterBytes } = this.#header;
    this.#count("first table", position, count * ENTRY_BYTES);
    for (const { high, low, place } of this.#entries(position, count)) {
      const table = entryPosition(high, low);
      if (table === 0) continue;
      if (!this.#count("second table", table, clusterBytes)) continue;
      const isCopied = (high & EntryFlag.COPIED) !== 0;
      if (isActive) {
        this.marked.push({ place, cluster: table / clusterBytes, isCopied, table: "L1" });
      }
      this.#walkSecondTable(table, isActive);
    }
  }

  #walkSecondTable(position: number, isActive: boolean): void {
    const { clusterBytes, clusterBits } = this.#header;
    for (const { high, low, place } of this.#entries(position, clusterBytes / ENTRY_BYTES)) {
      const entry = decodeEntry(high, low, clusterBits);
      if (entry.position === 0) continue;
      const bytes = entry.kind === "compressed" ? entry.packedBytes : clusterBytes;
      if (!this.#count("cluster", entry.position, bytes, entry.kind !== "compressed")) continue;
      if (isActive) this.#note(entry, place);
    }
  }

  #note(entry: ClusterEntry, place: number): void {
    const { clusterBytes } = this.#header;
    const cluster = Math.floor(entry.position / clusterBytes);
    this.numbers.allocated++;
    if (entry.kind === "compressed") {
      this.numbers.compressed++;
      this.numbers.fragmented++;
      return;
    }
    if (this.#previous >= 0 && cluster !== this.#previous + 1) this.numbers.fragmented++;
    this.#previous = cluster;
    this.marked.push({ place, cluster, isCopied: entry.isCopied, table: "L2" });
  }

  *#entries(
    position: number,
    count: number,
  ): Generator<{ readonly high: number; readonly low: number; readonly place: number }> {
    const bytes = new Uint8Array(count * ENTRY_BYTES);
    this.#file.read(position, bytes);
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < bytes.length; at += ENTRY_BYTES) {
      const [high, low] = [view.getUint32(at), view.getUint32(at + 4)];
      if (high !== 0 || low !== 0) yield { high, low, place: position + at };
    }
  }

  /** @returns can the reference be? */
  #count(what: string, position: number, bytes: number, isAligned = true): boolean {
    if (bytes === 0) return true;
    const { clusterBytes } = this.#header;
    const last = Math.floor((position + bytes - 1) / clusterBytes);
    const fits = last < this.references.length && !(isAligned && position % clusterBytes !== 0);
    if (!fits) {
      this.faults.push(`a ${what} at ${position}, where none can be`);
      return false;
    }
    for (let cluster = Math.floor(position / clusterBytes); cluster <= last; cluster++) {
      this.references[cluster]++;
    }
    return true;
  }
}
