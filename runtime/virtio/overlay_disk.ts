/**
 * A disk whose writes go somewhere else: what `-snapshot` asks for.
 *
 * Whole clusters are copied to a temporary file when they are first written; a bit says that the file has a cluster.
 * The bits outlive the worker, because a restart of the guest keeps what was written.
 */

import type { Disk } from "./disk.ts";
import { writeZerosTo } from "./zero_writing.ts";

/** Bytes that are copied together. */
export const CLUSTER_BYTES = 0x1_0000;
const BITS_PER_BYTE = 8;

/** Bytes of the bits for a disk of that size. */
export function clusterMapBytes(diskBytes: number): number {
  return Math.ceil(diskBytes / CLUSTER_BYTES / BITS_PER_BYTE);
}

/** See the header of this file. */
export class OverlayDisk implements Disk {
  readonly #base: Disk;
  readonly #top: Disk;
  readonly #map: Uint8Array;
  readonly #cluster = new Uint8Array(CLUSTER_BYTES);

  /**
   * A disk over another one.
   * @param top gets what is written
   * @param map a bit for each cluster that `top` has, from the lowest on
   */
  constructor(base: Disk, top: Disk, map: Uint8Array) {
    this.#base = base;
    this.#top = top;
    this.#map = map;
  }

  /** See `Disk`. */
  get bytes(): number {
    return this.#base.bytes;
  }

  /** See `Disk`. */
  read(position: number, into: Uint8Array<ArrayBuffer>): void {
    this.#eachPart(position, into.length, (at, from, to) => {
      const disk = this.#has(clusterOf(at)) ? this.#top : this.#base;
      disk.read(at, into.subarray(from, to));
    });
  }

  /** See `Disk`. */
  write(position: number, from: Uint8Array<ArrayBuffer>): void {
    this.#eachPart(position, from.length, (at, start, end) => {
      const cluster = clusterOf(at);
      if (!this.#has(cluster)) this.#copyUp(cluster);
      this.#top.write(at, from.subarray(start, end));
    });
  }

  /** What is thrown away at the end needs no safe place. */
  flush(): void {}

  /** The range keeps what it holds, as it may. */
  discard(_position: number, _length: number): void {}

  /** See `Disk`. */
  writeZeros(position: number, length: number): void {
    writeZerosTo(this, position, length);
  }

  /** See `Disk`. */
  close(): void {
    this.#base.close();
    this.#top.close();
  }

  #eachPart(
    position: number,
    length: number,
    use: (at: number, from: number, to: number) => void,
  ): void {
    for (let done = 0; done < length;) {
      const at = position + done;
      const end = Math.min(length, done + CLUSTER_BYTES - at % CLUSTER_BYTES);
      use(at, done, end);
      done = end;
    }
  }

  #copyUp(cluster: number): void {
    const start = cluster * CLUSTER_BYTES;
    const part = this.#cluster.subarray(0, Math.min(CLUSTER_BYTES, this.bytes - start));
    this.#base.read(start, part);
    this.#top.write(start, part);
    this.#map[cluster >>> 3] |= 1 << (cluster & 7);
  }

  #has(cluster: number): boolean {
    return (this.#map[cluster >>> 3] >>> (cluster & 7) & 1) !== 0;
  }
}

function clusterOf(position: number): number {
  return Math.floor(position / CLUSTER_BYTES);
}
