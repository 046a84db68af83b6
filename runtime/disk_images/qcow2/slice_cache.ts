/**
 * Slices of an image's tables in memory: a bounded number of those that are unchanged, and all that were changed and
 * are not written yet. Whoever changes slices has them written before they become many.
 */

import type { ImageFile } from "../image_file.ts";

/** Bytes of a slice, where clusters are not smaller. */
const MOST_SLICE_BYTES = 4096;

/** A part of a table. */
export interface Slice {
  /** Its place in the file. */
  readonly position: number;
  /** Its bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same. */
  readonly view: DataView;
  /** Does the file hold something else? */
  isChanged: boolean;
}

/** See the header of this file. */
export class SliceCache {
  /** Bytes of a slice. */
  readonly sliceBytes: number;
  readonly #file: ImageFile;
  readonly #most: number;
  /** The one that was used last is the last one. */
  readonly #slices = new Map<number, Slice>();
  readonly #changed = new Set<Slice>();
  #last: Slice | null = null;

  /** @param mostBytes how much of the tables is kept at most */
  constructor(file: ImageFile, clusterBytes: number, mostBytes: number) {
    this.#file = file;
    this.sliceBytes = Math.min(MOST_SLICE_BYTES, clusterBytes);
    this.#most = Math.ceil(mostBytes / this.sliceBytes);
  }

  /** Slices that wait to be written. */
  get changed(): ReadonlySet<Slice> {
    return this.#changed;
  }

  /** Are so many of them changed that they should be written? */
  get isFull(): boolean {
    return this.#changed.size * 2 >= this.#most;
  }

  /** The slice that has a position of the file. */
  at(position: number): Slice {
    const start = position - position % this.sliceBytes;
    if (this.#last?.position === start) return this.#last;
    const slice = this.#slices.get(start) ?? this.#load(start);
    this.#slices.delete(start);
    this.#slices.set(start, slice);
    this.#last = slice;
    return slice;
  }

  /** Says that a slice was changed. */
  change(slice: Slice): void {
    slice.isChanged = true;
    this.#changed.add(slice);
  }

  /** Writes some of the changed slices; they count as changed until {@linkcode SliceCache.keep}. */
  write(slices: Iterable<Slice>): void {
    for (const { position, bytes } of slices) this.#file.write(position, bytes);
  }

  /** The file holds what these slices do, for good. */
  keep(slices: Iterable<Slice>): void {
    for (const slice of slices) {
      slice.isChanged = false;
      this.#changed.delete(slice);
    }
  }

  /** Forgets a range of the file, which is written in another way. */
  forget(position: number, length: number): void {
    this.#last = null;
    for (let at = position; at < position + length; at += this.sliceBytes) {
      const slice = this.#slices.get(at);
      if (slice === undefined) continue;
      this.#changed.delete(slice);
      this.#slices.delete(at);
    }
  }

  #load(position: number): Slice {
    if (this.#slices.size >= this.#most) this.#dropOldest();
    const bytes = new Uint8Array(this.sliceBytes);
    this.#file.read(position, bytes);
    return { position, bytes, view: new DataView(bytes.buffer), isChanged: false };
  }

  #dropOldest(): void {
    for (const [position, { isChanged }] of this.#slices) {
      if (isChanged) continue;
      this.#slices.delete(position);
      return;
    }
  }
}
