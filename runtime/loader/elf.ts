/**
 * Loads ELF files: 64-bit, little-endian, RISC-V.
 *
 * Format: "System V Application Binary Interface", chapter "Object Files", and "RISC-V ELF Specification".
 * What is loaded is decided by the program headers alone; segments go to their physical addresses, and the
 * entry point and symbols, which are virtual, are translated with the segment that holds them. The file is
 * untrusted: every field is checked before it is used, and every refusal is a LoadError.
 */

import { ImageReader } from "./image_reader.ts";
import type { LoadError } from "./load_error.ts";
import type { LoadedImage, Segment } from "./segment.ts";

const MAGIC = "\x7fELF";
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const CURRENT_VERSION = 1;
const MACHINE_RISCV = 243;
const OTHER_MACHINES: ReadonlyMap<number, string> = new Map([
  [3, "x86"],
  [8, "MIPS"],
  [21, "PowerPC"],
  [22, "S/390"],
  [40, "ARM"],
  [62, "x86-64"],
  [183, "AArch64"],
  [258, "LoongArch"],
]);
const FileKind = { EXECUTABLE: 2, SHARED: 3 } as const;
const SEGMENT_LOAD = 1;
const SEGMENT_INTERPRETER = 3;
/** Number of program headers that stands for "more than fit here". */
const COUNT_ELSEWHERE = 0xffff;
/** Names longer than this are nobody's. */
const LONGEST_NAME = 1024;
const SEGMENT_EXECUTABLE = 1;
const SECTION_SYMBOLS = 2;
const PROGRAM_HEADER_BYTES = 56;
const SECTION_HEADER_BYTES = 64;
const SYMBOL_BYTES = 24;
const SYMBOL_TYPE_MASK = 0xf;
const UNDEFINED_SECTION = 0;
/** Symbol types that name places: none, object, function. */
const PLACE_TYPES: ReadonlySet<number> = new Set([0, 1, 2]);

/** Offsets of the file header's fields. */
const Header = {
  CLASS: 4,
  DATA: 5,
  VERSION: 6,
  TYPE: 16,
  MACHINE: 18,
  ENTRY: 24,
  PROGRAM_TABLE: 32,
  SECTION_TABLE: 40,
  FLAGS: 48,
  PROGRAM_ENTRY_BYTES: 54,
  PROGRAM_COUNT: 56,
  SECTION_ENTRY_BYTES: 58,
  SECTION_COUNT: 60,
} as const;

const FLAGS_BYTES = 4;

/** Offsets of a program header's fields. */
const Program = {
  TYPE: 0,
  FLAGS: 4,
  FILE_OFFSET: 8,
  VIRTUAL: 16,
  PHYSICAL: 24,
  FILE_BYTES: 32,
  MEMORY_BYTES: 40,
} as const;

/** Offsets of a section header's fields. */
const Section = { TYPE: 4, FILE_OFFSET: 24, BYTES: 32, LINK: 40 } as const;

/** Offsets of a symbol's fields. */
const Symbol64 = { NAME: 0, INFO: 4, SECTION: 6, VALUE: 8 } as const;

interface ElfSegment extends Segment {
  readonly virtualAddress: bigint;
  readonly isExecutable: boolean;
}

/** Is it an ELF file of any kind? */
export function isElf(bytes: Uint8Array): boolean {
  return new ImageReader("", bytes).spells(0, MAGIC);
}

/** The processor's own flags of an ELF file; 0 for what is none. */
export function elfFlags(bytes: Uint8Array): number {
  if (!isElf(bytes) || bytes.length < Header.FLAGS + FLAGS_BYTES) return 0;
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(Header.FLAGS, true);
}

/** Loads an ELF file. Throws LoadError. */
export function loadElf(name: string, bytes: Uint8Array): LoadedImage {
  const reader = new ImageReader(name, bytes);
  checkHeader(reader);
  const segments = readSegments(reader);
  return {
    name,
    segments: segments.map(({ physicalAddress, bytes, memoryBytes }) => ({
      physicalAddress,
      bytes,
      memoryBytes,
    })),
    entry: readEntry(reader, segments),
    symbols: readSymbols(reader, segments),
  };
}

function checkHeader(reader: ImageReader): void {
  if (!reader.spells(0, MAGIC)) {
    throw reader.fault(0, "this is not an ELF file", "use an ELF file, a Linux Image or a binary");
  }
  const build = "build it for riscv64 (little-endian)";
  const rules = [
    { offset: Header.CLASS, wanted: CLASS_64, cause: "it is not a 64-bit ELF file" },
    { offset: Header.DATA, wanted: LITTLE_ENDIAN, cause: "it is not little-endian" },
    { offset: Header.VERSION, wanted: CURRENT_VERSION, cause: "its ELF version is unknown" },
  ];
  for (const { offset, wanted, cause } of rules) {
    if (reader.u8(offset, "the ELF header") !== wanted) throw reader.fault(offset, cause, build);
  }
  const machine = reader.u16(Header.MACHINE, "the machine number");
  if (machine !== MACHINE_RISCV) {
    const name = OTHER_MACHINES.get(machine) ?? `machine ${machine}`;
    throw reader.fault(Header.MACHINE, `it is for ${name}, not for RISC-V`, build);
  }
  const kind = reader.u16(Header.TYPE, "the file type");
  if (kind !== FileKind.EXECUTABLE && kind !== FileKind.SHARED) {
    throw reader.fault(Header.TYPE, "it is not an executable", "link it first");
  }
}

function readSegments(reader: ImageReader): ElfSegment[] {
  const table = reader.size(Header.PROGRAM_TABLE, "the program header table's offset");
  const count = reader.u16(Header.PROGRAM_COUNT, "the number of program headers");
  const entryBytes = reader.u16(Header.PROGRAM_ENTRY_BYTES, "the size of a program header");
  if (count > 0 && entryBytes !== PROGRAM_HEADER_BYTES) {
    throw reader.fault(
      Header.PROGRAM_ENTRY_BYTES,
      `program headers have ${entryBytes} bytes, not ${PROGRAM_HEADER_BYTES}`,
      "rebuild or replace the file",
    );
  }
  if (count === COUNT_ELSEWHERE) {
    throw reader.fault(Header.PROGRAM_COUNT, "it has too many program headers", "link it anew");
  }
  const segments: ElfSegment[] = [];
  for (let index = 0; index < count; index++) {
    const header = table + index * PROGRAM_HEADER_BYTES;
    const type = reader.u32(header + Program.TYPE, "a program header");
    if (type === SEGMENT_INTERPRETER) throw userProgram(reader, header);
    if (type !== SEGMENT_LOAD) continue;
    const segment = readSegment(reader, header);
    if (segment.memoryBytes > 0) segments.push(segment);
  }
  if (segments.length > 0) return segments;
  throw reader.fault(Header.PROGRAM_COUNT, "it has nothing to load", "link it as an executable");
}

function userProgram(reader: ImageReader, header: number): LoadError {
  return reader.fault(
    header,
    "it is a program for an operating system, which would load libraries for it",
    "name a kernel, and put programs into -initrd",
  );
}

function readSegment(reader: ImageReader, header: number): ElfSegment {
  const fileBytes = reader.size(header + Program.FILE_BYTES, "a segment's size in the file");
  const memoryBytes = reader.size(header + Program.MEMORY_BYTES, "a segment's size in memory");
  const physicalAddress = readAddress(reader, header + Program.PHYSICAL);
  if (fileBytes > memoryBytes) {
    throw reader.fault(
      header + Program.MEMORY_BYTES,
      "a segment has more bytes in the file than in memory",
      "rebuild or replace the file",
    );
  }
  if (!Number.isSafeInteger(physicalAddress + memoryBytes)) {
    throw reader.fault(
      header + Program.PHYSICAL,
      "a segment ends past the largest address",
      "rebuild or replace the file",
    );
  }
  const start = reader.size(header + Program.FILE_OFFSET, "a segment's place in the file");
  return {
    physicalAddress,
    memoryBytes,
    bytes: reader.range(start, fileBytes, "a segment's content"),
    virtualAddress: reader.u64(header + Program.VIRTUAL, "a segment's virtual address"),
    isExecutable: (reader.u32(header + Program.FLAGS, "a segment's flags") &
      SEGMENT_EXECUTABLE) !== 0,
  };
}

function readAddress(reader: ImageReader, offset: number): number {
  const address = reader.u64(offset, "a segment's address");
  if (address <= Number.MAX_SAFE_INTEGER) return Number(address);
  throw reader.fault(
    offset,
    `a segment's address is 0x${address.toString(16)}, which is no physical address`,
    "of a Linux kernel use the Image in place of vmlinux; link other programs for RAM",
  );
}

function readEntry(reader: ImageReader, segments: readonly ElfSegment[]): number {
  const virtual = reader.u64(Header.ENTRY, "the entry point");
  const code = segments.filter((segment) => segment.isExecutable);
  const entry = physicalOf(virtual, code) ?? physicalOf(virtual, segments);
  if (entry !== undefined) return entry;
  throw reader.fault(
    Header.ENTRY,
    `the entry point 0x${virtual.toString(16)} lies in no segment`,
    "link it with an entry symbol",
  );
}

/** Physical address of a virtual one, by the first segment that holds it. */
function physicalOf(virtual: bigint, segments: readonly ElfSegment[]): number | undefined {
  for (const segment of segments) {
    const distance = virtual - segment.virtualAddress;
    if (distance >= 0n && distance < BigInt(segment.memoryBytes)) {
      return segment.physicalAddress + Number(distance);
    }
  }
  return undefined;
}

/** Named places inside segments. A file may have no section headers at all: then there are none. */
function readSymbols(reader: ImageReader, segments: readonly ElfSegment[]): Map<string, number> {
  const symbols = new Map<string, number>();
  const table = reader.size(Header.SECTION_TABLE, "the section header table's offset");
  const count = reader.u16(Header.SECTION_COUNT, "the number of section headers");
  const entryBytes = reader.u16(Header.SECTION_ENTRY_BYTES, "the size of a section header");
  if (table === 0 || count === 0) return symbols;
  if (entryBytes !== SECTION_HEADER_BYTES) {
    throw reader.fault(
      Header.SECTION_ENTRY_BYTES,
      `section headers have ${entryBytes} bytes, not ${SECTION_HEADER_BYTES}`,
      "rebuild or strip the file",
    );
  }
  let symbolBytes = 0;
  for (let index = 0; index < count; index++) {
    const header = table + index * SECTION_HEADER_BYTES;
    if (reader.u32(header + Section.TYPE, "a section header") !== SECTION_SYMBOLS) continue;
    const names = reader.u32(header + Section.LINK, "a symbol table's names");
    if (names >= count) {
      throw reader.fault(
        header + Section.LINK,
        `the symbol table's names are in section ${names} of ${count}`,
        "rebuild or strip the file",
      );
    }
    const strings = sectionContent(reader, table + names * SECTION_HEADER_BYTES);
    symbolBytes += sectionContent(reader, header).length;
    if (symbolBytes > reader.bytes.length) {
      throw reader.fault(header, "its symbol tables overlap", "rebuild or strip the file");
    }
    readSymbolTable(reader, header, strings, segments, symbols);
  }
  return symbols;
}

function sectionContent(reader: ImageReader, header: number): Uint8Array {
  const start = reader.size(header + Section.FILE_OFFSET, "a section's place in the file");
  const length = reader.size(header + Section.BYTES, "a section's size");
  return reader.range(start, length, "a section's content");
}

function readSymbolTable(
  reader: ImageReader,
  header: number,
  strings: Uint8Array,
  segments: readonly ElfSegment[],
  symbols: Map<string, number>,
): void {
  const start = reader.size(header + Section.FILE_OFFSET, "the symbol table's place");
  const length = sectionContent(reader, header).length;
  for (let offset = start; offset + SYMBOL_BYTES <= start + length; offset += SYMBOL_BYTES) {
    const type = reader.u8(offset + Symbol64.INFO, "a symbol") & SYMBOL_TYPE_MASK;
    const section = reader.u16(offset + Symbol64.SECTION, "a symbol");
    if (section === UNDEFINED_SECTION || !PLACE_TYPES.has(type)) continue;
    const nameStart = reader.u32(offset + Symbol64.NAME, "a symbol");
    const name = reader.text(strings.subarray(0, nameStart + LONGEST_NAME), nameStart);
    const place = physicalOf(reader.u64(offset + Symbol64.VALUE, "a symbol"), segments);
    if (name !== "" && place !== undefined) symbols.set(name, place);
  }
}
