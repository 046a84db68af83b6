/**
 * Collects the names that a profile uses: symbol tables of the ELF files that were loaded, the table that a Linux
 * `Image` carries inside, and files that the user names.
 *
 * A kernel's table has the addresses that it was linked for, which are those it runs at unless it was told to move
 * itself; before it switches translation on it runs where it was loaded. What has no names is noted, not refused: only a
 * file that was named for its names has to have some.
 */

import { isElf } from "../loader/elf.ts";
import { readKernelHeader } from "../loader/kernel_image.ts";
import { LoadError } from "../loader/load_error.ts";
import { unpackProgram } from "../loader/packed_program.ts";
import { elfSymbols } from "../profile/elf_symbols.ts";
import { kallsyms } from "../profile/kallsyms.ts";
import { SymbolTable } from "../profile/symbol_table.ts";
import { textSymbols } from "../profile/symbol_text.ts";
import { Symbols, type SymbolSet } from "../profile/symbols.ts";
import type { LoadedFile, MachineDescription, SymbolFile } from "./options.ts";

/** The kernel's first byte. */
const KERNEL_START = "_start";

/** What was found in one file. */
interface FoundSymbols {
  readonly sets: readonly SymbolSet[];
  readonly note?: string;
}

/**
 * The names for a machine. Throws LoadError for files that the user names for their symbols.
 * @param kernelAddress where the kernel was loaded
 */
export async function profileSymbols(
  description: MachineDescription,
  kernelAddress: number | undefined,
): Promise<Symbols> {
  const { kernel, bios, loads, symbols, memoryBytes } = description;
  const programs = [
    ...(kernel === undefined ? [] : [kernel]),
    ...(typeof bios === "string" ? [] : [bios]),
  ];
  const found: FoundSymbols[] = symbols.map((file) => ({ sets: [namedSet(file)] }));
  for (const file of programs) {
    const bytes = await unpackProgram(file, memoryBytes);
    found.push(programSymbols({ name: file.name, bytes }, kernelAddress ?? 0));
  }
  for (const load of loads) {
    if ("file" in load && isElf(load.file.bytes)) found.push(programSymbols(load.file, 0));
  }
  return new Symbols(
    found.flatMap(({ sets }) => sets),
    found.flatMap(({ note }) => note === undefined ? [] : [note]),
  );
}

function namedSet({ file: { name, bytes }, address = 0 }: SymbolFile): SymbolSet {
  const symbols = isElf(bytes) ? elfSymbols(name, bytes) : textSymbols(name, bytes);
  if (symbols.length > 0) {
    return { table: new SymbolTable(symbols).moved(address), isSystem: false };
  }
  throw new LoadError(name, 0, "it names no functions", "use a file that is not stripped");
}

function programSymbols({ name, bytes }: LoadedFile, address: number): FoundSymbols {
  if (isElf(bytes)) return elfProgram(name, bytes);
  if (readKernelHeader(name, bytes) !== undefined) return kernelImage(name, bytes, address);
  return { sets: [], note: `${name}: a flat binary has no symbols; -symbols FILE names some` };
}

/** A program that can be loaded runs, whatever its symbols are like. */
function elfProgram(name: string, bytes: Uint8Array): FoundSymbols {
  try {
    const symbols = elfSymbols(name, bytes);
    if (symbols.length === 0) return { sets: [], note: `${name}: it was stripped of its symbols` };
    return { sets: [{ table: new SymbolTable(symbols), isSystem: false }] };
  } catch (error) {
    if (!(error instanceof LoadError)) throw error;
    return { sets: [], note: `${name}: its symbols cannot be read: ${error.message}` };
  }
}

function kernelImage(name: string, bytes: Uint8Array, address: number): FoundSymbols {
  const symbols = kallsyms(bytes);
  if (symbols === undefined) {
    const note = `${name}: no symbol table was found in the kernel; -symbols System.map names some`;
    return { sets: [], note };
  }
  const table = new SymbolTable(symbols);
  const start = table.addressOf(KERNEL_START);
  const early = start === undefined ? [] : [table.moved(address - start)];
  return { sets: [table, ...early].map((each) => ({ table: each, isSystem: true })) };
}
