/**
 * The header of a qcow2 image: what it says, checked before anything is done with it.
 *
 * An image may come from anywhere. Positions are inside the file, tables have bounded sizes, and a feature that is not
 * known refuses the image by the number of its bit. A backing file's name is only told to people.
 */

import type { ConfigurationError } from "../../machine/configuration_error.ts";
import { DamagedImageError, unsupportedImage } from "../image_error.ts";
import type { ImageFile } from "../image_file.ts";
import {
  Autoclear,
  Compatible,
  DEFAULT_REFCOUNT_ORDER,
  ENTRY_BYTES,
  Extension,
  EXTENSION_HEADER_BYTES,
  getLong,
  HEADER_2_BYTES,
  HEADER_3_BYTES,
  HEADER_BYTES,
  HeaderField,
  Incompatible,
  MAGIC,
  MAX_BACKING_LENGTH,
  MAX_CLUSTER_BITS,
  MAX_L1_BYTES,
  MAX_REFCOUNT_ORDER,
  MAX_REFCOUNT_TABLE_BYTES,
  MAX_SNAPSHOTS,
  MIN_CLUSTER_BITS,
  setLong,
} from "./format.ts";

const MAGIC_BYTES = 4;
const COMPRESSIONS = ["zlib", "zstd"] as const;
/** How compressed clusters are packed. */
export type Compression = typeof COMPRESSIONS[number];

/** A number of the header that a writer changes. */
export type HeaderNumber =
  | "SIZE"
  | "L1_POSITION"
  | "REFCOUNT_TABLE_POSITION"
  | "L1_ENTRIES"
  | "REFCOUNT_TABLE_CLUSTERS";

const LONG_FIELDS: readonly HeaderNumber[] = ["SIZE", "L1_POSITION", "REFCOUNT_TABLE_POSITION"];

/** See the header of this file. */
export class Qcow2Header {
  /** Name of the image in messages. */
  readonly image: string;
  /** Name of the backing file that the image asks for; null: none. */
  readonly backingName: string | null;
  /** What the image says about that file's format; null: nothing. */
  readonly backingFormat: string | null;
  /** Does it have bitmaps that its last writer has kept up to date? */
  readonly hasBitmaps: boolean;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;

  private constructor(image: string, bytes: Uint8Array<ArrayBuffer>, found: Extensions) {
    this.image = image;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
    this.backingName = found.backingName;
    this.backingFormat = found.backingFormat;
    this.hasBitmaps = (this.autoclear & Autoclear.BITMAPS) !== 0 && found.hasBitmaps;
  }

  /** Reads and checks the header of a file. Throws ConfigurationError. */
  static read(image: string, file: ImageFile): Qcow2Header {
    const bytes = new Uint8Array(HEADER_BYTES);
    file.read(0, bytes);
    const view = new DataView(bytes.buffer);
    checkBasics(image, view, file);
    if (view.getUint32(HeaderField.VERSION) === 2) bytes.fill(0, HEADER_2_BYTES);
    const header = new Qcow2Header(image, bytes, readExtensions(image, view, file));
    header.#check(file);
    return header;
  }

  /** 2 or 3. */
  get version(): number {
    return this.#view.getUint32(HeaderField.VERSION);
  }

  /** Bytes of the disk. */
  get size(): number {
    return getLong(this.#view, HeaderField.SIZE);
  }

  /** Clusters are 2 to the power of this. */
  get clusterBits(): number {
    return this.#view.getUint32(HeaderField.CLUSTER_BITS);
  }

  /** Bytes of a cluster. */
  get clusterBytes(): number {
    return 2 ** this.clusterBits;
  }

  /** Entries of the active first table. */
  get l1Entries(): number {
    return this.#view.getUint32(HeaderField.L1_ENTRIES);
  }

  /** Its place. */
  get l1Position(): number {
    return getLong(this.#view, HeaderField.L1_POSITION);
  }

  /** Place of the table of reference count blocks. */
  get refcountTablePosition(): number {
    return getLong(this.#view, HeaderField.REFCOUNT_TABLE_POSITION);
  }

  /** Clusters of it. */
  get refcountTableClusters(): number {
    return this.#view.getUint32(HeaderField.REFCOUNT_TABLE_CLUSTERS);
  }

  /** Reference counts have 2 to the power of this bits. */
  get refcountOrder(): number {
    return this.version === 2
      ? DEFAULT_REFCOUNT_ORDER
      : this.#view.getUint32(HeaderField.REFCOUNT_ORDER);
  }

  /** Number of internal snapshots. */
  get snapshots(): number {
    return this.#view.getUint32(HeaderField.SNAPSHOTS);
  }

  /** Place of what is said of them. */
  get snapshotsPosition(): number {
    return getLong(this.#view, HeaderField.SNAPSHOTS_POSITION);
  }

  /** How compressed clusters are packed. */
  get compression(): Compression {
    return COMPRESSIONS[this.#view.getUint8(HeaderField.COMPRESSION)];
  }

  /** Were its reference counts left behind when it was last written? */
  get isDirty(): boolean {
    return (this.#incompatible & Incompatible.DIRTY) !== 0;
  }

  /** Has a writer found it to be damaged? */
  get isCorrupt(): boolean {
    return (this.#incompatible & Incompatible.CORRUPT) !== 0;
  }

  /** May a writer leave reference counts behind? */
  get hasLazyRefcounts(): boolean {
    return (this.#view.getUint32(HeaderField.COMPATIBLE + 4) & Compatible.LAZY_REFCOUNTS) !== 0;
  }

  /** Features that end with a writer who does not know them, those of the lower half. */
  get autoclear(): number {
    return this.#view.getUint32(HeaderField.AUTOCLEAR + 4);
  }

  get #incompatible(): number {
    return this.#view.getUint32(HeaderField.INCOMPATIBLE + 4);
  }

  /** Changes a number; {@linkcode Qcow2Header.write} shows it to others. */
  set(field: HeaderNumber, value: number): void {
    if (LONG_FIELDS.includes(field)) setLong(this.#view, HeaderField[field], value);
    else this.#view.setUint32(HeaderField[field], value);
  }

  /** A writer begins: features that it does not know end. @returns was there any? */
  clearAutoclear(): boolean {
    const had = getLong(this.#view, HeaderField.AUTOCLEAR) !== 0;
    setLong(this.#view, HeaderField.AUTOCLEAR, 0);
    return had;
  }

  /** All is as it should be again. */
  clearMarks(): void {
    const kept = this.#incompatible & ~(Incompatible.DIRTY | Incompatible.CORRUPT);
    this.#view.setUint32(HeaderField.INCOMPATIBLE + 4, kept);
  }

  /** Writes all fields, in one go: they are in one sector. */
  write(file: ImageFile): void {
    const length = this.version === 2 ? HEADER_2_BYTES : HEADER_3_BYTES;
    file.write(0, this.#bytes.subarray(0, length));
  }

  #check(file: ImageFile): void {
    if (this.version > 2) this.#checkFeatures();
    const damaged = (cause: string): DamagedImageError => new DamagedImageError(this.image, cause);
    if (!Number.isSafeInteger(this.size)) throw damaged(`a disk of ${this.size} bytes`);
    if (this.refcountOrder > MAX_REFCOUNT_ORDER) {
      throw damaged(`reference counts of 2^${this.refcountOrder} bits`);
    }
    const perTable = this.clusterBytes * (this.clusterBytes / ENTRY_BYTES);
    if (this.l1Entries * perTable < this.size) {
      throw damaged(`a first table of ${this.l1Entries} entries, too few for the disk`);
    }
    const tableBytes = this.refcountTableClusters * this.clusterBytes;
    this.#checkTable(file, "first table", {
      position: this.l1Position,
      bytes: this.l1Entries * ENTRY_BYTES,
      most: MAX_L1_BYTES,
    });
    this.#checkTable(file, "table of reference counts", {
      position: this.refcountTablePosition,
      bytes: tableBytes,
      most: MAX_REFCOUNT_TABLE_BYTES,
    });
    if (tableBytes === 0) throw damaged("it has no table of reference counts");
    if (this.snapshots > MAX_SNAPSHOTS) throw damaged(`${this.snapshots} snapshots`);
    this.#checkTable(file, "table of snapshots", {
      position: this.snapshotsPosition,
      bytes: this.snapshots,
      most: MAX_SNAPSHOTS,
    });
  }

  #checkTable(
    file: ImageFile,
    what: string,
    { position, bytes, most }: { position: number; bytes: number; most: number },
  ): void {
    if (bytes === 0) return;
    const fits = position > 0 && position % this.clusterBytes === 0 && bytes <= most &&
      position + bytes <= file.bytes;
    if (fits) return;
    throw new DamagedImageError(
      this.image,
      `its ${what}, ${bytes} bytes at ${position}, is not where one can be`,
    );
  }

  #checkFeatures(): void {
    const refuse = (cause: string, fix: string): ConfigurationError =>
      unsupportedImage(this.image, cause, fix);
    const convert = "convert it with the program that made it: qemu-img convert -O qcow2 OLD NEW";
    const { EXTERNAL_DATA, EXTENDED_L2, COMPRESSION } = Incompatible;
    const bits = this.#incompatible;
    if ((bits & EXTERNAL_DATA) !== 0) throw refuse("its data are in another file", convert);
    if ((bits & EXTENDED_L2) !== 0) throw refuse("it has subclusters (extended_l2)", convert);
    const known = Object.values(Incompatible).reduce((mask, bit) => mask | bit, 0);
    const high = this.#view.getUint32(HeaderField.INCOMPATIBLE);
    const unknown = [bits & ~known, high].flatMap((word, half) =>
      word === 0 ? [] : [31 - Math.clz32(word) + half * 32]
    );
    if (unknown.length > 0) throw refuse(`it needs feature ${unknown[0]}, which is new`, convert);
    const type = this.#view.getUint8(HeaderField.COMPRESSION);
    if (type >= COMPRESSIONS.length) throw refuse(`it is compressed by method ${type}`, convert);
    if (type !== 0 && (bits & COMPRESSION) === 0) {
      throw new DamagedImageError(this.image, "its method of compression lacks the mark for it");
    }
  }
}

function checkBasics(image: string, view: DataView, file: ImageFile): void {
  if (file.bytes < MAGIC_BYTES || view.getUint32(HeaderField.MAGIC) !== MAGIC) {
    throw unsupportedImage(image, "it is no qcow2 image", "use format=raw, or check the path");
  }
  const version = view.getUint32(HeaderField.VERSION);
  if (version !== 2 && version !== 3) {
    const fix = "use an image of version 2 or 3: img create -f qcow2";
    throw unsupportedImage(image, `it is of version ${version} of its format`, fix);
  }
  if (file.bytes < HEADER_2_BYTES) throw new DamagedImageError(image, "it ends in its header");
  if (view.getUint32(HeaderField.ENCRYPTION) !== 0) {
    const fix = "decrypt it: qemu-img convert -O qcow2 with its --object secret";
    throw unsupportedImage(image, "it is encrypted", fix);
  }
  const bits = view.getUint32(HeaderField.CLUSTER_BITS);
  if (bits < MIN_CLUSTER_BITS || bits > MAX_CLUSTER_BITS) {
    throw new DamagedImageError(image, `clusters of 2^${bits} bytes`);
  }
  if (version === 2) return;
  const length = view.getUint32(HeaderField.LENGTH);
  if (length < HEADER_3_BYTES || length % 8 !== 0 || length > Math.min(2 ** bits, file.bytes)) {
    throw new DamagedImageError(image, `a header of ${length} bytes`);
  }
  if (length < HEADER_BYTES) new Uint8Array(view.buffer).fill(0, length);
}

interface Extensions {
  readonly backingName: string | null;
  readonly backingFormat: string | null;
  readonly hasBitmaps: boolean;
}

/** Extensions follow the header, in its cluster. */
function readExtensions(image: string, view: DataView, file: ImageFile): Extensions {
  const isOld = view.getUint32(HeaderField.VERSION) === 2;
  const cluster = new Uint8Array(2 ** view.getUint32(HeaderField.CLUSTER_BITS));
  file.read(0, cluster);
  const backingName = readBackingName(image, view, cluster);
  const all = new DataView(cluster.buffer);
  let backingFormat: string | null = null;
  let hasBitmaps = false;
  const end = backingName === null ? cluster.length : getLong(view, HeaderField.BACKING_POSITION);
  let at = isOld ? HEADER_2_BYTES : view.getUint32(HeaderField.LENGTH);
  while (at + EXTENSION_HEADER_BYTES <= end) {
    const [kind, length] = [all.getUint32(at), all.getUint32(at + 4)];
    if (kind === Extension.END) break;
    at += EXTENSION_HEADER_BYTES;
    if (length > end - at) {
      throw new DamagedImageError(image, `an extension of its header with ${length} bytes`);
    }
    if (kind === Extension.BACKING_FORMAT) backingFormat = text(cluster, at, length);
    if (kind === Extension.BITMAPS) hasBitmaps = true;
    at += Math.ceil(length / 8) * 8;
  }
  return { backingName, backingFormat, hasBitmaps };
}

function readBackingName(image: string, view: DataView, cluster: Uint8Array): string | null {
  const position = getLong(view, HeaderField.BACKING_POSITION);
  if (position === 0) return null;
  const length = view.getUint32(HeaderField.BACKING_LENGTH);
  if (length > MAX_BACKING_LENGTH || position + length > cluster.length) {
    throw new DamagedImageError(image, "the name of its backing file is not in its first cluster");
  }
  return text(cluster, position, length);
}

function text(bytes: Uint8Array, at: number, length: number): string {
  return new TextDecoder().decode(bytes.slice(at, at + length));
}
