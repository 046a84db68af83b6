/**
 * A disk in a file of the host, byte by byte: the raw format.
 *
 * FLUSH is fdatasync. A file of odd length has a last sector that is filled with zeros, and grows when that is written,
 * as with QEMU.
 */

import type { ImageFile } from "../disk_images/image_file.ts";
import { SECTOR_BYTES } from "./block_protocol.ts";
import type { Disk } from "./disk.ts";
import { writeZerosTo } from "./zero_writing.ts";

/** Bytes of whole sectors that hold so many. */
export function wholeSectors(bytes: number): number {
  return Math.ceil(bytes / SECTOR_BYTES) * SECTOR_BYTES;
}

/** See the header of this file. */
export class FileDisk implements Disk {
  /** See `Disk`. */
  readonly bytes: number;
  readonly #file: ImageFile;

  /** Takes over an open file. */
  constructor(file: ImageFile) {
    this.#file = file;
    this.bytes = wholeSectors(file.bytes);
  }

  /** See `Disk`. */
  read(position: number, into: Uint8Array<ArrayBuffer>): void {
    this.#file.read(position, into);
  }

  /** See `Disk`. */
  write(position: number, from: Uint8Array<ArrayBuffer>): void {
    this.#file.write(position, from);
  }

  /** See `Disk`. */
  flush(): void {
    this.#file.flush();
  }

  /** Deno can make no hole in a file: the range keeps what it holds, as it may. */
  discard(_position: number, _length: number): void {}

  /** See `Disk`. */
  writeZeros(position: number, length: number): void {
    writeZerosTo(this, position, length);
  }

  /** See `Disk`. */
  close(): void {
    this.#file.close();
  }
}
