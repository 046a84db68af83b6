/**
 * A folder of the host's, shared as it is: `security_model=none`. Files belong to whoever runs the emulator, whatever
 * owner the guest asks for, and have the permissions that it asks for.
 *
 * What could be turned against the host is left out. No symbolic link is made, because others would follow it, and no
 * device, pipe or socket; none of these that is there is opened. No file gets a bit that gives a program its owner's
 * rights. `path_guard.ts` says how the way to a file is kept within the tree.
 */

import {
  type BigIntStats,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  futimesSync,
  lstatSync,
  lutimesSync,
  openSync,
  rmdirSync,
  statfsSync,
  statSync,
} from "node:fs";
import { decodeDevice } from "./device_number.ts";
import { errnoNameOf, FileError } from "./file_error.ts";
import { isFolder, isLink, isPlainFile, PLAIN_PERMISSION_MASK } from "./file_mode.ts";
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
import { HostFile, hostFlags, openCarefully } from "./host_file.ts";
import { guardFolder, type PathGuard } from "./path_guard.ts";
import { parentPath, type TreePath } from "./tree_path.ts";

const { O_CREAT, O_EXCL, O_RDONLY, O_WRONLY } = constants;
const NANOSECONDS = 1_000_000_000n;
/** Where in a file's number the number of its file system goes, should there be several in the tree. */
const FILE_SYSTEM_SHIFT = 56n;
const BLOCK_BYTES = 4096;
/** Permissions of a new folder until it has its own, which may forbid to set them. */
const OWN_FOLDER = 0o700;
const MILLISECONDS = 1000;

/** See the header of this file. */
export class HostTree implements FileTree {
  readonly #root: string;
  readonly #guard: PathGuard;
  /** File systems in the tree, by the host's numbers. */
  readonly #fileSystems: bigint[] = [];
  readonly #attributesOf = (stats: BigIntStats): FileAttributes => this.#describe(stats);

  /** Shares a folder, whose path has no links in it. */
  constructor(root: string, guard: PathGuard = guardFolder(root)) {
    this.#root = root;
    this.#guard = guard;
  }

  /** See `FileTree`. */
  attributes(path: TreePath): FileAttributes {
    const look = path.length === 0 ? statSync : lstatSync;
    return this.#at(path, (host) => this.#describe(look(host, { bigint: true })));
  }

  /** Calls `work` with a path of the host's for an entry. */
  #at<Result>(path: TreePath, work: (host: string) => Result): Result {
    if (path.length === 0) return this.#guard.inFolder(path, work);
    const name = path[path.length - 1];
    return this.#guard.inFolder(parentPath(path), (folder) => work(`${folder}/${name}`));
  }

  #describe(stats: BigIntStats): FileAttributes {
    const { major, minor } = decodeDevice(Number(stats.rdev));
    return {
      id: stats.ino ^ BigInt(this.#fileSystem(stats.dev)) << FILE_SYSTEM_SHIFT,
      mode: Number(stats.mode),
      uid: Number(stats.uid),
      gid: Number(stats.gid),
      links: Number(stats.nlink),
      major,
      minor,
      size: Number(stats.size),
      blockBytes: BLOCK_BYTES,
      blocks: Number(stats.blocks),
      accessed: timeOf(stats.atimeNs),
      modified: timeOf(stats.mtimeNs),
      changed: timeOf(stats.ctimeNs),
    };
  }

  #fileSystem(device: bigint): number {
    const known = this.#fileSystems.indexOf(device);
    return known >= 0 ? known : this.#fileSystems.push(device) - 1;
  }

  /** See `FileTree`. The owner stays, as QEMU has it where it may not be changed. */
  change(path: TreePath, change: AttributeChange, open: OpenFile | null): void {
    const { mode } = this.attributes(path);
    if (isLink(mode)) return this.#changeLink(path, change);
    if (!isFolder(mode) && !isPlainFile(mode)) throw new FileError("EPERM");
    if (change.size !== undefined) this.#resize(path, change.size, open);
    if (change.mode !== undefined) this.#changeMode(path, change.mode);
    if (change.accessed === undefined && change.modified === undefined) return;
    this.#withOpen(path, (descriptor) => {
      const now = this.#describe(fstatSync(descriptor, { bigint: true }));
      futimesSync(descriptor, ...timesOf(change, now));
    });
  }

  #changeLink(path: TreePath, change: AttributeChange): void {
    if (change.size !== undefined) throw new FileError("EINVAL");
    if (change.accessed === undefined && change.modified === undefined) return;
    const times = timesOf(change, this.attributes(path));
    this.#at(path, (host) => lutimesSync(host, ...times));
  }

  #resize(path: TreePath, size: number, open: OpenFile | null): void {
    try {
      if (open !== null) return open.resize(size);
    } catch {
      // It was opened to read only.
    }
    const descriptor = this.#open(path, O_WRONLY);
    try {
      ftruncateSync(descriptor, size);
    } finally {
      closeSync(descriptor);
    }
  }

  #changeMode(path: TreePath, mode: number): void {
    this.#withOpen(path, (descriptor) => fchmodSync(descriptor, mode & PLAIN_PERMISSION_MASK));
  }

  /** Calls `work` with what is there, opened in whichever way the host permits. */
  #withOpen(path: TreePath, work: (descriptor: number) => void): void {
    let descriptor: number;
    try {
      descriptor = this.#open(path, O_RDONLY);
    } catch {
      descriptor = this.#open(path, O_WRONLY);
    }
    try {
      work(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  /** What was opened on a way that is another one now is closed again. */
  #open(path: TreePath, flags: number, permissions?: number): number {
    let descriptor: number | null = null;
    try {
      return this.#at(path, (host) => {
        const isRoot = path.length === 0; // its path may be that of a descriptor, which is a link
        const open = isRoot ? openSync : openCarefully;
        return descriptor = open(host, flags, permissions);
      });
    } catch (error) {
      if (descriptor !== null) closeSync(descriptor);
      throw error;
    }
  }

  #openPlain(path: TreePath, flags: number, permissions?: number): HostFile {
    const descriptor = this.#open(path, flags, permissions);
    try {
      if (!fstatSync(descriptor).isFile()) throw new FileError("EISDIR");
      if (permissions !== undefined) fchmodSync(descriptor, permissions);
      return new HostFile(descriptor, this.#attributesOf);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  /** See `FileTree`. */
  open(path: TreePath, mode: OpenMode): OpenFile {
    if (!isPlainFile(this.attributes(path).mode)) throw new FileError("EPERM");
    const file = this.#openPlain(path, hostFlags(mode));
    if (!mode.truncates) return file;
    try {
      this.#resize(path, 0, file);
      return file;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** See `FileTree`. */
  create(path: TreePath, { mode }: NewEntry, how: CreateMode): OpenFile {
    const permissions = mode & PLAIN_PERMISSION_MASK;
    try {
      return this.#openPlain(path, hostFlags(how) | O_CREAT | O_EXCL, permissions);
    } catch (error) {
      if (how.isExclusive || errnoNameOf(error) !== "EEXIST") throw error;
      return this.open(path, how);
    }
  }

  /** See `FileTree`. */
  list(path: TreePath): string[] {
    return this.#guard.inFolder(
      path,
      (host) => Array.from(Deno.readDirSync(host), ({ name }) => name),
    );
  }

  /** See `FileTree`. */
  makeFolder(path: TreePath, { mode }: NewEntry): void {
    this.#at(path, (host) => Deno.mkdirSync(host, { mode: OWN_FOLDER }));
    this.#changeMode(path, mode);
  }

  /** See `FileTree`. */
  makeLink(): void {
    throw new FileError("EPERM");
  }

  /** See `FileTree`. Only a plain file. */
  makeNode(path: TreePath, node: NewNode): void {
    if (!isPlainFile(node.mode)) throw new FileError("EPERM");
    this.create(path, node, EMPTY_FILE).close();
  }

  /** See `FileTree`. */
  readLink(path: TreePath): string {
    if (!isLink(this.attributes(path).mode)) throw new FileError("EINVAL");
    return this.#at(path, (host) => Deno.readLinkSync(host));
  }

  /** See `FileTree`. A link gets no more names: some hosts would follow it. */
  addName(existing: TreePath, path: TreePath): void {
    if (!isPlainFile(this.attributes(existing).mode)) throw new FileError("EPERM");
    this.#at(existing, (from) => this.#at(path, (to) => Deno.linkSync(from, to)));
  }

  /** See `FileTree`. */
  rename(from: TreePath, to: TreePath): void {
    this.#at(from, (old) => this.#at(to, (wanted) => Deno.renameSync(old, wanted)));
  }

  /** See `FileTree`. */
  removeFile(path: TreePath): void {
    if (isFolder(this.attributes(path).mode)) throw new FileError("EISDIR");
    this.#at(path, (host) => Deno.removeSync(host));
  }

  /** See `FileTree`. */
  removeFolder(path: TreePath): void {
    if (!isFolder(this.attributes(path).mode)) throw new FileError("ENOTDIR");
    this.#at(path, (host) => rmdirSync(host));
  }

  /** See `FileTree`. Deno tells them only with a permission of its own. */
  statistics(): TreeStatistics {
    const { state } = Deno.permissions.querySync({ name: "sys", kind: "statfs" });
    if (state !== "granted") return UNKNOWN_STATISTICS;
    const { bsize, blocks, bfree, bavail, files, ffree } = statfsSync(this.#root);
    return {
      blockBytes: bsize,
      blocks,
      freeBlocks: bfree,
      availableBlocks: bavail,
      files,
      freeFiles: ffree,
    };
  }

  /** See `FileTree`. */
  close(): void {
    this.#guard.close();
  }
}

const EMPTY_FILE: CreateMode = {
  reads: false,
  writes: true,
  truncates: false,
  appends: false,
  isExclusive: true,
};

function timeOf(nanoseconds: bigint): FileTime {
  const seconds = nanoseconds / NANOSECONDS;
  return { seconds: Number(seconds), nanoseconds: Number(nanoseconds - seconds * NANOSECONDS) };
}

function secondsOf({ seconds, nanoseconds }: FileTime): number {
  return seconds + nanoseconds / Number(NANOSECONDS);
}

/** Both moments, in seconds: those that are to be set, and those that stay. */
function timesOf(
  { accessed, modified }: AttributeChange,
  now: FileAttributes,
): [accessed: number, modified: number] {
  const seconds = (wanted: FileTime | "now" | undefined, is: FileTime): number =>
    wanted === "now" ? Date.now() / MILLISECONDS : secondsOf(wanted ?? is);
  return [seconds(accessed, now.accessed), seconds(modified, now.modified)];
}
