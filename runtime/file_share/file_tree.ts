/**
 * A tree of files as the server of a share sees it: by path, without waiting but for the host. What is impossible throws
 * an error with a name of `file_error.ts`. No method follows a symbolic link: the guest does that by itself.
 */

import type { TreePath } from "./tree_path.ts";

/** A moment. */
export interface FileTime {
  /** Seconds since 1970. */
  readonly seconds: number;
  /** Nanoseconds of the next one. */
  readonly nanoseconds: number;
}

/** What there is to know of an entry. */
export interface FileAttributes {
  /** Its number, the same for all names of one file. */
  readonly id: bigint;
  /** Kind and permissions. */
  readonly mode: number;
  /** Owner. */
  readonly uid: number;
  /** Group of the owner. */
  readonly gid: number;
  /** Names that it has. */
  readonly links: number;
  /** Major number of a device. */
  readonly major: number;
  /** Minor number of a device. */
  readonly minor: number;
  /** Bytes. */
  readonly size: number;
  /** Unit in which it is best read and written. */
  readonly blockBytes: number;
  /** Blocks of 512 bytes that it takes. */
  readonly blocks: number;
  /** Last read. */
  readonly accessed: FileTime;
  /** Last written. */
  readonly modified: FileTime;
  /** Last change of anything. */
  readonly changed: FileTime;
}

/** What is to become of an entry; what is left out stays. */
export interface AttributeChange {
  /** Permissions. */
  readonly mode?: number;
  /** Owner. */
  readonly uid?: number;
  /** Group of the owner. */
  readonly gid?: number;
  /** Bytes. */
  readonly size?: number;
  /** Last read; `now`: at this moment. */
  readonly accessed?: FileTime | "now";
  /** Last written. */
  readonly modified?: FileTime | "now";
}

/** Whose a new entry is, and what may be done with it. */
export interface NewEntry {
  /** Kind and permissions. */
  readonly mode: number;
  /** Owner. */
  readonly uid: number;
  /** Group of the owner. */
  readonly gid: number;
}

/** A new entry that stands for a device, or a pipe, or a socket, or is a plain file. */
export interface NewNode extends NewEntry {
  /** Major number of a device. */
  readonly major: number;
  /** Minor number of a device. */
  readonly minor: number;
}

/** How a file is opened. */
export interface OpenMode {
  /** Is it read? */
  readonly reads: boolean;
  /** Is it written? */
  readonly writes: boolean;
  /** Is it made empty? */
  readonly truncates: boolean;
  /** Does all that is written go to its end? */
  readonly appends: boolean;
}

/** How a file is made. */
export interface CreateMode extends OpenMode {
  /** Must there be none of this name? */
  readonly isExclusive: boolean;
}

/** An open file. It lives on when its name is gone. */
export interface OpenFile {
  /** Fills `into` from a position on. @returns how many bytes; fewer only at the end */
  read(position: number, into: Uint8Array): number;
  /** Writes all of `from` at a position. */
  write(position: number, from: Uint8Array): void;
  /** Comes back when what was written is where no failure of the host takes it away. */
  sync(): void;
  /** See `FileAttributes`. */
  attributes(): FileAttributes;
  /** Sets the number of bytes; opened to write only. */
  resize(size: number): void;
  /** Lets it go. */
  close(): void;
}

/** What there is to know of the file system. Zeros: unknown. */
export interface TreeStatistics {
  /** Bytes of a block. */
  readonly blockBytes: number;
  /** Blocks. */
  readonly blocks: number;
  /** Blocks that are free. */
  readonly freeBlocks: number;
  /** Blocks that are free to everybody. */
  readonly availableBlocks: number;
  /** Entries that there can be. */
  readonly files: number;
  /** Entries that there can still be. */
  readonly freeFiles: number;
}

/** What is told where nothing is known. */
export const UNKNOWN_STATISTICS: TreeStatistics = {
  blockBytes: 4096,
  blocks: 0,
  freeBlocks: 0,
  availableBlocks: 0,
  files: 0,
  freeFiles: 0,
};

/** See the header of this file. */
export interface FileTree {
  /** What there is to know of an entry. */
  attributes(path: TreePath): FileAttributes;
  /** Changes an entry. @param open the same file, open, if it is */
  change(path: TreePath, change: AttributeChange, open: OpenFile | null): void;
  /** Opens a plain file. */
  open(path: TreePath, mode: OpenMode): OpenFile;
  /** Makes a plain file, or opens the one that there is. */
  create(path: TreePath, entry: NewEntry, mode: CreateMode): OpenFile;
  /** Names of the entries of a folder. */
  list(path: TreePath): string[];
  /** Makes a folder. */
  makeFolder(path: TreePath, entry: NewEntry): void;
  /** Makes a symbolic link with this text. */
  makeLink(path: TreePath, target: string, entry: NewEntry): void;
  /** Makes something that is no folder and no link. */
  makeNode(path: TreePath, node: NewNode): void;
  /** Text of a symbolic link. */
  readLink(path: TreePath): string;
  /** Gives a file one more name. */
  addName(existing: TreePath, path: TreePath): void;
  /** Moves an entry, in place of what is there. */
  rename(from: TreePath, to: TreePath): void;
  /** Removes an entry that is no folder. */
  removeFile(path: TreePath): void;
  /** Removes an empty folder. */
  removeFolder(path: TreePath): void;
  /** What there is to know of the file system. */
  statistics(): TreeStatistics;
  /** Lets go of what the host has given. */
  close(): void;
}
