/**
 * What went wrong with a file, in the guest's numbers: those of Linux, which 9P2000.L sends. A host of another kind has
 * numbers of its own, so errors are known by their names.
 */

/** Numbers by name. */
export const Errno = {
  EPERM: 1,
  ENOENT: 2,
  EIO: 5,
  ENXIO: 6,
  EBADF: 9,
  ENOMEM: 12,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  EXDEV: 18,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  ETXTBSY: 26,
  EFBIG: 27,
  ENOSPC: 28,
  EROFS: 30,
  EMLINK: 31,
  ENAMETOOLONG: 36,
  ENOTEMPTY: 39,
  ELOOP: 40,
  EOVERFLOW: 75,
  EILSEQ: 84,
  EMSGSIZE: 90,
  EOPNOTSUPP: 95,
  ESTALE: 116,
  EDQUOT: 122,
} as const;

/** Name of an error. */
export type ErrnoName = keyof typeof Errno;

/** An error that the guest is told of by name. */
export class FileError extends Error {
  /** Its name, where Node's errors have theirs. */
  readonly code: ErrnoName;

  /** An error of this name. */
  constructor(code: ErrnoName) {
    super(code);
    this.code = code;
  }
}

/** Errors of Deno that say nothing else. */
const KINDS: readonly (readonly [new (message: string) => Error, ErrnoName])[] = [
  [Deno.errors.NotFound, "ENOENT"],
  [Deno.errors.AlreadyExists, "EEXIST"],
  [Deno.errors.NotADirectory, "ENOTDIR"],
  [Deno.errors.IsADirectory, "EISDIR"],
  [Deno.errors.FilesystemLoop, "ELOOP"],
  [Deno.errors.PermissionDenied, "EACCES"],
  [Deno.errors.NotCapable, "EACCES"],
  [Deno.errors.NotSupported, "EOPNOTSUPP"],
];

/** The name of what was thrown; whatever has none is an input/output error. */
export function errnoNameOf(error: unknown): ErrnoName {
  if (!(error instanceof Error)) return "EIO";
  const code = "code" in error ? String(error.code) : "";
  if (Object.hasOwn(Errno, code)) return code as ErrnoName;
  return KINDS.find(([kind]) => error instanceof kind)?.[1] ?? "EIO";
}
