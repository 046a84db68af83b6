/** What a share knows of its guest, from one VERSION to the next; and what every request may ask it. */

import { type Fid, FidTable } from "./fid_table.ts";
import { FileError } from "./file_error.ts";
import type { FileAttributes, FileTree } from "./file_tree.ts";
import { isFolder } from "./file_mode.ts";
import { ListingBudget } from "./folder_listing.ts";
import type { MessageReader } from "./message_reader.ts";
import type { MessageWriter } from "./message_writer.ts";
import { childPath, type TreePath } from "./tree_path.ts";

/** Counts of what was moved. */
export interface ShareCounts {
  /** Bytes that the guest has read. */
  bytesRead: number;
  /** Bytes that the guest has written. */
  bytesWritten: number;
}

/** See the header of this file. */
export class ShareSession {
  /** The files. */
  readonly tree: FileTree;
  /** The guest's numbers. */
  readonly fids = new FidTable();
  /** Names that listings may hold. */
  readonly listings = new ListingBudget();
  /** What was moved. */
  readonly counts: ShareCounts = { bytesRead: 0, bytesWritten: 0 };
  readonly #isReadonly: boolean;

  /** The session of a share. */
  constructor(tree: FileTree, isReadonly: boolean) {
    this.tree = tree;
    this.#isReadonly = isReadonly;
  }

  /** Throws FileError where nothing may be changed. */
  requireWritable(): void {
    if (this.#isReadonly) throw new FileError("EROFS");
  }

  /** What the next number of a request stands for. */
  fid(request: MessageReader): Fid {
    return this.fids.get(request.word());
  }

  /** The path of an entry that a request names, in the folder that it names. */
  entry(folder: Fid, name: string): TreePath {
    this.requireFolder(folder.path);
    return childPath(folder.path, name);
  }

  /** Throws FileError unless there is a folder. @returns what is known of it */
  requireFolder(path: TreePath): FileAttributes {
    const attributes = this.tree.attributes(path);
    if (!isFolder(attributes.mode)) throw new FileError("ENOTDIR");
    return attributes;
  }
}

/** Carries a kind of request out: takes it apart and writes the answer. */
export type RequestCall = (
  session: ShareSession,
  request: MessageReader,
  answer: MessageWriter,
) => void;

/** Kinds of requests and what carries them out. */
export type RequestTable = readonly (readonly [type: number, call: RequestCall])[];
