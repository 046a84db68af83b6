/** Makes qcow2 images, and changes the size of their disks. */

import type { ConfigurationError } from "../../machine/configuration_error.ts";
import { unsupportedImage } from "../image_error.ts";
import type { ImageFile } from "../image_file.ts";
import {
  Compatible,
  DEFAULT_REFCOUNT_ORDER,
  ENTRY_BYTES,
  Extension,
  EXTENSION_HEADER_BYTES,
  HEADER_2_BYTES,
  HEADER_BYTES,
  HeaderField,
  MAGIC,
  MAX_BACKING_LENGTH,
  MAX_L1_BYTES,
  setLong,
} from "./format.ts";
import { Qcow2Header } from "./header.ts";
import { Qcow2Disk } from "./qcow2_disk.ts";

/** Clusters are 2 to the power of this where nothing else is said, as with QEMU. */
export const DEFAULT_CLUSTER_BITS = 16;

/** An image that is to be made. */
export interface NewImage {
  /** Bytes of its disk. */
  readonly size: number;
  /** Clusters are 2 to the power of this. */
  readonly clusterBits?: number;
  /** Version of its format. */
  readonly version?: 2 | 3;
  /** Reference counts have 2 to the power of this bits. */
  readonly refcountOrder?: number;
  /** May writers leave reference counts behind? */
  readonly hasLazyRefcounts?: boolean;
  /** The file that has what this one does not. */
  readonly backing?: { readonly name: string; readonly format: string };
}

/** Clusters of an image that is being made. */
const FirstCluster = { HEADER: 0, COUNT_TABLE: 1, COUNT_BLOCK: 2, NUMBER: 3 } as const;

/** Makes an image in an empty file. Throws ConfigurationError. */
export function createImage(name: string, file: ImageFile, image: NewImage): void {
  const { clusterBits = DEFAULT_CLUSTER_BITS } = image;
  const clusterBytes = 2 ** clusterBits;
  file.grow(FirstCluster.NUMBER * clusterBytes);
  file.write(0, headerBytes(name, image));
  const entry = new DataView(new ArrayBuffer(ENTRY_BYTES));
  setLong(entry, 0, FirstCluster.COUNT_BLOCK * clusterBytes);
  file.write(FirstCluster.COUNT_TABLE * clusterBytes, new Uint8Array(entry.buffer));
  const disk = new Qcow2Disk(Qcow2Header.read(name, file), file);
  for (let cluster = 0; cluster < FirstCluster.NUMBER; cluster++) {
    disk.metadata.refcounts.set(cluster, 1);
  }
  resizeImage(disk, image.size);
}

/** Changes the size of a disk. What is new reads as zeros. Throws ConfigurationError. */
export function resizeImage(disk: Qcow2Disk, size: number): void {
  const { metadata } = disk;
  const { header, clusterBytes, refcounts } = metadata;
  const old = header.size;
  if (size < old) {
    const end = Math.min(Math.ceil(size / clusterBytes) * clusterBytes, disk.bytes);
    disk.writeZeros(size, end - size, true);
    disk.discard(end, disk.bytes - end);
  }
  const entries = Math.ceil(size / (clusterBytes * (clusterBytes / ENTRY_BYTES)));
  if (entries > metadata.l1.entries) {
    if (entries * ENTRY_BYTES > MAX_L1_BYTES) throw tooLarge(header.image, size);
    const clusters = Math.ceil(entries * ENTRY_BYTES / clusterBytes);
    const position = refcounts.allocateRow(clusters);
    metadata.file.grow(position + clusters * clusterBytes);
    metadata.moveL1(position, entries);
  }
  metadata.commit();
  header.set("SIZE", size);
  metadata.writeHeader();
  metadata.commit();
}

function tooLarge(image: string, size: number): ConfigurationError {
  const cause = `a disk of ${size} bytes is too large for clusters of this size`;
  return unsupportedImage(image, cause, "use larger ones: -o cluster_size=2M");
}

function headerBytes(name: string, image: NewImage): Uint8Array<ArrayBuffer> {
  const { clusterBits = DEFAULT_CLUSTER_BITS, version = 3, backing } = image;
  const clusterBytes = 2 ** clusterBits;
  const bytes = new Uint8Array(clusterBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(HeaderField.MAGIC, MAGIC);
  view.setUint32(HeaderField.VERSION, version);
  view.setUint32(HeaderField.CLUSTER_BITS, clusterBits);
  const table = FirstCluster.COUNT_TABLE * clusterBytes;
  setLong(view, HeaderField.REFCOUNT_TABLE_POSITION, table);
  view.setUint32(HeaderField.REFCOUNT_TABLE_CLUSTERS, 1);
  if (version > 2) {
    const lazy = image.hasLazyRefcounts === true ? Compatible.LAZY_REFCOUNTS : 0;
    view.setUint32(HeaderField.COMPATIBLE + 4, lazy);
    view.setUint32(HeaderField.REFCOUNT_ORDER, image.refcountOrder ?? DEFAULT_REFCOUNT_ORDER);
    view.setUint32(HeaderField.LENGTH, HEADER_BYTES);
  }
  if (backing === undefined) return bytes;
  const [path, format] = [backing.name, backing.format].map((text) =>
    new TextEncoder().encode(text)
  );
  const extension = version > 2 ? HEADER_BYTES : HEADER_2_BYTES;
  view.setUint32(extension, Extension.BACKING_FORMAT);
  view.setUint32(extension + 4, format.length);
  const end = extension + EXTENSION_HEADER_BYTES + Math.ceil(format.length / 8) * 8;
  const place = end + EXTENSION_HEADER_BYTES;
  if (path.length > MAX_BACKING_LENGTH || place + path.length > clusterBytes) {
    const cause = `the name of its backing file has ${path.length} bytes`;
    throw unsupportedImage(name, cause, "use a shorter one, or larger clusters");
  }
  bytes.set(format, extension + EXTENSION_HEADER_BYTES);
  bytes.set(path, place);
  setLong(view, HeaderField.BACKING_POSITION, place);
  view.setUint32(HeaderField.BACKING_LENGTH, path.length);
  return bytes;
}
