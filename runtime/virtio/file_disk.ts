/**
 * A disk in a file of the host, byte by byte: the raw format.
 *
 * Positions are set and bytes moved synchronously, by the one thread that has this file open; an asynchronous read
 * costs ten times as much. FLUSH is fdatasync. A file of odd length has a last sector that is filled with zeros, and
 * grows when that is written, as with QEMU.
 */

import { SECTOR_BYTES } from "./block_protocol.ts";
import type { Disk } from "./disk.ts";

/** Bytes of whole sectors that hold so many. */
export function wholeSectors(bytes: number): number {
  return Math.ceil(bytes / SECTOR_BYTES) * SECTOR_BYTES;
}

/** See the header of this file. */
export class FileDisk implements Disk {
  /** See `Disk`. */
  readonly bytes: number;
  readonly #file: Deno.FsFile;

  /** Takes over an open file. */
  constructor(file: Deno.FsFile, bytes: number) {
    this.#file = file;
    this.bytes = wholeSectors(bytes);
  }

  /** Opens the file of a path. */
  static open(path: string, isReadonly: boolean): FileDisk {
    const file = Deno.openSync(path, { read: true, write: !isReadonly });
    return new FileDisk(file, file.seekSync(0, Deno.SeekMode.End));
  }

  /** See `Disk`. */
  read(position: number, into: Uint8Array<ArrayBuffer>): void {
    this.#file.seekSync(position, Deno.SeekMode.Start);
    for (let done = 0; done < into.length;) {
      const read = this.#file.readSync(into.subarray(done));
      if (read === null || read === 0) {
        into.fill(0, done);
        return;
      }
      done += read;
    }
  }

  /** See `Disk`. */
  write(position: number, from: Uint8Array<ArrayBuffer>): void {
    this.#file.seekSync(position, Deno.SeekMode.Start);
    for (let done = 0; done < from.length;) done += this.#file.writeSync(from.subarray(done));
  }

  /** See `Disk`. */
  flush(): void {
    this.#file.syncDataSync();
  }

  /** Deno can make no hole in a file: the range keeps what it holds, as it may. */
  discard(_position: number, _length: number): void {}

  /** See `Disk`. */
  close(): void {
    this.#file.close();
  }
}
