/**
 * A file system that the program which made the machine keeps: each call goes to its thread, and the worker waits.
 *
 * The rules of files are seen to here, so that a back end need not: names are looked up before, a folder is empty when
 * it is removed, and what stands where something is moved to is removed first. A file is its path there: one that is
 * removed while it is open cannot be read any more.
 */

import type { BackEndCaller } from "../virtio/back_end_caller.ts";
import { CallKind } from "../virtio/back_end_call.ts";
import {
  type BackendAnswer,
  type BackendCall,
  type BackendChange,
  type BackendEntry,
  CALL_DATA_BYTES,
  type NewBackendEntry,
  putCall,
  takeCall,
} from "./backend_call.ts";
import { FileError } from "./file_error.ts";
import { FileKind, isFolder, isLink, isPlainFile, PLAIN_PERMISSION_MASK } from "./file_mode.ts";
import {
  type AttributeChange,
  type CreateMode,
  type FileAttributes,
  type FileTime,
  type FileTree,
  type NewEntry,
  type NewNode,
  type OpenFile,
  type OpenMode,
  type TreeStatistics,
  UNKNOWN_STATISTICS,
} from "./file_tree.ts";
import { isWithin, movedPath, type TreePath } from "./tree_path.ts";

const KINDS = { file: FileKind.FILE, folder: FileKind.FOLDER, link: FileKind.LINK } as const;
const DEFAULT_PERMISSIONS = { file: 0o644, folder: 0o755, link: 0o777 } as const;
const MILLISECONDS = 1000;
const NANOSECONDS_PER_MILLISECOND = 1_000_000;
const BLOCK_BYTES = 4096;
const SECTOR_BYTES = 512;
/** Fowler, Noll and Vo's hash, of 64 bits. */
const HASH_START = 0xcbf2_9ce4_8422_2325n;
const HASH_FACTOR = 0x100_0000_01b3n;

/** A file that is open: its path, which moves with it, until it is removed. */
class CallerFile implements OpenFile {
  readonly #tree: CallerTree;
  #path: TreePath | null;

  constructor(tree: CallerTree, path: TreePath) {
    this.#tree = tree;
    this.#path = path;
  }

  moved(from: TreePath, to: TreePath): void {
    if (this.#path !== null) this.#path = movedPath(this.#path, from, to);
  }

  removed(path: TreePath): void {
    if (this.#path !== null && isWithin(this.#path, path)) this.#path = null;
  }

  get path(): TreePath {
    if (this.#path === null) throw new FileError("ESTALE");
    return this.#path;
  }

  read(position: number, into: Uint8Array): number {
    let done = 0;
    while (done < into.length) {
      const length = Math.min(CALL_DATA_BYTES, into.length - done);
      const { data } = this.#tree.call({
        does: "read",
        path: this.path.join("/"),
        offset: position + done,
        length,
      });
      into.set(data, done);
      done += data.length;
      if (data.length < length) break;
    }
    return done;
  }

  write(position: number, from: Uint8Array): void {
    for (let done = 0; done < from.length; done += CALL_DATA_BYTES) {
      const part = from.subarray(done, done + CALL_DATA_BYTES);
      const path = this.path.join("/");
      this.#tree.call({ does: "write", path, offset: position + done }, part);
    }
  }

  sync(): void {
    this.#tree.call({ does: "flush", path: this.path.join("/") });
  }

  attributes(): FileAttributes {
    return this.#tree.attributes(this.path);
  }

  resize(size: number): void {
    this.#tree.changeEntry(this.path, { size });
  }

  close(): void {
    this.#tree.forget(this);
  }
}

/** What makes calls, as a worker does. */
export type Caller = Pick<BackEndCaller, "call" | "data">;

/** See the header of this file. */
export class CallerTree implements FileTree {
  readonly #caller: Caller;
  readonly #open = new Set<CallerFile>();

  /** A file system behind a caller. */
  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Makes a call. Throws FileError with the back end's error. */
  call(
    call: BackendCall,
    bytes?: Uint8Array,
  ): { readonly text: BackendAnswer; readonly data: Uint8Array } {
    const room = this.#caller.data;
    const length = this.#caller.call(CallKind.FILES, 0, putCall(room, call, bytes));
    const answer = takeCall<BackendAnswer>(room, length);
    if (answer.text.error !== undefined) throw new FileError(answer.text.error);
    return answer;
  }

  /** See `FileTree`. */
  attributes(path: TreePath): FileAttributes {
    const attributes = this.#look(path);
    if (attributes === null) throw new FileError("ENOENT");
    return attributes;
  }

  #look(path: TreePath): FileAttributes | null {
    const { entry } = this.call({ does: "look", path: path.join("/") }).text;
    return entry === null || entry === undefined ? null : attributesOf(path, entry);
  }

  /** See `FileTree`. Owners, and the moment of the last read, are not kept. */
  change(path: TreePath, change: AttributeChange): void {
    const { mode, size, modified } = change;
    const wanted: BackendChange = {
      ...(mode === undefined ? {} : { permissions: mode & PLAIN_PERMISSION_MASK }),
      ...(size === undefined ? {} : { size }),
      ...(modified === undefined ? {} : { modified: millisecondsOf(modified) }),
    };
    if (size !== undefined && !isPlainFile(this.attributes(path).mode)) {
      throw new FileError("EINVAL");
    }
    if (Object.keys(wanted).length > 0) this.changeEntry(path, wanted);
  }

  /** Changes an entry. */
  changeEntry(path: TreePath, change: BackendChange): void {
    this.call({ does: "change", path: path.join("/"), change });
  }

  /** See `FileTree`. */
  open(path: TreePath, mode: OpenMode): OpenFile {
    if (!isPlainFile(this.attributes(path).mode)) throw new FileError("EPERM");
    const file = new CallerFile(this, path);
    if (mode.truncates) file.resize(0);
    this.#open.add(file);
    return file;
  }

  /** A file is not open any more. */
  forget(file: CallerFile): void {
    this.#open.delete(file);
  }

  /** See `FileTree`. */
  create(path: TreePath, { mode }: NewEntry, how: CreateMode): OpenFile {
    const isThere = this.#look(path) !== null;
    if (isThere && how.isExclusive) throw new FileError("EEXIST");
    if (!isThere) this.#make(path, { kind: "file", permissions: mode & PLAIN_PERMISSION_MASK });
    return this.open(path, how);
  }

  #make(path: TreePath, entry: NewBackendEntry): void {
    if (this.#look(path) !== null) throw new FileError("EEXIST");
    this.call({ does: "create", path: path.join("/"), entry });
  }

  /** See `FileTree`. */
  list(path: TreePath): string[] {
    if (!isFolder(this.attributes(path).mode)) throw new FileError("ENOTDIR");
    const names: string[] = [];
    for (;;) {
      const { text } = this.call({ does: "list", path: path.join("/"), from: names.length });
      names.push(...text.names ?? []);
      if (text.hasMore !== true) return names;
    }
  }

  /** See `FileTree`. */
  makeFolder(path: TreePath, { mode }: NewEntry): void {
    this.#make(path, { kind: "folder", permissions: mode & PLAIN_PERMISSION_MASK });
  }

  /** See `FileTree`. */
  makeLink(path: TreePath, target: string, { mode }: NewEntry): void {
    this.#make(path, { kind: "link", permissions: mode & PLAIN_PERMISSION_MASK, target });
  }

  /** See `FileTree`. Only a plain file. */
  makeNode(path: TreePath, { mode }: NewNode): void {
    if (!isPlainFile(mode)) throw new FileError("EPERM");
    this.#make(path, { kind: "file", permissions: mode & PLAIN_PERMISSION_MASK });
  }

  /** See `FileTree`. */
  readLink(path: TreePath): string {
    const { entry } = this.call({ does: "look", path: path.join("/") }).text;
    if (entry?.kind !== "link") throw new FileError("EINVAL");
    return entry.target ?? "";
  }

  /** See `FileTree`. A file is its path here. */
  addName(): void {
    throw new FileError("EOPNOTSUPP");
  }

  /** See `FileTree`. */
  rename(from: TreePath, to: TreePath): void {
    const moved = this.attributes(from);
    if (isWithin(from, to) && isWithin(to, from)) return;
    const replaced = this.#look(to);
    if (replaced !== null) this.#clear(to, isFolder(replaced.mode), isFolder(moved.mode));
    this.call({ does: "rename", path: from.join("/"), to: to.join("/") });
    for (const file of this.#open) file.moved(from, to);
  }

  /** A folder takes the place of an empty folder, and anything else of anything else. */
  #clear(path: TreePath, isOldFolder: boolean, isNewFolder: boolean): void {
    if (isNewFolder && !isOldFolder) throw new FileError("ENOTDIR");
    if (!isNewFolder && isOldFolder) throw new FileError("EISDIR");
    if (isOldFolder) this.removeFolder(path);
    else this.removeFile(path);
  }

  /** See `FileTree`. */
  removeFile(path: TreePath): void {
    if (isFolder(this.attributes(path).mode)) throw new FileError("EISDIR");
    this.call({ does: "remove", path: path.join("/") });
    for (const file of this.#open) file.removed(path);
  }

  /** See `FileTree`. */
  removeFolder(path: TreePath): void {
    if (this.list(path).length > 0) throw new FileError("ENOTEMPTY");
    this.call({ does: "remove", path: path.join("/") });
  }

  /** See `FileTree`. */
  statistics(): TreeStatistics {
    return UNKNOWN_STATISTICS;
  }

  /** Nothing is held. */
  close(): void {}
}

function attributesOf(path: TreePath, entry: BackendEntry): FileAttributes {
  const { kind, size = 0, permissions = DEFAULT_PERMISSIONS[kind], modified = 0, id } = entry;
  const mode = KINDS[kind] | permissions & PLAIN_PERMISSION_MASK;
  const time = timeOf(modified);
  const bytes = isLink(mode) ? new TextEncoder().encode(entry.target ?? "").length : size;
  return {
    id: id === undefined ? hashOf(path) : BigInt(id),
    mode,
    uid: 0,
    gid: 0,
    links: 1,
    major: 0,
    minor: 0,
    size: bytes,
    blockBytes: BLOCK_BYTES,
    blocks: Math.ceil(bytes / SECTOR_BYTES),
    accessed: time,
    modified: time,
    changed: time,
  };
}

function timeOf(milliseconds: number): FileTime {
  const seconds = Math.floor(milliseconds / MILLISECONDS);
  const rest = milliseconds - seconds * MILLISECONDS;
  return { seconds, nanoseconds: Math.floor(rest * NANOSECONDS_PER_MILLISECOND) };
}

function millisecondsOf(time: FileTime | "now"): number {
  if (time === "now") return Date.now();
  return time.seconds * MILLISECONDS + time.nanoseconds / NANOSECONDS_PER_MILLISECOND;
}

function hashOf(path: TreePath): bigint {
  let hash = HASH_START;
  for (const letter of path.join("/")) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(letter.codePointAt(0) ?? 0)) * HASH_FACTOR);
  }
  return hash;
}
