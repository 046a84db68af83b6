/** A tree with nothing in it but its root, that notes how often it is asked. */
import { FileError } from "../../../runtime/file_share/file_error.ts";
import { FileKind } from "../../../runtime/file_share/file_mode.ts";
import {
  type FileAttributes,
  type FileTree,
  type TreeStatistics,
  UNKNOWN_STATISTICS,
} from "../../../runtime/file_share/file_tree.ts";
import type { TreePath } from "../../../runtime/file_share/tree_path.ts";

const NEVER = { seconds: 0, nanoseconds: 0 };
const ROOT_ATTRIBUTES: FileAttributes = {
  id: 1n,
  mode: FileKind.FOLDER | 0o755,
  uid: 0,
  gid: 0,
  links: 2,
  major: 0,
  minor: 0,
  size: 0,
  blockBytes: 4096,
  blocks: 0,
  accessed: NEVER,
  modified: NEVER,
  changed: NEVER,
};

function refuse(): never {
  throw new FileError("EROFS");
}

/** See the header of this file. */
export class EmptyTree implements FileTree {
  readonly #asked: () => void;

  constructor(asked: () => void) {
    this.#asked = asked;
  }

  attributes(path: TreePath): FileAttributes {
    this.#asked();
    if (path.length === 0) return ROOT_ATTRIBUTES;
    throw new FileError("ENOENT");
  }

  list(): string[] {
    return [];
  }

  statistics(): TreeStatistics {
    return UNKNOWN_STATISTICS;
  }

  change = refuse;
  open = refuse;
  create = refuse;
  makeFolder = refuse;
  makeLink = refuse;
  makeNode = refuse;
  readLink = refuse;
  addName = refuse;
  rename = refuse;
  removeFile = refuse;
  removeFolder = refuse;
  close(): void {}
}
