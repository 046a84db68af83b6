/** Builds small ELF files for tests: two segments and a symbol table, with single fields to be broken. */

/** Field offsets that tests break. */
export const Field = {
  CLASS: 4,
  DATA: 5,
  VERSION: 6,
  TYPE: 16,
  MACHINE: 18,
  ENTRY: 24,
  PROGRAM_ENTRY_BYTES: 54,
  PROGRAM_COUNT: 56,
  SECTION_ENTRY_BYTES: 58,
} as const;

/** Physical address of the first segment; its virtual address is {@linkcode VIRTUAL_BASE}. */
export const PHYSICAL_BASE = 0x8000_0000;
/** Virtual address of the first segment. */
export const VIRTUAL_BASE = 0xffff_ffff_8000_0000n;
/** Content of the first segment. */
export const CODE: Uint8Array = Uint8Array.of(0x13, 0, 0, 0, 0x73, 0, 0x10, 0);
/** Physical address of the second segment, identical to its virtual address. */
export const DATA_BASE = 0x8000_1000;
/** Size in memory of the second segment; its content is 4 bytes. */
export const DATA_MEMORY_BYTES = 0x100;

const PROGRAM_TABLE = 64;
const PROGRAM_HEADER_BYTES = 56;
const CONTENT = PROGRAM_TABLE + 2 * PROGRAM_HEADER_BYTES;
const NAMES = CONTENT + 16;
const NAME_TEXT = "\0_start\0tohost\0elsewhere\0";
const SYMBOLS = NAMES + 32;
const SYMBOL_BYTES = 24;
const SECTION_TABLE = SYMBOLS + 4 * SYMBOL_BYTES;
const SECTION_HEADER_BYTES = 64;
const FILE_BYTES = SECTION_TABLE + 3 * SECTION_HEADER_BYTES;

/** A well-formed file. */
export function elfFile(): Uint8Array {
  const bytes = new Uint8Array(FILE_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(Field.TYPE, 2, true);
  view.setUint16(Field.MACHINE, 243, true);
  view.setBigUint64(Field.ENTRY, VIRTUAL_BASE + 4n, true);
  view.setBigUint64(32, BigInt(PROGRAM_TABLE), true);
  view.setBigUint64(40, BigInt(SECTION_TABLE), true);
  view.setUint16(Field.PROGRAM_ENTRY_BYTES, PROGRAM_HEADER_BYTES, true);
  view.setUint16(Field.PROGRAM_COUNT, 2, true);
  view.setUint16(Field.SECTION_ENTRY_BYTES, SECTION_HEADER_BYTES, true);
  view.setUint16(60, 3, true);
  writeSegments(view);
  bytes.set(CODE, CONTENT);
  bytes.set([1, 2, 3, 4], CONTENT + CODE.length);
  bytes.set(new TextEncoder().encode(NAME_TEXT), NAMES);
  writeSymbols(view);
  writeSections(view);
  return bytes;
}

function writeSegments(view: DataView): void {
  const rows = [
    [CONTENT, VIRTUAL_BASE, PHYSICAL_BASE, CODE.length, CODE.length, 5],
    [CONTENT + CODE.length, BigInt(DATA_BASE), DATA_BASE, 4, DATA_MEMORY_BYTES, 6],
  ] as const;
  rows.forEach(([offset, virtual, physical, fileBytes, memoryBytes, flags], index) => {
    const header = PROGRAM_TABLE + index * PROGRAM_HEADER_BYTES;
    view.setUint32(header, 1, true);
    view.setUint32(header + 4, flags, true);
    view.setBigUint64(header + 8, BigInt(offset), true);
    view.setBigUint64(header + 16, virtual, true);
    view.setBigUint64(header + 24, BigInt(physical), true);
    view.setBigUint64(header + 32, BigInt(fileBytes), true);
    view.setBigUint64(header + 40, BigInt(memoryBytes), true);
  });
}

function writeSymbols(view: DataView): void {
  const rows = [
    [1, VIRTUAL_BASE + 4n],
    [8, BigInt(DATA_BASE) + 0x40n],
    [15, 0x1234n],
  ] as const;
  rows.forEach(([name, value], index) => {
    const symbol = SYMBOLS + (index + 1) * SYMBOL_BYTES;
    view.setUint32(symbol, name, true);
    view.setUint16(symbol + 6, 1, true);
    view.setBigUint64(symbol + 8, value, true);
  });
}

function writeSections(view: DataView): void {
  const symbols = SECTION_TABLE + SECTION_HEADER_BYTES;
  view.setUint32(symbols + 4, 2, true);
  view.setBigUint64(symbols + 24, BigInt(SYMBOLS), true);
  view.setBigUint64(symbols + 32, BigInt(4 * SYMBOL_BYTES), true);
  view.setUint32(symbols + 40, 2, true);
  const names = symbols + SECTION_HEADER_BYTES;
  view.setUint32(names + 4, 3, true);
  view.setBigUint64(names + 24, BigInt(NAMES), true);
  view.setBigUint64(names + 32, BigInt(NAME_TEXT.length), true);
}
