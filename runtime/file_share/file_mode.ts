/** Kinds and permissions of files as one number, as Linux has them: what 9P2000.L sends. */

/** The part of a mode that says what kind of file it is. */
export const KIND_MASK = 0xf000;
/** Kinds of files. */
export const FileKind = {
  PIPE: 0x1000,
  CHARACTER_DEVICE: 0x2000,
  FOLDER: 0x4000,
  BLOCK_DEVICE: 0x6000,
  FILE: 0x8000,
  LINK: 0xa000,
  SOCKET: 0xc000,
} as const;
/** The part that says who may do what. */
export const PERMISSION_MASK = 0xfff;
/** Read, write and execute, of everybody; not what gives a program the rights of its owner. */
export const PLAIN_PERMISSION_MASK = 0x1ff;

/** Is this the mode of a folder? */
export function isFolder(mode: number): boolean {
  return (mode & KIND_MASK) === FileKind.FOLDER;
}

/** Is this the mode of a plain file? */
export function isPlainFile(mode: number): boolean {
  return (mode & KIND_MASK) === FileKind.FILE;
}

/** Is this the mode of a symbolic link? */
export function isLink(mode: number): boolean {
  return (mode & KIND_MASK) === FileKind.LINK;
}
