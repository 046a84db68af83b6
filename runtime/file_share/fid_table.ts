/**
 * The guest's names for files: numbers that it chooses, each for a path, and for what is open there.
 *
 * All of them are bounded, because what a guest holds here is the host's: numbers, open files, and names of listings.
 */

import { FileError } from "./file_error.ts";
import type { FolderListing } from "./folder_listing.ts";
import type { OpenFile } from "./file_tree.ts";
import { movedPath, type TreePath } from "./tree_path.ts";

/** Numbers at a time. */
const MAX_FIDS = 0x1_0000;
/** Open files at a time. */
export const MAX_OPEN_FILES = 1024;

/** What a number stands for. */
export interface Fid {
  /** Where it is. */
  path: TreePath;
  /** Who works with it. */
  readonly uid: number;
  /** The open file. */
  file: OpenFile | null;
  /** The open folder. */
  listing: FolderListing | null;
}

/** See the header of this file. */
export class FidTable {
  readonly #fids = new Map<number, Fid>();
  #openFiles = 0;

  /** What a number stands for. */
  get(number: number): Fid {
    const fid = this.#fids.get(number);
    if (fid === undefined) throw new FileError("EBADF");
    return fid;
  }

  /** Is the number in use? */
  has(number: number): boolean {
    return this.#fids.has(number);
  }

  /** Lets a number stand for a path. */
  add(number: number, path: TreePath, uid: number): void {
    if (this.#fids.has(number)) throw new FileError("EINVAL");
    if (this.#fids.size >= MAX_FIDS) throw new FileError("ENFILE");
    this.#fids.set(number, { path, uid, file: null, listing: null });
  }

  /** Keeps what `open` opens. */
  openFile(fid: Fid, open: () => OpenFile): void {
    if (this.#openFiles >= MAX_OPEN_FILES) throw new FileError("EMFILE");
    fid.file = open();
    this.#openFiles++;
  }

  /** Forgets a number, and closes what is open there. */
  remove(number: number): void {
    const fid = this.get(number);
    this.#fids.delete(number);
    fid.listing?.close();
    if (fid.file === null) return;
    this.#openFiles--;
    fid.file.close();
  }

  /** Forgets all numbers. */
  clear(): void {
    for (const number of [...this.#fids.keys()]) this.remove(number);
  }

  /** An entry, and all that is in it, has another path now. */
  moved(from: TreePath, to: TreePath): void {
    for (const fid of this.#fids.values()) fid.path = movedPath(fid.path, from, to);
  }
}
