/** Requests about what there is to know of files: "getattr", "setattr", "statfs" and attributes by name of 9P2000.L. */

import { encodeDevice } from "./device_number.ts";
import type { Fid } from "./fid_table.ts";
import { FileError } from "./file_error.ts";
import type { AttributeChange, FileAttributes, FileTime } from "./file_tree.ts";
import { PERMISSION_MASK } from "./file_mode.ts";
import type { MessageReader } from "./message_reader.ts";
import { ATTRIBUTES_ANSWERED, FILE_SYSTEM_MAGIC, MessageType, SetBit } from "./message_type.ts";
import type { MessageWriter } from "./message_writer.ts";
import type { RequestTable, ShareSession } from "./share_session.ts";

const MAX_NAME_BYTES = 255;
/** Moment of creation, generation and version: not answered. */
const UNANSWERED = [0, 0, 0, 0] as const;

/** Those of an open file, also when its name is another file's now, or nobody's. */
function attributesOf({ tree }: ShareSession, { path, file }: Fid): FileAttributes {
  if (file === null) return tree.attributes(path);
  const own = file.attributes();
  try {
    const named = tree.attributes(path);
    return named.id === own.id ? named : own;
  } catch {
    return own;
  }
}

function tell(session: ShareSession, request: MessageReader, answer: MessageWriter): void {
  const attributes = attributesOf(session, session.fid(request));
  answer.long(ATTRIBUTES_ANSWERED);
  answer.qid(attributes);
  answer.word(attributes.mode);
  answer.word(attributes.uid);
  answer.word(attributes.gid);
  answer.long(attributes.links);
  answer.long(encodeDevice(attributes.major, attributes.minor));
  answer.long(attributes.size);
  answer.long(attributes.blockBytes);
  answer.long(attributes.blocks);
  answer.time(attributes.accessed);
  answer.time(attributes.modified);
  answer.time(attributes.changed);
  for (const value of UNANSWERED) answer.long(value);
}

function time(request: MessageReader): FileTime {
  return { seconds: request.long(), nanoseconds: request.long() };
}

function change(session: ShareSession, request: MessageReader): void {
  const fid = session.fid(request);
  const bits = request.word();
  const mode = request.word() & PERMISSION_MASK;
  const [uid, gid, size] = [request.word(), request.word(), request.long()];
  const [accessed, modified] = [time(request), time(request)];
  session.requireWritable();
  const isSet = (bit: number): boolean => (bits & bit) !== 0;
  if (isSet(SetBit.SIZE) && !Number.isSafeInteger(size)) throw new FileError("EFBIG");
  const wanted: AttributeChange = {
    ...(isSet(SetBit.MODE) ? { mode } : {}),
    ...(isSet(SetBit.UID) ? { uid } : {}),
    ...(isSet(SetBit.GID) ? { gid } : {}),
    ...(isSet(SetBit.SIZE) ? { size } : {}),
    ...(isSet(SetBit.ACCESSED)
      ? { accessed: isSet(SetBit.ACCESSED_SET) ? accessed : "now" as const }
      : {}),
    ...(isSet(SetBit.MODIFIED)
      ? { modified: isSet(SetBit.MODIFIED_SET) ? modified : "now" as const }
      : {}),
  };
  session.tree.change(fid.path, wanted, fid.file);
}

function tellFileSystem(session: ShareSession, request: MessageReader, answer: MessageWriter) {
  session.fid(request);
  const statistics = session.tree.statistics();
  answer.word(FILE_SYSTEM_MAGIC);
  answer.word(statistics.blockBytes);
  answer.long(statistics.blocks);
  answer.long(statistics.freeBlocks);
  answer.long(statistics.availableBlocks);
  answer.long(statistics.files);
  answer.long(statistics.freeFiles);
  answer.long(0);
  answer.word(MAX_NAME_BYTES);
}

/** Deno has no way to attributes by name. */
function noAttributes(session: ShareSession, request: MessageReader): void {
  session.fid(request);
  throw new FileError("EOPNOTSUPP");
}

/** See the header of this file. */
export const ATTRIBUTE_REQUESTS: RequestTable = [
  [MessageType.GETATTR, tell],
  [MessageType.SETATTR, change],
  [MessageType.STATFS, tellFileSystem],
  [MessageType.XATTRWALK, noAttributes],
  [MessageType.XATTRCREATE, noAttributes],
];
