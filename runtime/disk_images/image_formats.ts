/**
 * Formats of disk images, by their first bytes.
 *
 * An image whose format nobody has named is what its first bytes say. A guest can write those of a raw image: then it
 * must not come to be another format by that, so such writes are refused where the format was not named.
 */

import type { Disk } from "../virtio/disk.ts";

/** Formats that can be used. */
export const IMAGE_FORMATS = ["raw", "qcow2"] as const;
/** `raw`: the bytes of the file are the disk's. `qcow2`: QEMU's format, versions 2 and 3. */
export type ImageFormat = typeof IMAGE_FORMATS[number];

/** A format that is known by its first bytes. */
export interface KnownFormat {
  /** With its article. */
  readonly name: string;
  /** Which one it is; undefined: one that cannot be used. */
  readonly format?: ImageFormat;
  readonly magic: readonly number[];
}

const FORMATS: readonly KnownFormat[] = [
  { name: "a qcow2", format: "qcow2", magic: [0x51, 0x46, 0x49, 0xfb] },
  { name: "a VMDK", magic: [0x4b, 0x44, 0x4d, 0x56] },
  { name: "a VHDX", magic: [0x76, 0x68, 0x64, 0x78, 0x66, 0x69, 0x6c, 0x65] },
  { name: "a QED", magic: [0x51, 0x45, 0x44, 0x00] },
];
/** First bytes of a file that tell its format. */
export const MAGIC_BYTES = 8;

/** The format that a file has by its first bytes; undefined: none that is known. */
export function formatOf(first: Uint8Array): KnownFormat | undefined {
  return FORMATS.find(({ magic }) => magic.every((byte, index) => first[index] === byte));
}

/** A disk in an image whose format was found out: it refuses to be given the first bytes of another. */
export class ProbedDisk implements Disk {
  readonly #disk: Disk;

  /** Takes over a raw disk. */
  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** See `Disk`. */
  get bytes(): number {
    return this.#disk.bytes;
  }

  /** See `Disk`. */
  read(position: number, into: Uint8Array<ArrayBuffer>): void {
    this.#disk.read(position, into);
  }

  /** See `Disk`. */
  write(position: number, from: Uint8Array<ArrayBuffer>): void {
    const other = position === 0 ? formatOf(from) : undefined;
    if (other !== undefined) {
      throw new Error(`it would look like ${other.name} image: give it format=raw to permit that`);
    }
    this.#disk.write(position, from);
  }

  /** See `Disk`. */
  flush(): void {
    this.#disk.flush();
  }

  /** See `Disk`. */
  discard(position: number, length: number): void {
    this.#disk.discard(position, length);
  }

  /** See `Disk`. */
  writeZeros(position: number, length: number, mayDiscard: boolean): void {
    this.#disk.writeZeros(position, length, mayDiscard);
  }

  /** See `Disk`. */
  close(): void {
    this.#disk.close();
  }
}
