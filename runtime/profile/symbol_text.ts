/**
 * Symbols as text: a `System.map` or what Linux prints in `/proc/kallsyms`. A line is an address in hexadecimal, a
 * letter for the kind, a name, and for kernel modules the module's name in brackets.
 */

import { LoadError } from "../loader/load_error.ts";
import { addressFromBits } from "./guest_address.ts";
import { type GuestSymbol, isCodeKind, isFunctionName } from "./symbol_table.ts";

const LINE = /^([0-9a-fA-F]{1,16}) ([a-zA-Z]) (\S+)(?:\s+(\[[^\]]+\]))?\s*$/;
/** Longer lines are not of such a file. */
const LONGEST_LINE = 4096;
const HEX = "0x";

/** The functions that the text names. Throws LoadError. */
export function textSymbols(name: string, bytes: Uint8Array): GuestSymbol[] {
  const lines = new TextDecoder().decode(bytes).split("\n");
  const symbols = lines.flatMap((line, index) => {
    if (line.trim() === "") return [];
    const match = line.length > LONGEST_LINE ? null : LINE.exec(line);
    if (match === null) throw noSymbol(name, index);
    const [, digits, kind, word, module] = match;
    if (!isCodeKind(kind) || !isFunctionName(word)) return [];
    const text = module === undefined ? word : `${word} ${module}`;
    return [{ name: text, address: addressFromBits(BigInt(HEX + digits)), bytes: 0 }];
  });
  if (symbols.length > 0 && symbols.every(({ address }) => address === 0)) throw hidden(name);
  return symbols;
}

function noSymbol(name: string, line: number): LoadError {
  return new LoadError(
    name,
    0,
    `line ${line + 1} is not an address, a letter and a name`,
    "name an ELF file, a System.map or a copy of /proc/kallsyms",
  );
}

/** Linux shows addresses to root only. */
function hidden(name: string): LoadError {
  return new LoadError(name, 0, "all its addresses are 0", "copy /proc/kallsyms as root");
}
