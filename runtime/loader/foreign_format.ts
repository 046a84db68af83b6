/**
 * Names well-known kinds of files that cannot be loaded, by their first bytes.
 *
 * Any file can be a flat binary, so a file of the wrong kind would be executed as if it were one, and the
 * machine would be silent. What is recognized here is refused with the way to make something loadable of it.
 */

import type { LoadedFile } from "../machine/options.ts";
import { LoadError } from "./load_error.ts";

/** A kind of file. */
interface ForeignFormat {
  /** What the file is, after "it is". */
  readonly is: string;
  /** Where its mark stands. */
  readonly offset: number;
  /** Its mark; letters above 0x7f are bytes. */
  readonly mark: string;
  /** What to do. */
  readonly fix: string;
}

const unpack = (program: string): string => `unpack it first: ${program} -d FILE`;
const NO_DISKS = "there are no disks: name a kernel, and put files into -initrd";

/** Packed files and files for something else than starting. */
const FOREIGN_FORMATS: readonly ForeignFormat[] = [
  { is: "packed with zstd", offset: 0, mark: "\x28\xb5\x2f\xfd", fix: unpack("zstd") },
  { is: "packed with xz", offset: 0, mark: "\xfd7zXZ\0", fix: unpack("xz") },
  { is: "packed with bzip2", offset: 4, mark: "1AY&SY", fix: unpack("bzip2") },
  { is: "packed with lz4", offset: 0, mark: "\x02\x21\x4c\x18", fix: unpack("lz4") },
  { is: "packed with lz4", offset: 0, mark: "\x04\x22\x4d\x18", fix: unpack("lz4") },
  { is: "packed with lzop", offset: 0, mark: "\x89LZO\0", fix: unpack("lzop") },
  { is: "packed with lzma", offset: 0, mark: "\x5d\0\0", fix: unpack("lzma") },
  { is: "a ZIP archive", offset: 0, mark: "PK\x03\x04", fix: "unpack it with unzip" },
  { is: "a tar archive", offset: 257, mark: "ustar", fix: "unpack it with tar -x" },
  { is: "a cpio archive", offset: 0, mark: "07070", fix: "name it with -initrd" },
  { is: "a device tree", offset: 0, mark: "\xd0\x0d\xfe\xed", fix: "name it with -dtb" },
  { is: "a script", offset: 0, mark: "#!/", fix: "name a program for riscv64" },
  { is: "a Debian package", offset: 0, mark: "!<arch>\n", fix: "unpack it with dpkg-deb -x" },
  { is: "an RPM package", offset: 0, mark: "\xed\xab\xee\xdb", fix: "unpack it with rpm2cpio" },
  { is: "a disk image", offset: 0, mark: "QFI\xfb", fix: NO_DISKS },
  { is: "a CD image", offset: 0x8001, mark: "CD001", fix: NO_DISKS },
];

/** Files that say themselves where they go, in formats that are not read. */
const ADDRESSED_FORMATS: readonly ForeignFormat[] = [
  {
    is: "a U-Boot image",
    offset: 0,
    mark: "\x27\x05\x19\x56",
    fix: "take what is in it: dumpimage -o FILE IMAGE",
  },
  {
    is: "an Intel HEX file",
    offset: 0,
    mark: ":02000004",
    fix: "make it binary: objcopy -I ihex -O binary FILE",
  },
  {
    is: "an Intel HEX file",
    offset: 0,
    mark: ":02000002",
    fix: "make it binary: objcopy -I ihex -O binary FILE",
  },
];

/** Text of this length is no accident. */
const TEXT_BYTES = 64;

/** Refuses what is no program. Throws LoadError. */
export function refuseForeignFormat(file: LoadedFile): void {
  refuse(file, FOREIGN_FORMATS);
  refuseAddressedFormat(file);
  const start = file.bytes.subarray(0, TEXT_BYTES);
  if (start.length === TEXT_BYTES && start.every(isTextByte)) {
    throw new LoadError(file.name, 0, "it is text", "name a program for riscv64");
  }
}

/** Printable, or tab, line feed, carriage return. */
function isTextByte(byte: number): boolean {
  return byte >= 0x20 && byte < 0x7f || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}

/** Refuses formats with load addresses of their own. Throws LoadError. */
export function refuseAddressedFormat(file: LoadedFile): void {
  refuse(file, ADDRESSED_FORMATS);
}

function refuse({ name, bytes }: LoadedFile, formats: readonly ForeignFormat[]): void {
  for (const { is, offset, mark, fix } of formats) {
    if (spells(bytes, offset, mark)) throw new LoadError(name, offset, `it is ${is}`, fix);
  }
}

/** Does a file have these bytes at an offset? */
export function spells(bytes: Uint8Array, offset: number, mark: string): boolean {
  return offset + mark.length <= bytes.length &&
    Array.from(mark).every((letter, index) => bytes[offset + index] === letter.charCodeAt(0));
}
