/**
 * What a program or a library says it needs to be started: its loader and other libraries.
 *
 * Format: "System V Application Binary Interface", chapters "Program Header" and "Dynamic Section"; 64-bit,
 * little-endian.
 */

const MAGIC = 0x7f45_4c46;
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;

const Header = { CLASS: 4, DATA: 5, PROGRAM_TABLE: 32, ENTRY_BYTES: 54, COUNT: 56, BYTES: 64 };
const Program = { TYPE: 0, FILE_OFFSET: 8, VIRTUAL: 16, FILE_BYTES: 32 } as const;
const SegmentType = { LOAD: 1, DYNAMIC: 2, INTERPRETER: 3 } as const;
const Dynamic = { TAG: 0, VALUE: 8, BYTES: 16 } as const;
const Tag = { END: 0, NEEDED: 1, STRING_TABLE: 5 } as const;

/** See the header of this file. */
export interface ElfNeeds {
  /** Path of the loader; null for libraries and for programs that need none. */
  readonly loader: string | null;
  /** Names of libraries. */
  readonly libraries: readonly string[];
}

interface Segment {
  readonly type: number;
  readonly fileOffset: number;
  readonly virtual: number;
  readonly fileBytes: number;
}

/** Is it a file of that kind? */
export function isElf64(bytes: Uint8Array): boolean {
  return bytes.length >= Header.BYTES && viewOf(bytes).getUint32(0) === MAGIC &&
    bytes[Header.CLASS] === CLASS_64 && bytes[Header.DATA] === LITTLE_ENDIAN;
}

/** Reads them. Throws RangeError for a file that ends before what it tells of. */
export function elfNeeds(bytes: Uint8Array): ElfNeeds {
  const segments = readSegments(bytes);
  const loader = segments.find(({ type }) => type === SegmentType.INTERPRETER);
  const entries = readDynamic(bytes, segments);
  const table = entries.find(({ tag }) => tag === Tag.STRING_TABLE)?.value ?? 0;
  const names = fileOffsetOf(table, segments);
  return {
    loader: loader === undefined ? null : textAt(bytes, loader.fileOffset),
    libraries: entries.filter(({ tag }) => tag === Tag.NEEDED)
      .map(({ value }) => textAt(bytes, names + value)),
  };
}

function readSegments(bytes: Uint8Array): Segment[] {
  const view = viewOf(bytes);
  const start = longAt(view, Header.PROGRAM_TABLE);
  const size = view.getUint16(Header.ENTRY_BYTES, true);
  return Array.from({ length: view.getUint16(Header.COUNT, true) }, (_, index) => {
    const at = start + index * size;
    return {
      type: view.getUint32(at + Program.TYPE, true),
      fileOffset: longAt(view, at + Program.FILE_OFFSET),
      virtual: longAt(view, at + Program.VIRTUAL),
      fileBytes: longAt(view, at + Program.FILE_BYTES),
    };
  });
}

function readDynamic(
  bytes: Uint8Array,
  segments: readonly Segment[],
): { readonly tag: number; readonly value: number }[] {
  const section = segments.find(({ type }) => type === SegmentType.DYNAMIC);
  if (section === undefined) return [];
  const view = viewOf(bytes);
  const entries = [];
  for (let at = section.fileOffset; at < section.fileOffset + section.fileBytes;) {
    const tag = longAt(view, at + Dynamic.TAG);
    if (tag === Tag.END) break;
    entries.push({ tag, value: longAt(view, at + Dynamic.VALUE) });
    at += Dynamic.BYTES;
  }
  return entries;
}

function fileOffsetOf(address: number, segments: readonly Segment[]): number {
  const holder = segments.find(({ type, virtual, fileBytes }) =>
    type === SegmentType.LOAD && address >= virtual && address < virtual + fileBytes
  );
  return holder === undefined ? 0 : holder.fileOffset + address - holder.virtual;
}

function textAt(bytes: Uint8Array, offset: number): string {
  const end = bytes.indexOf(0, offset);
  if (end < 0) throw new RangeError("Cannot find the end of a name");
  return new TextDecoder().decode(bytes.subarray(offset, end));
}

/** Tags of processors are large: they are told apart by more than a double holds, and looked at by nobody. */
function longAt(view: DataView, offset: number): number {
  return Number(view.getBigUint64(offset, true));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
