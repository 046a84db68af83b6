/** A table of cluster positions that is in memory as a whole: the first table, and that of reference count blocks. */

import type { ImageFile } from "../image_file.ts";
import { ENTRY_BYTES, HIGH } from "./format.ts";

/** Bytes that are written together. */
const PART_BYTES = 512;

/** See the header of this file. */
export class PinnedTable {
  /** Place in the file. */
  readonly position: number;
  /** Number of entries. */
  readonly entries: number;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  /** Numbers of parts that the file holds otherwise. */
  readonly #changed = new Set<number>();

  private constructor(position: number, bytes: Uint8Array<ArrayBuffer>) {
    this.position = position;
    this.entries = bytes.length / ENTRY_BYTES;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }

  /** Reads a table. */
  static read(file: ImageFile, position: number, entries: number): PinnedTable {
    const bytes = new Uint8Array(entries * ENTRY_BYTES);
    file.read(position, bytes);
    return new PinnedTable(position, bytes);
  }

  /** The same entries in a larger table at another place, where nothing is written yet. */
  moved(position: number, entries: number): PinnedTable {
    const bytes = new Uint8Array(entries * ENTRY_BYTES);
    bytes.set(this.#bytes);
    const table = new PinnedTable(position, bytes);
    for (let part = 0; part * PART_BYTES < bytes.length; part++) table.#changed.add(part);
    return table;
  }

  /** Bytes of all entries. */
  get length(): number {
    return this.#bytes.length;
  }

  /** Is something to be written? */
  get isChanged(): boolean {
    return this.#changed.size > 0;
  }

  /** Upper half of an entry. */
  high(entry: number): number {
    return this.#view.getUint32(entry * ENTRY_BYTES);
  }

  /** Lower half of an entry. */
  low(entry: number): number {
    return this.#view.getUint32(entry * ENTRY_BYTES + 4);
  }

  /** Changes an entry: a position, and flags of its upper half. */
  set(entry: number, position: number, flags: number): void {
    const at = entry * ENTRY_BYTES;
    this.#view.setUint32(at, (Math.floor(position / HIGH) | flags) >>> 0);
    this.#view.setUint32(at + 4, position % HIGH);
    this.#changed.add(Math.floor(at / PART_BYTES));
  }

  /** Writes what was changed; it counts as changed until {@linkcode PinnedTable.keep}. */
  write(file: ImageFile): void {
    for (const part of this.#changed) {
      const at = part * PART_BYTES;
      file.write(this.position + at, this.#bytes.subarray(at, at + PART_BYTES));
    }
  }

  /** The file holds what the table does, for good. */
  keep(): void {
    this.#changed.clear();
  }
}
