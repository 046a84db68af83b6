/** Images, and random work on them, for tests. */

import type { Disk } from "../../virtio/disk.ts";
import { MemoryFile } from "../image_file_fixture.ts";
import { HeaderField } from "./format.ts";
import { Qcow2Header } from "./header.ts";
import { createImage, type NewImage } from "./image_size.ts";
import { Qcow2Disk } from "./qcow2_disk.ts";
import { ReferenceCensus } from "./reference_census.ts";
import { readSnapshots } from "./snapshot_table.ts";

/** Name of all images here. */
export const IMAGE = 'disk "test"';
const SECTOR_BYTES = 512;

/** A new image in memory. */
export function newFile(image: NewImage, file = new MemoryFile()): MemoryFile {
  createImage(IMAGE, file, image);
  return file;
}

/** Opens an image. */
export function openDisk(file: MemoryFile, backing: Disk | null = null): Qcow2Disk {
  return new Qcow2Disk(Qcow2Header.read(IMAGE, file), file, backing);
}

/** The whole content of a disk. */
export function contentOf(disk: Disk): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(disk.bytes);
  disk.read(0, bytes);
  return bytes;
}

/** A disk in memory that nobody writes. */
export class FixedDisk implements Disk {
  readonly bytes: number;
  readonly #content: Uint8Array;

  constructor(content: Uint8Array) {
    this.#content = content;
    this.bytes = content.length;
  }

  read(position: number, into: Uint8Array): void {
    into.set(this.#content.subarray(position, position + into.length));
  }

  write(): never {
    throw new Error("a backing file was written");
  }

  flush(): void {}

  discard(): never {
    return this.write();
  }

  writeZeros(): never {
    return this.write();
  }

  close(): void {}
}

/** One step of work on a disk. */
export interface Step {
  readonly kind: "write" | "zeros" | "unmap" | "read" | "flush" | "discard" | "reopen";
  /** Where it begins, as a share of the disk in 65536ths. */
  readonly place: number;
  /** Sectors. */
  readonly sectors: number;
  /** What is written. */
  readonly byte: number;
}

/** A disk and what it is to hold. */
export class ModelledDisk {
  readonly model: Uint8Array;
  /** Sectors of which nothing is known: they were discarded. */
  readonly unknown: Uint8Array;
  disk: Qcow2Disk;
  readonly #reopen: () => Qcow2Disk;

  /** A disk that holds `model`. */
  constructor(reopen: () => Qcow2Disk, model: Uint8Array) {
    this.#reopen = reopen;
    this.disk = reopen();
    this.model = model;
    this.unknown = new Uint8Array(model.length / SECTOR_BYTES);
  }

  /** Makes a step. @returns what is wrong with it; undefined: nothing */
  step({ kind, place, sectors, byte }: Step): string | undefined {
    const first = Math.floor(place / 0x1_0000 * this.unknown.length);
    const end = Math.min(first + sectors, this.unknown.length);
    const [position, length] = [first * SECTOR_BYTES, (end - first) * SECTOR_BYTES];
    switch (kind) {
      case "write":
        this.disk.write(position, new Uint8Array(length).fill(byte));
        break;
      case "zeros":
      case "unmap":
        this.disk.writeZeros(position, length, kind === "unmap");
        break;
      case "discard":
        this.disk.discard(position, length);
        this.unknown.fill(1, first, end);
        return undefined;
      case "flush":
        return void this.disk.flush();
      case "reopen":
        this.disk.close();
        this.disk = this.#reopen();
        return undefined;
      case "read":
        return this.compare(first, end);
    }
    this.unknown.fill(0, first, end);
    this.model.fill(kind === "write" ? byte : 0, position, position + length);
    return undefined;
  }

  /** Compares the disk with what it is to hold. @returns the first difference */
  compare(first = 0, end = this.unknown.length): string | undefined {
    const bytes = new Uint8Array((end - first) * SECTOR_BYTES);
    this.disk.read(first * SECTOR_BYTES, bytes);
    for (let at = first * SECTOR_BYTES, index = 0; index < bytes.length; at++, index++) {
      if (bytes[index] === this.model[at]) continue;
      if (this.unknown[Math.floor(at / SECTOR_BYTES)] === 0) return `byte ${at} is ${bytes[index]}`;
    }
    return undefined;
  }
}

/** Makes an internal snapshot of a closed image, as QEMU does: everything is counted once more. */
export function addSnapshot(file: MemoryFile): void {
  const header = Qcow2Header.read(IMAGE, file);
  const { metadata } = new Qcow2Disk(header, file);
  const { refcounts, l1 } = metadata;
  const { references, marked } = new ReferenceCensus(header, file);
  const l1Bytes = new Uint8Array(l1.length);
  for (const { cluster } of marked) refcounts.set(cluster, references[cluster] + 1);
  for (const { place } of marked) {
    const byte = new Uint8Array(1);
    file.read(place, byte);
    byte[0] &= 0x7f;
    file.write(place, byte);
  }
  file.read(header.l1Position, l1Bytes);
  const place = refcounts.allocateRow(Math.ceil(l1Bytes.length / header.clusterBytes));
  file.write(place, l1Bytes);
  const table = refcounts.allocateRow(1);
  file.write(table, new Uint8Array(header.clusterBytes));
  file.write(table, snapshotEntry(place, l1.entries));
  metadata.commit();
  const fields = new Uint8Array(12);
  new DataView(fields.buffer).setUint32(0, 1);
  new DataView(fields.buffer).setUint32(8, table);
  file.write(HeaderField.SNAPSHOTS, fields);
  file.flush();
}

function snapshotEntry(l1Position: number, l1Entries: number): Uint8Array<ArrayBuffer> {
  const entry = new Uint8Array(48);
  const view = new DataView(entry.buffer);
  view.setUint32(4, l1Position);
  view.setUint32(8, l1Entries);
  view.setUint16(12, 1);
  view.setUint16(14, 1);
  entry.set(new TextEncoder().encode("1s"), 40);
  return entry;
}

/** The content of an image's first snapshot. */
export function snapshotContent(content: Uint8Array): Uint8Array<ArrayBuffer> {
  const file = new MemoryFile(content);
  const header = Qcow2Header.read(IMAGE, file);
  const [snapshot] = readSnapshots(header, file).snapshots;
  const position = new Uint8Array(8);
  new DataView(position.buffer).setUint32(4, snapshot.l1Position);
  file.write(HeaderField.L1_POSITION, position);
  file.write(HeaderField.SNAPSHOTS, new Uint8Array(12));
  return contentOf(openDisk(file));
}
