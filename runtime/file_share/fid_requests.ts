/** Requests about the guest's numbers for files: "attach", "walk", "clunk" and "remove" of 9P2000. */

import { FileError } from "./file_error.ts";
import type { FileAttributes } from "./file_tree.ts";
import { isFolder } from "./file_mode.ts";
import type { MessageReader } from "./message_reader.ts";
import { MAX_WALK, MessageType } from "./message_type.ts";
import type { MessageWriter } from "./message_writer.ts";
import { removeEntry } from "./folder_requests.ts";
import type { RequestTable, ShareSession } from "./share_session.ts";
import { childPath, parentPath, ROOT, type TreePath } from "./tree_path.ts";

/** A tree has one root, whatever name the guest attaches to. */
function attach(session: ShareSession, request: MessageReader, answer: MessageWriter): void {
  const number = request.word();
  request.word();
  request.text();
  request.text();
  const uid = request.word();
  const root = session.requireFolder(ROOT);
  session.fids.add(number, ROOT, uid);
  answer.qid(root);
}

/** Goes on until a name leads nowhere; that is an error only if it is the first one. */
function walk(session: ShareSession, request: MessageReader, answer: MessageWriter): void {
  const { fids } = session;
  const number = request.word();
  const newNumber = request.word();
  const names = walkNames(request);
  const { path, uid, file, listing } = fids.get(number);
  const isSame = number === newNumber;
  if (isSame ? file !== null || listing !== null : fids.has(newNumber)) {
    throw new FileError("EINVAL");
  }
  const { reached, found } = follow(session, path, names);
  answer.half(found.length);
  for (const attributes of found) answer.qid(attributes);
  if (found.length < names.length) return;
  if (isSame) fids.remove(number);
  fids.add(newNumber, reached, uid);
}

function walkNames(request: MessageReader): string[] {
  const count = request.half();
  if (count > MAX_WALK) throw new FileError("EINVAL");
  return Array.from({ length: count }, () => request.text());
}

function follow(
  { tree }: ShareSession,
  start: TreePath,
  names: readonly string[],
): { readonly reached: TreePath; readonly found: readonly FileAttributes[] } {
  let reached = start;
  const found: FileAttributes[] = [];
  try {
    let here = tree.attributes(start);
    for (const name of names) {
      if (!isFolder(here.mode)) throw new FileError("ENOTDIR");
      const next = name === ".." ? parentPath(reached) : childPath(reached, name);
      here = tree.attributes(next);
      found.push(here);
      reached = next;
    }
  } catch (error) {
    if (found.length === 0 && names.length > 0) throw error;
  }
  return { reached, found };
}

function clunk(session: ShareSession, request: MessageReader): void {
  session.fids.remove(request.word());
}

/** The number is gone in any case. */
function remove(session: ShareSession, request: MessageReader): void {
  const number = request.word();
  const { path } = session.fids.get(number);
  try {
    session.requireWritable();
    const { mode } = session.tree.attributes(path);
    removeEntry(session, path, isFolder(mode));
  } finally {
    session.fids.remove(number);
  }
}

/** See the header of this file. */
export const FID_REQUESTS: RequestTable = [
  [MessageType.ATTACH, attach],
  [MessageType.WALK, walk],
  [MessageType.CLUNK, clunk],
  [MessageType.REMOVE, remove],
];
