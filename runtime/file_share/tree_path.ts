/**
 * Where something is in a shared folder: the names on the way from its root. What the guest names is held against the
 * rules here, once. A path has no way to say "above the root", and a name no way to say more than one step.
 */

import { FileError } from "./file_error.ts";

/** Names from the root on; none: the root itself. */
export type TreePath = readonly string[];

/** The root. */
export const ROOT: TreePath = [];

/** Bytes of a name at most, as on all file systems of Linux. */
const MAX_NAME_BYTES = 255;
/** Code units of a path at most: what hosts take in one call. */
const MAX_PATH_LENGTH = 4000;

const encoder = new TextEncoder();

/** Throws FileError unless a name can be that of an entry in a folder. */
export function requireEntryName(name: string): void {
  if (name === "" || name === "." || name === "..") throw new FileError("EINVAL");
  if (name.includes("/") || name.includes("\0")) throw new FileError("EINVAL");
  const isLong = name.length > MAX_NAME_BYTES || encoder.encode(name).length > MAX_NAME_BYTES;
  if (isLong) throw new FileError("ENAMETOOLONG");
}

/** The path of an entry in a folder. Throws FileError for a name that no entry can have. */
export function childPath(folder: TreePath, name: string): TreePath {
  requireEntryName(name);
  const path = [...folder, name];
  const length = path.reduce((sum, one) => sum + one.length + 1, 0);
  if (length > MAX_PATH_LENGTH) throw new FileError("ENAMETOOLONG");
  return path;
}

/** The folder that an entry is in; the root is in itself. */
export function parentPath(path: TreePath): TreePath {
  return path.slice(0, -1);
}

/** Is the one the other, or in it? */
export function isWithin(path: TreePath, folder: TreePath): boolean {
  return path.length >= folder.length && folder.every((name, index) => path[index] === name);
}

/** Where something is after a folder on its way, or it itself, was moved. */
export function movedPath(path: TreePath, from: TreePath, to: TreePath): TreePath {
  return isWithin(path, from) ? [...to, ...path.slice(from.length)] : path;
}
