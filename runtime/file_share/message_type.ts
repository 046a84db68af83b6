/** Messages and numbers of 9P2000.L: "9P2000.L" of the protocol's description by the diod project, and "9P2000". */

/** Requests; the answer to each has the next number. */
export const MessageType = {
  ERROR: 6,
  STATFS: 8,
  OPEN: 12,
  CREATE: 14,
  SYMLINK: 16,
  MKNOD: 18,
  RENAME: 20,
  READLINK: 22,
  GETATTR: 24,
  SETATTR: 26,
  XATTRWALK: 30,
  XATTRCREATE: 32,
  READDIR: 40,
  FSYNC: 50,
  LOCK: 52,
  GETLOCK: 54,
  LINK: 70,
  MKDIR: 72,
  RENAMEAT: 74,
  UNLINKAT: 76,
  VERSION: 100,
  AUTH: 102,
  ATTACH: 104,
  FLUSH: 108,
  WALK: 110,
  READ: 116,
  WRITE: 118,
  CLUNK: 120,
  REMOVE: 122,
} as const;

/** Every message begins so. */
export const MessageHeader = { BYTES: 7, SIZE: 0, TYPE: 4, TAG: 5 } as const;
/** Where the bytes begin in an answer to READ and READDIR, behind their count. */
export const DATA_OFFSET = 11;
/** Bytes of an answer that tells of an error. */
export const ERROR_BYTES = 11;

/** The version of the protocol. */
export const VERSION = "9P2000.L";
/** The answer to any other one. */
export const UNKNOWN_VERSION = "unknown";
/** Fewest and most bytes of a message. */
export const MIN_MESSAGE_BYTES = 4096;
export const MAX_MESSAGE_BYTES = 0x8_0000;
/** Names of one walk at most. */
export const MAX_WALK = 16;

/** First byte of the number that identifies a file. */
export const QidType = { FILE: 0, LINK: 0x02, FOLDER: 0x80 } as const;

/** Bits of OPEN and CREATE. */
export const OpenFlag = {
  ACCESS: 3,
  WRITE_ONLY: 1,
  READ_WRITE: 2,
  EXCLUSIVE: 0o200,
  TRUNCATE: 0o1000,
  APPEND: 0o2000,
  FOLDER: 0o200000,
} as const;

/** What SETATTR changes. */
export const SetBit = {
  MODE: 1,
  UID: 2,
  GID: 4,
  SIZE: 8,
  ACCESSED: 16,
  MODIFIED: 32,
  ACCESSED_SET: 128,
  MODIFIED_SET: 256,
} as const;

/** What GETATTR answers: all but the moment of creation and versions. */
export const ATTRIBUTES_ANSWERED = 0x7ff;
/** UNLINKAT removes a folder. */
export const REMOVES_FOLDER = 0x200;
/** Kind of file system that STATFS tells. */
export const FILE_SYSTEM_MAGIC = 0x0102_1997;
/** A lock was granted; there is none in the way. */
export const LockStatus = { GRANTED: 0, TYPE_NONE: 2 } as const;
