/** Requests about open files: "lopen", "lcreate", "read", "write", "fsync" and locks of 9P2000.L. */

import type { Fid } from "./fid_table.ts";
import { FileError } from "./file_error.ts";
import { FileKind, isFolder, isPlainFile, PERMISSION_MASK } from "./file_mode.ts";
import type { OpenFile, OpenMode } from "./file_tree.ts";
import { FolderListing } from "./folder_listing.ts";
import type { MessageReader } from "./message_reader.ts";
import { DATA_OFFSET, LockStatus, MessageType, OpenFlag } from "./message_type.ts";
import type { MessageWriter } from "./message_writer.ts";
import type { RequestTable, ShareSession } from "./share_session.ts";

/** Bytes of a count. */
const COUNT_BYTES = 4;
/** The guest finds out by itself how much one request moves. */
const ANY_UNIT = 0;

function openMode(flags: number): OpenMode {
  const access = flags & OpenFlag.ACCESS;
  if (access === OpenFlag.ACCESS) throw new FileError("EINVAL");
  return {
    reads: access !== OpenFlag.WRITE_ONLY,
    writes: access !== 0,
    truncates: (flags & OpenFlag.TRUNCATE) !== 0,
    appends: (flags & OpenFlag.APPEND) !== 0,
  };
}

function requireClosed({ file, listing }: Fid): void {
  if (file !== null || listing !== null) throw new FileError("EBUSY");
}

function open(session: ShareSession, request: MessageReader, answer: MessageWriter): void {
  const { tree, fids } = session;
  const fid = session.fid(request);
  const flags = request.word();
  requireClosed(fid);
  const attributes = tree.attributes(fid.path);
  const mode = openMode(flags);
  if (mode.writes || mode.truncates) session.requireWritable();
  if (isFolder(attributes.mode)) {
    if (mode.writes || mode.truncates) throw new FileError("EISDIR");
    fid.listing = new FolderListing(tree, session.listings);
  } else {
    if ((flags & OpenFlag.FOLDER) !== 0) throw new FileError("ENOTDIR");
    if (!isPlainFile(attributes.mode)) throw new FileError("EINVAL");
    fids.openFile(fid, () => tree.open(fid.path, mode));
  }
  answer.qid(attributes);
  answer.word(ANY_UNIT);
}

function create(session: ShareSession, request: MessageReader, answer: MessageWriter): void {
  const { tree, fids } = session;
  const fid = session.fid(request);
  const name = request.text();
  const flags = request.word();
  const mode = FileKind.FILE | (request.word() & PERMISSION_MASK);
  const gid = request.word();
  requireClosed(fid);
  session.requireWritable();
  const path = session.entry(fid, name);
  const isExclusive = (flags & OpenFlag.EXCLUSIVE) !== 0;
  const opened = { ...openMode(flags), isExclusive };
  fids.openFile(fid, () => tree.create(path, { mode, uid: fid.uid, gid }, opened));
  fid.path = path;
  answer.qid(tree.attributes(path));
  answer.word(ANY_UNIT);
}

function openFile(session: ShareSession, request: MessageReader): OpenFile {
  const { file } = session.fid(request);
  if (file === null) throw new FileError("EBADF");
  return file;
}

function read(session: ShareSession, request: MessageReader, answer: MessageWriter): void {
  const file = openFile(session, request);
  const position = request.long();
  const wanted = request.word();
  answer.word(0);
  const room = answer.data(Math.min(wanted, answer.room));
  const length = file.read(filePosition(position, room.length), room);
  answer.shorten(room.length - length);
  const { buffer, byteOffset } = answer.bytes;
  new DataView(buffer, byteOffset).setUint32(DATA_OFFSET - COUNT_BYTES, length, true);
  session.counts.bytesRead += length;
}

function write(session: ShareSession, request: MessageReader, answer: MessageWriter): void {
  const file = openFile(session, request);
  const position = request.long();
  const data = request.data(request.word());
  session.requireWritable();
  file.write(filePosition(position, data.length), data);
  answer.word(data.length);
  session.counts.bytesWritten += data.length;
}

function filePosition(position: number, length: number): number {
  if (!Number.isSafeInteger(position + length)) throw new FileError("EFBIG");
  return position;
}

function sync(session: ShareSession, request: MessageReader): void {
  session.fid(request).file?.sync();
}

/** Locks hold among the guest's own programs, which it sees to by itself. */
function lock(session: ShareSession, request: MessageReader, answer: MessageWriter): void {
  session.fid(request);
  answer.byte(LockStatus.GRANTED);
}

function tellLock(session: ShareSession, request: MessageReader, answer: MessageWriter): void {
  session.fid(request);
  request.byte();
  const [start, length, process] = [request.long(), request.long(), request.word()];
  const client = request.text();
  answer.byte(LockStatus.TYPE_NONE);
  answer.long(start);
  answer.long(length);
  answer.word(process);
  answer.text(client);
}

/** See the header of this file. */
export const FILE_REQUESTS: RequestTable = [
  [MessageType.OPEN, open],
  [MessageType.CREATE, create],
  [MessageType.READ, read],
  [MessageType.WRITE, write],
  [MessageType.FSYNC, sync],
  [MessageType.LOCK, lock],
  [MessageType.GETLOCK, tellLock],
];
