/**
 * Functions of an ELF file by their virtual addresses, which is what a running program counts in (`loader/elf.ts`
 * gives physical places, for loading). Shared libraries and position-independent programs are read as well.
 *
 * Format: "System V Application Binary Interface", chapter "Object Files", section "Symbol Table".
 */

import { ImageReader } from "../loader/image_reader.ts";
import type { LoadError } from "../loader/load_error.ts";
import { addressFromBits } from "./guest_address.ts";
import { type GuestSymbol, isFunctionName } from "./symbol_table.ts";

const CLASS_OFFSET = 4;
const CLASS_64 = 2;
const SECTION_TABLE = 40;
const SECTION_COUNT = 60;
const SECTION_HEADER_BYTES = 64;
const SYMBOL_BYTES = 24;
const UNDEFINED_SECTION = 0;
const TYPE_MASK = 0xf;
/** Names longer than this are nobody's. */
const LONGEST_NAME = 1024;

/** Kinds of sections that hold symbols: of linking, and of loading, which is all that a stripped library has. */
const SectionKind = { SYMBOLS: 2, DYNAMIC_SYMBOLS: 11 } as const;
/** Types of symbols that name code: without a type (assembler), functions. */
const SymbolType = { NONE: 0, FUNCTION: 2 } as const;
const Section = { TYPE: 4, FLAGS: 8, FILE_OFFSET: 24, BYTES: 32, LINK: 40 } as const;
const SECTION_EXECUTABLE = 4n;
const Place = { NAME: 0, INFO: 4, SECTION: 6, VALUE: 8, BYTES: 16 } as const;

/** The functions that an ELF file names. Throws LoadError. */
export function elfSymbols(name: string, bytes: Uint8Array): GuestSymbol[] {
  const reader = new ImageReader(name, bytes);
  if (reader.u8(CLASS_OFFSET, "the ELF header") !== CLASS_64) {
    throw reader.fault(CLASS_OFFSET, "it is not a 64-bit ELF file", "name a file for riscv64");
  }
  const sections = sectionHeaders(reader);
  const full = sections.filter((header) => kindOf(reader, header) === SectionKind.SYMBOLS);
  const tables = full.length > 0
    ? full
    : sections.filter((header) => kindOf(reader, header) === SectionKind.DYNAMIC_SYMBOLS);
  return tables.flatMap((header) => readTable(reader, header, sections));
}

function kindOf(reader: ImageReader, header: number): number {
  return reader.u32(header + Section.TYPE, "a section header");
}

function sectionHeaders(reader: ImageReader): number[] {
  const table = reader.size(SECTION_TABLE, "the section header table's offset");
  const count = table === 0 ? 0 : reader.u16(SECTION_COUNT, "the number of section headers");
  reader.range(table, count * SECTION_HEADER_BYTES, "the section headers");
  return Array.from({ length: count }, (_, index) => table + index * SECTION_HEADER_BYTES);
}

function readTable(
  reader: ImageReader,
  header: number,
  sections: readonly number[],
): GuestSymbol[] {
  const link = reader.u32(header + Section.LINK, "a symbol table's names");
  if (link >= sections.length) throw noNames(reader, header, link, sections.length);
  const strings = content(reader, sections[link]);
  const start = reader.size(header + Section.FILE_OFFSET, "the symbol table's place");
  const end = start + content(reader, header).length;
  const symbols: GuestSymbol[] = [];
  for (let at = start; at + SYMBOL_BYTES <= end; at += SYMBOL_BYTES) {
    if (!isCode(reader, at, sections)) continue;
    const nameStart = reader.u32(at + Place.NAME, "a symbol");
    const name = reader.text(strings.subarray(0, nameStart + LONGEST_NAME), nameStart);
    if (!isFunctionName(name)) continue;
    const address = addressFromBits(reader.u64(at + Place.VALUE, "a symbol"));
    symbols.push({ name, address, bytes: Number(reader.u64(at + Place.BYTES, "a symbol")) });
  }
  return symbols;
}

function isCode(reader: ImageReader, symbol: number, sections: readonly number[]): boolean {
  const section = reader.u16(symbol + Place.SECTION, "a symbol");
  if (section === UNDEFINED_SECTION || section >= sections.length) return false;
  const type = reader.u8(symbol + Place.INFO, "a symbol") & TYPE_MASK;
  if (type === SymbolType.FUNCTION) return true;
  if (type !== SymbolType.NONE) return false;
  const flags = reader.u64(sections[section] + Section.FLAGS, "a section header");
  return (flags & SECTION_EXECUTABLE) !== 0n;
}

function content(reader: ImageReader, header: number): Uint8Array {
  const start = reader.size(header + Section.FILE_OFFSET, "a section's place in the file");
  const length = reader.size(header + Section.BYTES, "a section's size");
  return reader.range(start, length, "a section's content");
}

function noNames(reader: ImageReader, header: number, link: number, count: number): LoadError {
  return reader.fault(
    header + Section.LINK,
    `the symbol table's names are in section ${link} of ${count}`,
    "rebuild or strip the file",
  );
}
