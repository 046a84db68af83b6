/**
 * A folder of the host's in which the guest has owners, permissions, links and devices of its own:
 * `security_model=mapped-file`, in files and folders as QEMU keeps them.
 *
 * To the host everything is a plain file or a folder that belongs to whoever runs the emulator and is nobody else's. What
 * the guest set is in a file of the same name in the folder `.virtfs_metadata` beside it; that of the root is in
 * `.virtfs_metadata_root`. A symbolic link is a file with its text, which the host does not follow; a device is an empty
 * file. All of these are reached through the tree underneath, so they are as confined as what the guest names.
 */

import { decodeDevice, encodeDevice } from "./device_number.ts";
import { type ErrnoName, errnoNameOf, FileError } from "./file_error.ts";
import {
  FileKind,
  isFolder,
  isLink,
  isPlainFile,
  KIND_MASK,
  PERMISSION_MASK,
} from "./file_mode.ts";
import type {
  AttributeChange,
  CreateMode,
  FileAttributes,
  FileTree,
  NewEntry,
  NewNode,
  OpenFile,
  OpenMode,
  TreeStatistics,
} from "./file_tree.ts";
import { type MappedAttributes, parseMapped, writtenMapped } from "./mapped_attributes.ts";
import { parentPath, type TreePath } from "./tree_path.ts";

const FOLDER_NAME = ".virtfs_metadata";
const ROOT_NAME = ".virtfs_metadata_root";
const PRIVATE_FILE: NewEntry = { mode: FileKind.FILE | 0o600, uid: 0, gid: 0 };
const PRIVATE_FOLDER: NewEntry = { mode: FileKind.FOLDER | 0o700, uid: 0, gid: 0 };
const TO_READ: OpenMode = { reads: true, writes: false, truncates: false, appends: false };
const TO_WRITE: CreateMode = {
  reads: false,
  writes: true,
  truncates: true,
  appends: false,
  isExclusive: false,
};
/** Bytes of a file of attributes, and of a link, that are looked at. */
const MAX_READ_BYTES = 4096;

/** See the header of this file. */
export class MappedTree implements FileTree {
  readonly #host: FileTree;

  /** Maps what is in a tree. */
  constructor(host: FileTree) {
    this.#host = host;
  }

  /** See `FileTree`. */
  attributes(path: TreePath): FileAttributes {
    requireVisible(path);
    const attributes = this.#host.attributes(path);
    const mapped = this.#mapped(path);
    if (mapped === null) return attributes;
    const { uid, gid, mode, device } = mapped;
    const kind = (isPlainFile(attributes.mode) && !isFolder(mode) ? mode : attributes.mode) &
      KIND_MASK;
    return {
      ...attributes,
      uid,
      gid,
      mode: kind | mode & PERMISSION_MASK,
      ...decodeDevice(device),
    };
  }

  /** What the guest set; null: nothing, and what the host says holds. */
  #mapped(path: TreePath): MappedAttributes | null {
    const text = this.#readOrNull(mappedPlace(path));
    return text === null ? null : parseMapped(text);
  }

  #readOrNull(path: TreePath): string | null {
    try {
      return this.#read(path);
    } catch (error) {
      if (isNothing(error)) return null;
      throw error;
    }
  }

  #read(path: TreePath): string {
    const file = this.#host.open(path, TO_READ);
    try {
      const bytes = new Uint8Array(MAX_READ_BYTES);
      return new TextDecoder().decode(bytes.subarray(0, file.read(0, bytes)));
    } finally {
      file.close();
    }
  }

  #write(path: TreePath, text: string, mode: CreateMode = TO_WRITE): void {
    const file = this.#host.create(path, PRIVATE_FILE, mode);
    try {
      file.write(0, new TextEncoder().encode(text));
    } finally {
      file.close();
    }
  }

  #setMapped(path: TreePath, mapped: MappedAttributes): void {
    if (path.length > 0) this.#makeMappedFolder(parentPath(path));
    this.#write(mappedPlace(path), writtenMapped(mapped));
  }

  #makeMappedFolder(folder: TreePath): void {
    ignoring("EEXIST", () => this.#host.makeFolder([...folder, FOLDER_NAME], PRIVATE_FOLDER));
  }

  #dropMapped(path: TreePath): void {
    ignoring("ENOENT", () => this.#host.removeFile(mappedPlace(path)));
  }

  /** See `FileTree`. */
  change(path: TreePath, change: AttributeChange, open: OpenFile | null): void {
    const { mode, uid, gid, ...forHost } = change;
    const is = this.attributes(path);
    if (mode !== undefined || uid !== undefined || gid !== undefined) {
      this.#setMapped(path, {
        uid: uid ?? is.uid,
        gid: gid ?? is.gid,
        mode: is.mode & KIND_MASK | (mode ?? is.mode) & PERMISSION_MASK,
        device: encodeDevice(is.major, is.minor),
      });
    }
    if (forHost.size !== undefined && !isPlainFile(is.mode)) throw new FileError("EINVAL");
    if (Object.keys(forHost).length > 0) this.#host.change(path, forHost, open);
  }

  /** See `FileTree`. */
  open(path: TreePath, mode: OpenMode): OpenFile {
    if (!isPlainFile(this.attributes(path).mode)) throw new FileError("EPERM");
    return this.#host.open(path, mode);
  }

  /** See `FileTree`. */
  create(path: TreePath, entry: NewEntry, mode: CreateMode): OpenFile {
    requireVisible(path);
    try {
      const file = this.#host.create(path, PRIVATE_FILE, { ...mode, isExclusive: true });
      this.#madeOrUndone(path, entry, () => file.close());
      return file;
    } catch (error) {
      if (mode.isExclusive || errnoNameOf(error) !== "EEXIST") throw error;
      return this.open(path, mode);
    }
  }

  /** Notes what the guest wants of a new entry; where that fails there is none. */
  #madeOrUndone(path: TreePath, { mode, uid, gid }: NewEntry, undo = (): void => {}, device = 0) {
    try {
      this.#setMapped(path, { uid, gid, mode, device });
    } catch (error) {
      undo();
      if (isFolder(mode)) this.#host.removeFolder(path);
      else this.#host.removeFile(path);
      throw error;
    }
  }

  /** See `FileTree`. */
  list(path: TreePath): string[] {
    requireVisible(path);
    return this.#host.list(path).filter((name) => isVisible([...path, name]));
  }

  /** See `FileTree`. */
  makeFolder(path: TreePath, entry: NewEntry): void {
    requireVisible(path);
    this.#host.makeFolder(path, PRIVATE_FOLDER);
    this.#madeOrUndone(path, entry);
  }

  /** See `FileTree`. */
  makeLink(path: TreePath, target: string, entry: NewEntry): void {
    requireVisible(path);
    this.#write(path, target, { ...TO_WRITE, isExclusive: true });
    this.#madeOrUndone(path, entry);
  }

  /** See `FileTree`. */
  makeNode(path: TreePath, node: NewNode): void {
    requireVisible(path);
    this.#write(path, "", { ...TO_WRITE, isExclusive: true });
    this.#madeOrUndone(path, node, undefined, encodeDevice(node.major, node.minor));
  }

  /** See `FileTree`. */
  readLink(path: TreePath): string {
    if (!isLink(this.attributes(path).mode)) throw new FileError("EINVAL");
    const isHosts = isLink(this.#host.attributes(path).mode);
    return isHosts ? this.#host.readLink(path) : this.#read(path);
  }

  /** See `FileTree`. What was set belongs to the file, not to its name. */
  addName(existing: TreePath, path: TreePath): void {
    requireVisible(existing);
    requireVisible(path);
    this.#host.addName(existing, path);
    this.#dropMapped(path);
    this.#makeMappedFolder(parentPath(path));
    ignoring("ENOENT", () => this.#host.addName(mappedPlace(existing), mappedPlace(path)));
  }

  /** See `FileTree`. */
  rename(from: TreePath, to: TreePath): void {
    requireVisible(from);
    requireVisible(to);
    this.#host.attributes(from);
    ignoring("ENOENT", () => {
      if (isFolder(this.#host.attributes(to).mode)) this.#clearMappedFolder(to);
    });
    this.#host.rename(from, to);
    this.#makeMappedFolder(parentPath(to));
    try {
      this.#host.rename(mappedPlace(from), mappedPlace(to));
    } catch (error) {
      if (!isNothing(error)) throw error;
      this.#dropMapped(to);
    }
  }

  /** See `FileTree`. */
  removeFile(path: TreePath): void {
    requireVisible(path);
    this.#host.removeFile(path);
    this.#dropMapped(path);
  }

  /** See `FileTree`. */
  removeFolder(path: TreePath): void {
    requireVisible(path);
    this.#clearMappedFolder(path);
    this.#host.removeFolder(path);
    this.#dropMapped(path);
  }

  /** Removes what is kept in a folder that is empty to the guest. */
  #clearMappedFolder(folder: TreePath): void {
    if (this.list(folder).length > 0) throw new FileError("ENOTEMPTY");
    const kept = [...folder, FOLDER_NAME];
    ignoring("ENOENT", () => {
      for (const name of this.#host.list(kept)) this.#host.removeFile([...kept, name]);
      this.#host.removeFolder(kept);
    });
  }

  /** See `FileTree`. */
  statistics(): TreeStatistics {
    return this.#host.statistics();
  }

  /** See `FileTree`. */
  close(): void {
    this.#host.close();
  }
}

/** Where what was set of an entry is kept. */
function mappedPlace(path: TreePath): TreePath {
  if (path.length === 0) return [ROOT_NAME];
  return [...parentPath(path), FOLDER_NAME, path[path.length - 1]];
}

/** Some hosts do not tell small letters from large ones. */
function isVisible(path: TreePath): boolean {
  return path.every((name) => {
    const small = name.toLowerCase();
    return small !== FOLDER_NAME && small !== ROOT_NAME;
  });
}

/** What this file keeps is not there for the guest. */
function requireVisible(path: TreePath): void {
  if (!isVisible(path)) throw new FileError("ENOENT");
}

function isNothing(error: unknown): boolean {
  return errnoNameOf(error) === "ENOENT";
}

function ignoring(expected: ErrnoName, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (errnoNameOf(error) !== expected) throw error;
  }
}
