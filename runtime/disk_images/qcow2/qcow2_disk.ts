/**
 * A disk in a qcow2 image: clusters of it are in the file, in that of a backing file, or zeros.
 *
 * Data of a cluster that is the image's own are written in place. Any other cluster gets a new place, with the rest of
 * its content copied there first; the tables hear of it then, in memory. What was written reaches the tables in the file
 * with the next flush (`metadata.ts`). A request that fails has changed nothing but parts of the disk that it was to
 * change, and can be made again.
 */

import type { Disk } from "../../virtio/disk.ts";
import { wholeSectors } from "../../virtio/file_disk.ts";
import type { ImageFile } from "../image_file.ts";
import { type ClusterEntry, ClusterMap } from "./cluster_map.ts";
import { unpackCluster } from "./compressed_cluster.ts";
import type { Qcow2Header } from "./header.ts";
import { Metadata } from "./metadata.ts";

/** A range of one cluster. */
interface Part {
  /** The cluster of the disk. */
  readonly cluster: number;
  /** Where in it the range begins. */
  readonly start: number;
  /** Its length. */
  readonly length: number;
  /** Bytes of the request before it. */
  readonly done: number;
}

/** See the header of this file. */
export class Qcow2Disk implements Disk {
  /** See `Disk`. */
  readonly bytes: number;
  readonly #metadata: Metadata;
  readonly #map: ClusterMap;
  readonly #backing: Disk | null;
  readonly #clusterBytes: number;
  readonly #buffer: Uint8Array<ArrayBuffer>;
  #wasChanged = false;
  /** The cluster that was unpacked last. */
  #unpacked: { readonly position: number; readonly content: Uint8Array<ArrayBuffer> } | null = null;

  /** Takes over an open image and its backing file. Throws DamagedImageError. */
  constructor(header: Qcow2Header, file: ImageFile, backing: Disk | null = null) {
    this.#metadata = new Metadata(header, file);
    this.#map = new ClusterMap(this.#metadata);
    this.#backing = backing;
    this.bytes = wholeSectors(header.size);
    this.#clusterBytes = header.clusterBytes;
    this.#buffer = new Uint8Array(header.clusterBytes);
  }

  /** Its tables, for those who change more than what a disk holds. */
  get metadata(): Metadata {
    return this.#metadata;
  }

  /** Bytes of a cluster. */
  get clusterBytes(): number {
    return this.#clusterBytes;
  }

  /** Is a cluster known to be zeros, without a look at what it holds? */
  readsAsZeros(cluster: number): boolean {
    const { kind } = this.#map.at(cluster);
    return kind === "zeros" || kind === "absent" && !this.#hasBacking(cluster);
  }

  /** See `Disk`. */
  read(position: number, into: Uint8Array<ArrayBuffer>): void {
    for (let done = 0; done < into.length;) {
      done += this.#readSome(position + done, into.subarray(done));
    }
  }

  /** See `Disk`. */
  write(position: number, from: Uint8Array<ArrayBuffer>): void {
    this.#eachPart(position, from.length, (part) => {
      const bytes = from.subarray(part.done, part.done + part.length);
      const entry = this.#map.at(part.cluster);
      if (entry.kind === "data" && entry.isCopied) this.#writeInPlace(entry, part, bytes);
      else this.#writeElsewhere(entry, part, bytes);
    });
  }

  /** See `Disk`. */
  flush(): void {
    this.#metadata.commit();
    this.#metadata.file.flush();
  }

  /** See `Disk`. Clusters of which a part is meant keep what they hold. */
  discard(position: number, length: number): void {
    this.#eachPart(position, length, (part) => {
      if (!this.#isWhole(part)) return;
      const entry = this.#map.at(part.cluster);
      if (entry.kind !== "absent") this.#drop(part.cluster, entry);
    });
  }

  /** See `Disk`. */
  writeZeros(position: number, length: number, mayDiscard: boolean): void {
    this.#eachPart(position, length, (part) => {
      if (this.readsAsZeros(part.cluster)) return;
      const entry = this.#map.at(part.cluster);
      const isWhole = this.#isWhole(part) && this.#canBeZeros(part.cluster);
      if (!isWhole) this.write(position + part.done, new Uint8Array(part.length));
      else if (mayDiscard || entry.kind !== "data" || !entry.isCopied) {
        this.#drop(part.cluster, entry);
      } else this.#keepAsZeros(part.cluster, entry);
    });
  }

  /** See `Disk`. What was written is in the file for good then, and what was freed is free. */
  close(): void {
    try {
      if (this.#wasChanged) this.flush();
      this.#metadata.commit();
    } finally {
      this.#metadata.file.close();
      this.#backing?.close();
    }
  }

  #readSome(position: number, into: Uint8Array<ArrayBuffer>): number {
    const cluster = Math.floor(position / this.#clusterBytes);
    const start = position % this.#clusterBytes;
    const entry = this.#map.at(cluster);
    let length = Math.min(into.length, this.#clusterBytes - start);
    switch (entry.kind) {
      case "data":
        length = this.#runLength(cluster, entry.position, start, into.length);
        this.#metadata.file.read(entry.position + start, into.subarray(0, length));
        break;
      case "compressed":
        into.set(this.#unpack(entry).subarray(start, start + length));
        break;
      case "absent":
        this.#readBacking(position, into.subarray(0, length));
        break;
      case "zeros":
        into.fill(0, 0, length);
    }
    return length;
  }

  /** How much of a request lies in a row in the file. */
  #runLength(cluster: number, place: number, start: number, wanted: number): number {
    let length = this.#clusterBytes - start;
    for (let next = 1; length < wanted; next++) {
      const { kind, position } = this.#map.at(cluster + next);
      if (kind !== "data" || position !== place + next * this.#clusterBytes) break;
      length += this.#clusterBytes;
    }
    return Math.min(length, wanted);
  }

  #readBacking(position: number, into: Uint8Array<ArrayBuffer>): void {
    const there = Math.max(0, Math.min(into.length, (this.#backing?.bytes ?? 0) - position));
    if (there > 0) this.#backing?.read(position, into.subarray(0, there));
    into.fill(0, there);
  }

  #hasBacking(cluster: number): boolean {
    return this.#backing !== null && cluster * this.#clusterBytes < this.#backing.bytes;
  }

  #unpack({ position, packedBytes }: ClusterEntry): Uint8Array<ArrayBuffer> {
    if (this.#unpacked?.position === position) return this.#unpacked.content;
    const { file, header } = this.#metadata;
    const packed = new Uint8Array(packedBytes);
    file.read(position, packed);
    try {
      const content = unpackCluster(packed, header.compression, this.#clusterBytes);
      this.#unpacked = { position, content };
      return content;
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      throw this.#metadata.damaged(`the compressed cluster at ${position}: ${cause}`);
    }
  }

  #writeInPlace(entry: ClusterEntry, { start }: Part, bytes: Uint8Array<ArrayBuffer>): void {
    this.#metadata.requireOwn(entry.position);
    this.#metadata.file.write(entry.position + start, bytes);
  }

  #writeElsewhere(entry: ClusterEntry, part: Part, bytes: Uint8Array<ArrayBuffer>): void {
    const metadata = this.#metadata;
    const { cluster } = part;
    const reuses = entry.kind === "zeros" && entry.position !== 0 && entry.isCopied;
    if (reuses) metadata.requireOwn(entry.position);
    else this.#requireCounted(entry);
    this.#map.prepare(cluster);
    const place = reuses ? entry.position : metadata.refcounts.allocate();
    try {
      this.#fill(place, part, bytes);
    } catch (error) {
      if (!reuses) metadata.takeBack(place);
      throw error;
    }
    this.#map.set(cluster, place, false);
    if (!reuses) this.#unreference(entry);
  }

  /** Writes a cluster at a new place: bytes of a request, and around them what the cluster held. */
  #fill(place: number, { cluster, start, length }: Part, bytes: Uint8Array<ArrayBuffer>): void {
    const { file } = this.#metadata;
    if (length === this.#clusterBytes) return file.write(place, bytes);
    if (place >= file.bytes && this.readsAsZeros(cluster)) {
      file.grow(place + this.#clusterBytes);
      return file.write(place + start, bytes);
    }
    const whole = this.#buffer;
    this.#readCluster(cluster, whole);
    whole.set(bytes, start);
    file.write(place, whole);
  }

  #readCluster(cluster: number, into: Uint8Array<ArrayBuffer>): void {
    this.#readSome(cluster * this.#clusterBytes, into);
  }

  /** Makes a cluster one that reads as zeros if it can, and lets go of its place. */
  #drop(cluster: number, entry: ClusterEntry): void {
    if (!this.#canBeZeros(cluster)) return;
    if (entry.kind === "zeros" && entry.position === 0) return;
    this.#requireCounted(entry);
    this.#map.prepare(cluster);
    this.#map.set(cluster, 0, this.#hasBacking(cluster));
    this.#unreference(entry);
  }

  #keepAsZeros(cluster: number, entry: ClusterEntry): void {
    if (this.#metadata.header.version === 2) return this.#drop(cluster, entry);
    this.#metadata.requireOwn(entry.position);
    this.#map.prepare(cluster);
    this.#map.set(cluster, entry.position, true);
  }

  /** Version 2 has no mark for zeros: where there is a backing file, they have to be written. */
  #canBeZeros(cluster: number): boolean {
    return this.#metadata.header.version > 2 || !this.#hasBacking(cluster);
  }

  #requireCounted(entry: ClusterEntry): void {
    for (const place of this.#map.places(entry)) this.#metadata.requireCounted(place);
  }

  #unreference(entry: ClusterEntry): void {
    if (entry.kind === "compressed") this.#unpacked = null;
    for (const place of this.#map.places(entry)) this.#metadata.unreference(place);
  }

  /** The last cluster of a disk may be cut short. */
  #isWhole({ cluster, start, length }: Part): boolean {
    const end = Math.min(this.#clusterBytes, this.bytes - cluster * this.#clusterBytes);
    return start === 0 && length === end;
  }

  #eachPart(position: number, length: number, use: (part: Part) => void): void {
    this.#wasChanged ||= length > 0;
    for (let done = 0; done < length;) {
      if (this.#metadata.isFull) this.#metadata.commit();
      const at = position + done;
      const start = at % this.#clusterBytes;
      const here = Math.min(length - done, this.#clusterBytes - start);
      use({ cluster: Math.floor(at / this.#clusterBytes), start, length: here, done });
      done += here;
    }
  }
}
