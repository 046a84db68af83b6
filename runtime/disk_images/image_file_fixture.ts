/** Files in memory for tests of image formats: one that is whole, and one that can lose what was not flushed. */

import type { ImageFile } from "./image_file.ts";

const SECTOR_BYTES = 512;
/** A file of a test that is larger than this is a mistake. */
const MOST_BYTES = 2 ** 28;

/** A file in memory. */
export class MemoryFile implements ImageFile {
  #content: Uint8Array<ArrayBuffer>;
  #bytes: number;
  /** Accesses so far. */
  accesses = 0;
  /** Changes so far. */
  changes = 0;
  /** Called before each change; what it throws the caller gets. */
  beforeChange: () => void = () => {};

  /** A file with that content. */
  constructor(content: Uint8Array = new Uint8Array(0)) {
    this.#content = Uint8Array.from(content);
    this.#bytes = content.length;
  }

  /** See `ImageFile`. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A copy of all of it. */
  get content(): Uint8Array<ArrayBuffer> {
    return this.#content.slice(0, this.#bytes);
  }

  /** See `ImageFile`. */
  read(position: number, into: Uint8Array<ArrayBuffer>): void {
    this.accesses++;
    const part = this.#content.subarray(position, Math.min(position + into.length, this.#bytes));
    into.set(part);
    into.fill(0, part.length);
  }

  /** See `ImageFile`. */
  write(position: number, from: Uint8Array<ArrayBuffer>): void {
    this.beforeChange();
    this.#reserve(position + from.length);
    this.#content.set(from, position);
    this.#bytes = Math.max(this.#bytes, position + from.length);
  }

  /** See `ImageFile`. */
  grow(bytes: number): void {
    this.beforeChange();
    this.#reserve(bytes);
    this.#bytes = Math.max(this.#bytes, bytes);
  }

  /** See `ImageFile`. */
  flush(): void {}

  /** See `ImageFile`. */
  close(): void {}

  #reserve(bytes: number): void {
    this.accesses++;
    this.changes++;
    if (bytes <= this.#content.length) return;
    if (bytes > MOST_BYTES) throw new RangeError(`a file of ${bytes} bytes in a test`);
    const larger = new Uint8Array(Math.max(bytes, 2 * this.#content.length));
    larger.set(this.#content);
    this.#content = larger;
  }
}

type Change = { readonly position: number; readonly bytes: Uint8Array<ArrayBuffer> };

/**
 * A file whose host may fail: of what was written since the last flush any part may be in the file then, sector by
 * sector, in any order.
 */
export class FragileFile extends MemoryFile {
  #flushed: MemoryFile;
  #pending: Change[] = [];

  /** A file with that content, all of it flushed. */
  constructor(content?: Uint8Array) {
    super(content);
    this.#flushed = new MemoryFile(this.content);
  }

  /** See `ImageFile`. */
  override write(position: number, from: Uint8Array<ArrayBuffer>): void {
    super.write(position, from);
    this.#pending.push({ position, bytes: from.slice() });
  }

  /** See `ImageFile`. */
  override grow(bytes: number): void {
    super.grow(bytes);
    this.#pending.push({ position: bytes, bytes: new Uint8Array(0) });
  }

  /** See `ImageFile`. */
  override flush(): void {
    for (const change of this.#pending) apply(this.#flushed, change);
    this.#pending = [];
  }

  /** What the host has after a failure. @param isKept asked for each sector that was not flushed */
  afterFailure(isKept: () => boolean): Uint8Array<ArrayBuffer> {
    const left = new MemoryFile(this.#flushed.content);
    for (const { position, bytes } of this.#pending) {
      if (bytes.length === 0 && isKept()) left.grow(position);
      for (let at = 0; at < bytes.length;) {
        const end = Math.min(bytes.length, at + SECTOR_BYTES - (position + at) % SECTOR_BYTES);
        if (isKept()) left.write(position + at, bytes.subarray(at, end));
        at = end;
      }
    }
    return left.content;
  }
}

function apply(file: MemoryFile, { position, bytes }: Change): void {
  if (bytes.length === 0) file.grow(position);
  else file.write(position, bytes);
}
