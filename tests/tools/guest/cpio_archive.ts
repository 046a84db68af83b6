/**
 * Writes cpio archives in the "newc" form that the Linux kernel unpacks as an initial RAM file system.
 *
 * Format: the kernel documentation's "initramfs buffer format". The archive is written without a file system
 * in between, so it can hold device nodes and root-owned files whoever runs this, and the same entries always
 * give the same bytes (inode numbers count up, all times are zero). The kernel accepts several archives one
 * after the other: a test may append its own files to the guest's archive.
 */

/** One file system object of an archive. Paths are relative, parents come before their children. */
export type CpioEntry =
  | { readonly kind: "directory"; readonly path: string; readonly mode: number }
  | {
    readonly kind: "file";
    readonly path: string;
    readonly mode: number;
    readonly content: Uint8Array;
  }
  | { readonly kind: "link"; readonly path: string; readonly target: string }
  | {
    readonly kind: "character device";
    readonly path: string;
    readonly mode: number;
    readonly major: number;
    readonly minor: number;
  };

/** File type bits of the mode field. */
const FileType = {
  DIRECTORY: 0o040000,
  FILE: 0o100000,
  LINK: 0o120000,
  CHARACTER_DEVICE: 0o020000,
} as const;

const MAGIC = "070701";
const TRAILER_NAME = "TRAILER!!!";
const ALIGNMENT = 4;
const LINK_MODE = 0o777;

interface Record {
  readonly name: string;
  readonly mode: number;
  readonly inode: number;
  readonly links: number;
  readonly major: number;
  readonly minor: number;
  readonly content: Uint8Array;
}

const EMPTY = new Uint8Array(0);
const text = new TextEncoder();

/** The archive of `entries`, in their order, with its trailer. */
export function cpioArchive(entries: readonly CpioEntry[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  entries.forEach((entry, index) => pushRecord(parts, recordOf(entry, index + 1)));
  pushRecord(parts, {
    name: TRAILER_NAME,
    mode: 0,
    inode: 0,
    links: 1,
    major: 0,
    minor: 0,
    content: EMPTY,
  });
  return concatenate(parts);
}

function recordOf(entry: CpioEntry, inode: number): Record {
  const common = { name: entry.path, inode, links: 1, major: 0, minor: 0, content: EMPTY };
  switch (entry.kind) {
    case "directory":
      return { ...common, mode: FileType.DIRECTORY | entry.mode, links: 2 };
    case "file":
      return { ...common, mode: FileType.FILE | entry.mode, content: entry.content };
    case "link":
      return { ...common, mode: FileType.LINK | LINK_MODE, content: text.encode(entry.target) };
    case "character device":
      return {
        ...common,
        mode: FileType.CHARACTER_DEVICE | entry.mode,
        major: entry.major,
        minor: entry.minor,
      };
  }
}

function pushRecord(parts: Uint8Array[], record: Record): void {
  const name = text.encode(record.name + "\0");
  const fields = [
    record.inode,
    record.mode,
    0, // owner
    0, // group
    record.links,
    0, // modification time
    record.content.length,
    0, // major and minor of the file system
    0,
    record.major,
    record.minor,
    name.length,
    0, // checksum: unused by this form
  ];
  const header = MAGIC + fields.map((value) => value.toString(16).padStart(8, "0")).join("");
  pushPadded(parts, concatenate([text.encode(header), name]));
  pushPadded(parts, record.content);
}

function pushPadded(parts: Uint8Array[], bytes: Uint8Array): void {
  parts.push(bytes, new Uint8Array(-bytes.length & (ALIGNMENT - 1)));
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
