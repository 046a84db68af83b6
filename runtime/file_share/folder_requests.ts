/** Requests about entries of folders: what makes, names, moves and removes them, and "readdir", in 9P2000.L. */

import { FileError } from "./file_error.ts";
import { FileKind, KIND_MASK, PERMISSION_MASK } from "./file_mode.ts";
import type { MessageReader } from "./message_reader.ts";
import { DATA_OFFSET, MessageType, REMOVES_FOLDER } from "./message_type.ts";
import { MessageWriter } from "./message_writer.ts";
import type { RequestTable, ShareSession } from "./share_session.ts";
import { isWithin, type TreePath } from "./tree_path.ts";

/** Bytes of a link's text at most: what Linux takes. */
const MAX_LINK_LENGTH = 4095;
const NODE_KINDS: readonly number[] = [
  FileKind.FILE,
  FileKind.PIPE,
  FileKind.SOCKET,
  FileKind.CHARACTER_DEVICE,
  FileKind.BLOCK_DEVICE,
];

/** The entries are written into an answer of their own, whose header is the count's place. */
function readFolder(session: ShareSession, request: MessageReader, answer: MessageWriter): void {
  const { path, listing } = session.fid(request);
  const position = request.long();
  const wanted = request.word();
  if (listing === null) throw new FileError("EBADF");
  answer.word(0);
  const entries = new MessageWriter(
    answer.bytes.subarray(0, DATA_OFFSET + Math.min(wanted, answer.room)),
  );
  entries.word(0);
  const before = entries.room;
  listing.write(path, position, entries);
  const length = before - entries.room;
  answer.data(length);
  new DataView(answer.bytes.buffer, answer.bytes.byteOffset)
    .setUint32(DATA_OFFSET - 4, length, true);
}

function makeFolder(session: ShareSession, request: MessageReader, answer: MessageWriter): void {
  const folder = session.fid(request);
  const name = request.text();
  const permissions = request.word() & PERMISSION_MASK;
  const gid = request.word();
  session.requireWritable();
  const path = session.entry(folder, name);
  session.tree.makeFolder(path, { mode: FileKind.FOLDER | permissions, uid: folder.uid, gid });
  answer.qid(session.tree.attributes(path));
}

function makeLink(session: ShareSession, request: MessageReader, answer: MessageWriter): void {
  const folder = session.fid(request);
  const name = request.text();
  const target = request.text();
  const gid = request.word();
  session.requireWritable();
  if (target === "") throw new FileError("ENOENT");
  if (target.includes("\0")) throw new FileError("EINVAL");
  if (target.length > MAX_LINK_LENGTH) throw new FileError("ENAMETOOLONG");
  const path = session.entry(folder, name);
  const mode = FileKind.LINK | 0o777;
  session.tree.makeLink(path, target, { mode, uid: folder.uid, gid });
  answer.qid(session.tree.attributes(path));
}

function makeNode(session: ShareSession, request: MessageReader, answer: MessageWriter): void {
  const folder = session.fid(request);
  const name = request.text();
  const mode = request.word() & (KIND_MASK | PERMISSION_MASK);
  const [major, minor, gid] = [request.word(), request.word(), request.word()];
  session.requireWritable();
  if (!NODE_KINDS.includes(mode & KIND_MASK)) throw new FileError("EINVAL");
  const path = session.entry(folder, name);
  session.tree.makeNode(path, { mode, uid: folder.uid, gid, major, minor });
  answer.qid(session.tree.attributes(path));
}

function readLink(session: ShareSession, request: MessageReader, answer: MessageWriter): void {
  answer.text(session.tree.readLink(session.fid(request).path));
}

function addName(session: ShareSession, request: MessageReader): void {
  const folder = session.fid(request);
  const existing = session.fid(request);
  const name = request.text();
  session.requireWritable();
  session.tree.addName(existing.path, session.entry(folder, name));
}

function rename(session: ShareSession, request: MessageReader): void {
  const { path } = session.fid(request);
  const folder = session.fid(request);
  const name = request.text();
  session.requireWritable();
  move(session, path, session.entry(folder, name));
}

function renameAt(session: ShareSession, request: MessageReader): void {
  const oldFolder = session.fid(request);
  const oldName = request.text();
  const newFolder = session.fid(request);
  const newName = request.text();
  session.requireWritable();
  move(session, session.entry(oldFolder, oldName), session.entry(newFolder, newName));
}

/** The root stays where it is, and nothing goes into itself. */
function move({ tree, fids }: ShareSession, from: TreePath, to: TreePath): void {
  if (from.length === 0) throw new FileError("EBUSY");
  const isSame = from.length === to.length && isWithin(to, from);
  if (!isSame && isWithin(to, from)) throw new FileError("EINVAL");
  tree.rename(from, to);
  if (!isSame) fids.moved(from, to);
}

function unlinkAt(session: ShareSession, request: MessageReader): void {
  const folder = session.fid(request);
  const name = request.text();
  const removesFolder = (request.word() & REMOVES_FOLDER) !== 0;
  session.requireWritable();
  removeEntry(session, session.entry(folder, name), removesFolder);
}

/** Removes an entry. @param isFolder as what it is removed; the other kind is refused */
export function removeEntry({ tree }: ShareSession, path: TreePath, isFolder: boolean): void {
  if (path.length === 0) throw new FileError("EBUSY");
  if (isFolder) tree.removeFolder(path);
  else tree.removeFile(path);
}

/** See the header of this file. */
export const FOLDER_REQUESTS: RequestTable = [
  [MessageType.READDIR, readFolder],
  [MessageType.MKDIR, makeFolder],
  [MessageType.SYMLINK, makeLink],
  [MessageType.MKNOD, makeNode],
  [MessageType.READLINK, readLink],
  [MessageType.LINK, addName],
  [MessageType.RENAME, rename],
  [MessageType.RENAMEAT, renameAt],
  [MessageType.UNLINKAT, unlinkAt],
];
