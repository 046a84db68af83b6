/**
 * An open folder: its names as they were when it was read from the start. A position is the number of the next entry,
 * `.` and `..` first, so what is removed meanwhile moves nothing.
 */

import { FileError } from "./file_error.ts";
import type { FileAttributes, FileTree } from "./file_tree.ts";
import { KIND_MASK } from "./file_mode.ts";
import type { MessageWriter } from "./message_writer.ts";
import { parentPath, type TreePath } from "./tree_path.ts";

/** Names that all listings of a share hold at most. */
export const MAX_LISTED = 0x10_0000;
const DOTS = [".", ".."] as const;
const KIND_SHIFT = 12;

/** Names that may still be held. */
export class ListingBudget {
  #left = MAX_LISTED;

  /** Takes a part of it. Throws FileError where there is too little. */
  take(names: number): void {
    if (names > this.#left) throw new FileError("ENOMEM");
    this.#left -= names;
  }

  /** Gives a part back. */
  give(names: number): void {
    this.#left += names;
  }
}

/** See the header of this file. */
export class FolderListing {
  readonly #tree: FileTree;
  readonly #budget: ListingBudget;
  #names: readonly string[] = [];

  /** A listing that was not read yet. */
  constructor(tree: FileTree, budget: ListingBudget) {
    this.#tree = tree;
    this.#budget = budget;
  }

  /** Writes the entries from a position on, as many as there is room for. */
  write(folder: TreePath, position: number, answer: MessageWriter): void {
    if (position === 0) this.#readNames(folder);
    for (let index = position; index < DOTS.length + this.#names.length; index++) {
      const name = index < DOTS.length ? DOTS[index] : this.#names[index - DOTS.length];
      const attributes = this.#attributesOf(folder, name);
      if (attributes !== null && !putEntry(answer, attributes, index + 1, name)) return;
    }
  }

  /** Forgets the names. */
  close(): void {
    this.#budget.give(this.#names.length);
    this.#names = [];
  }

  #readNames(folder: TreePath): void {
    this.close();
    const names = this.#tree.list(folder);
    this.#budget.take(names.length);
    this.#names = names;
  }

  /** Null for an entry that is gone, or that the host does not show. */
  #attributesOf(folder: TreePath, name: string): FileAttributes | null {
    if (name === ".") return this.#tree.attributes(folder);
    if (name === "..") return this.#tree.attributes(parentPath(folder));
    try {
      return this.#tree.attributes([...folder, name]);
    } catch {
      return null;
    }
  }
}

/** @returns false where there is no room for it */
function putEntry(
  answer: MessageWriter,
  attributes: FileAttributes,
  next: number,
  name: string,
): boolean {
  const before = answer.room;
  try {
    answer.qid(attributes);
    answer.long(next);
    answer.byte((attributes.mode & KIND_MASK) >>> KIND_SHIFT);
    answer.text(name);
    return true;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    answer.shorten(before - answer.room);
    return false;
  }
}
