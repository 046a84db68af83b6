/**
 * The file that an image is in: bytes by position, moved by the one thread that has it open.
 *
 * Positions are set and bytes moved synchronously; an asynchronous read costs ten times as much. What lies behind the
 * end reads as zeros.
 */
export interface ImageFile {
  /** Its length. */
  readonly bytes: number;
  /** Fills `into` from a position on. */
  read(position: number, into: Uint8Array<ArrayBuffer>): void;
  /** Writes all of `from` at a position; the file grows where that is behind its end. */
  write(position: number, from: Uint8Array<ArrayBuffer>): void;
  /** Makes the file at least that long; what is new reads as zeros. */
  grow(bytes: number): void;
  /** Comes back when all that was written, and the length, are where no failure of the host takes them away. */
  flush(): void;
  /** Lets go of it. */
  close(): void;
}

/** What a file is opened for. */
export interface HostFileUse {
  /** Is it written? */
  readonly writes: boolean;
  /** Are flushes left out? */
  readonly isUnsafe?: boolean;
}

/** A file of the host, or a block device. */
export class HostFile implements ImageFile {
  readonly #file: Deno.FsFile;
  readonly #isUnsafe: boolean;
  #bytes: number;

  /** Takes over an open file. */
  constructor(file: Deno.FsFile, isUnsafe = false) {
    this.#file = file;
    this.#isUnsafe = isUnsafe;
    this.#bytes = file.seekSync(0, Deno.SeekMode.End);
  }

  /** Opens the file of a path. */
  static open(path: string, { writes, isUnsafe = false }: HostFileUse): HostFile {
    return new HostFile(Deno.openSync(path, { read: true, write: writes }), isUnsafe);
  }

  /** See `ImageFile`. */
  get bytes(): number {
    return this.#bytes;
  }

  /** See `ImageFile`. */
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

  /** See `ImageFile`. */
  write(position: number, from: Uint8Array<ArrayBuffer>): void {
    this.#file.seekSync(position, Deno.SeekMode.Start);
    for (let done = 0; done < from.length;) {
      done += this.#file.writeSync(from.subarray(done));
      this.#bytes = Math.max(this.#bytes, position + done);
    }
  }

  /** See `ImageFile`. */
  grow(bytes: number): void {
    if (bytes <= this.#bytes) return;
    this.#file.truncateSync(bytes);
    this.#bytes = bytes;
  }

  /** See `ImageFile`. By fdatasync, which takes a changed length along. */
  flush(): void {
    if (!this.#isUnsafe) this.#file.syncDataSync();
  }

  /** See `ImageFile`. */
  close(): void {
    this.#file.close();
  }
}
