/**
 * Finds the symbol table that a Linux kernel carries for its own messages (CONFIG_KALLSYMS) in a plain `Image`, which
 * has no symbol table of the usual kind.
 *
 * The table is five arrays in a row whose places no header tells; they are found by their structure:
 *
 * - tokens: 256 texts, each ended by a zero byte, and an array of 256 distances to them. A character that occurs in
 *   names stands for itself, so the digits follow each other.
 * - names: for each symbol a length and so many token numbers; the first character of the text is the symbol's kind.
 *   The array before it says how many there are, the array behind it where every 256th begins.
 * - offsets: for each symbol a distance from a base, ascending; base and offsets stand behind the tokens (Linux 6.4 and
 *   later) or before the names.
 *
 * Nothing is believed that does not fit together: a file that is no kernel, is damaged or is of another layout has no
 * table here. Each search is bounded by the size of the file.
 *
 * Source: layout of `scripts/kallsyms.c` and `kernel/kallsyms.c` of Linux 6.1 to 6.12.
 */

import { addressFromBits } from "./guest_address.ts";
import { type GuestSymbol, isCodeKind, isFunctionName } from "./symbol_table.ts";

const TOKENS = 256;
const DIGIT_TOKEN = 0x30;
const DIGITS = "0123456789";
/** Between two marked names. */
const MARKER_STEP = 256;
/** Longest text of a token. */
const LONGEST_TOKEN = 512;
/** Bytes that arrays start at multiples of. */
const ALIGNMENT = 8;
const WORD_BYTES = 4;
/** In a name's length: another byte with more of it follows. */
const MORE_LENGTH = 0x80;
const LENGTH_BITS = 7;
/** Bytes of the longest name's tokens, with their length. */
const LONGEST_NAME_BYTES = 514;
/** Fewer symbols are no kernel's. */
const LEAST_SYMBOLS = 2 * MARKER_STEP;
/** Where 64-bit RISC-V kernels are linked, if the base is left to be relocated. */
const LINK_ADDRESS = -0x8000_0000;

interface Tokens {
  readonly start: number;
  readonly end: number;
  readonly texts: readonly string[];
}

interface Names {
  /** Where their number stands. */
  readonly start: number;
  readonly texts: readonly string[];
}

/** The functions that a kernel names, or undefined when there is no table that can be read. */
export function kallsyms(image: Uint8Array): GuestSymbol[] | undefined {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  for (const tokens of tokenTables(image, view)) {
    const names = readNames(image, view, tokens);
    const addresses = names && readAddresses(view, tokens, names);
    if (names !== undefined && addresses !== undefined) return functions(names.texts, addresses);
  }
  return undefined;
}

function functions(names: readonly string[], addresses: readonly number[]): GuestSymbol[] {
  return names.flatMap((text, index) => {
    const name = text.slice(1);
    if (!isCodeKind(text[0]) || !isFunctionName(name)) return [];
    return [{ name, address: addresses[index], bytes: 0 }];
  });
}

// --- tokens -----------------------------------------------------------------------------------------

function* tokenTables(image: Uint8Array, view: DataView): Generator<Tokens> {
  const digits = new TextEncoder().encode([...DIGITS, ""].join("\0"));
  for (let at = indexOf(image, digits, 0); at >= 0; at = indexOf(image, digits, at + 1)) {
    const tokens = tokenTable(image, view, at);
    if (tokens !== undefined) yield tokens;
  }
}

function indexOf(image: Uint8Array, wanted: Uint8Array, from: number): number {
  for (let at = image.indexOf(wanted[0], from); at >= 0; at = image.indexOf(wanted[0], at + 1)) {
    if (wanted.every((byte, index) => image[at + index] === byte)) return at;
  }
  return -1;
}

/** @param digit where the token for the digit 0 is */
function tokenTable(image: Uint8Array, view: DataView, digit: number): Tokens | undefined {
  let end = digit;
  for (let token = DIGIT_TOKEN; token < TOKENS; token++) {
    const zero = image.subarray(0, end + LONGEST_TOKEN).indexOf(0, end);
    if (zero < 0) return undefined;
    end = zero + 1;
  }
  const index = alignUp(end, ALIGNMENT);
  if (index + TOKENS * 2 > image.length) return undefined;
  const start = digit - view.getUint16(index + DIGIT_TOKEN * 2, true);
  if (start < 0) return undefined;
  const texts: string[] = [];
  let next = 0;
  for (let token = 0; token < TOKENS; token++) {
    if (view.getUint16(index + token * 2, true) !== next) return undefined;
    const zero = image.subarray(0, start + next + LONGEST_TOKEN).indexOf(0, start + next);
    if (zero < 0) return undefined;
    texts.push(String.fromCharCode(...image.subarray(start + next, zero)));
    next = zero + 1 - start;
  }
  return start + next === end ? { start, end: index + TOKENS * 2, texts } : undefined;
}

// --- names ------------------------------------------------------------------------------------------

function readNames(image: Uint8Array, view: DataView, tokens: Tokens): Names | undefined {
  const markers = readMarkers(view, tokens.start);
  if (markers === undefined) return undefined;
  const { start: markersStart, values } = markers;
  const most = values.length * MARKER_STEP;
  const last = markersStart - values[values.length - 1];
  const first = Math.max(ALIGNMENT, last - MARKER_STEP * LONGEST_NAME_BYTES);
  for (let start = alignUp(last, ALIGNMENT); start >= first; start -= ALIGNMENT) {
    const count = view.getUint32(start - ALIGNMENT, true);
    if (count > most || count <= most - MARKER_STEP || count < LEAST_SYMBOLS) continue;
    const range = { start, end: markersStart };
    const texts = nameTexts(image, range, count, values, tokens.texts);
    if (texts !== undefined) return { start: start - ALIGNMENT, texts };
  }
  return undefined;
}

/** Distances of every 256th name, ascending from 0; they end where the tokens begin. */
function readMarkers(
  view: DataView,
  end: number,
): { readonly start: number; readonly values: readonly number[] } | undefined {
  const values: number[] = [];
  let at = alignUp(end, ALIGNMENT) - WORD_BYTES;
  if (at >= WORD_BYTES && view.getUint32(at, true) === 0) at -= WORD_BYTES;
  for (; at >= 0; at -= WORD_BYTES) {
    const value = view.getUint32(at, true);
    if (values.length > 0 && value >= values[values.length - 1]) return undefined;
    if (value > at) return undefined;
    values.push(value);
    if (value === 0) return values.length < 2 ? undefined : { start: at, values: values.reverse() };
  }
  return undefined;
}

function nameTexts(
  image: Uint8Array,
  range: { readonly start: number; readonly end: number },
  count: number,
  markers: readonly number[],
  tokens: readonly string[],
): string[] | undefined {
  const texts: string[] = [];
  let at = range.start;
  for (let index = 0; index < count; index++) {
    const isMarked = index % MARKER_STEP === 0;
    if (isMarked && markers[index / MARKER_STEP] !== at - range.start) return undefined;
    let length = image[at++];
    if ((length & MORE_LENGTH) !== 0) length = (length ^ MORE_LENGTH) | image[at++] << LENGTH_BITS;
    if (length === 0 || at + length > range.end) return undefined;
    let text = "";
    for (let k = 0; k < length; k++) text += tokens[image[at + k]];
    if (text.length < 2) return undefined;
    texts.push(text);
    at += length;
  }
  return alignUp(at, ALIGNMENT) === range.end ? texts : undefined;
}

// --- addresses --------------------------------------------------------------------------------------

function readAddresses(view: DataView, tokens: Tokens, names: Names): number[] | undefined {
  const count = names.texts.length;
  const bytes = alignUp(count * WORD_BYTES, ALIGNMENT);
  const behind = alignUp(tokens.end, ALIGNMENT);
  return ascending(view, behind, count, behind + bytes) ??
    ascending(view, names.start - ALIGNMENT - bytes, count, names.start - ALIGNMENT);
}

function ascending(
  view: DataView,
  offsets: number,
  count: number,
  baseAt: number,
): number[] | undefined {
  if (offsets < 0 || baseAt + ALIGNMENT > view.byteLength) return undefined;
  const base = addressFromBits(view.getBigUint64(baseAt, true)) || LINK_ADDRESS;
  const addresses: number[] = [];
  let last = 0;
  for (let index = 0; index < count; index++) {
    const offset = view.getUint32(offsets + index * WORD_BYTES, true);
    if (offset < last) return undefined;
    addresses.push(base + offset);
    last = offset;
  }
  return last === 0 ? undefined : addresses;
}

function alignUp(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment;
}
