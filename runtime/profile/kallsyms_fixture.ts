/** Builds kernel images with a symbol table inside, for tests: both orders of the arrays, with bytes around them. */

import type { GuestSymbol } from "./symbol_table.ts";

/** What is built. */
export interface KallsymsShape {
  /** Symbols in ascending order; the first character of a name is its kind. */
  readonly symbols: readonly Pick<GuestSymbol, "name" | "address">[];
  /** Base of the offsets; 0: to be relocated. */
  readonly base: bigint;
  /** Do offsets and base stand before the names, as in older kernels? */
  readonly isOld: boolean;
}

/** Pairs and more of letters that have a token of their own, in codes that no name uses as a letter. */
const LONG_TOKENS: readonly string[] = ["Tfu", "nction_", "tl", "sys_"];
const FIRST_LONG_TOKEN = 0x80;
const TOKENS = 256;
const MARKER_STEP = 256;
const ALIGNMENT = 8;
const LENGTH_MORE = 0x80;

class ByteList {
  readonly bytes: number[] = [];

  align(): void {
    while (this.bytes.length % ALIGNMENT !== 0) this.bytes.push(0);
  }

  word(value: number, width = 4): void {
    for (let at = 0; at < width; at++) this.bytes.push((value >>> (8 * at)) & 0xff);
  }

  wide(value: bigint): void {
    for (let at = 0n; at < 64n; at += 8n) this.bytes.push(Number((value >> at) & 0xffn));
  }
}

function tokenText(code: number): string {
  const long = LONG_TOKENS[code - FIRST_LONG_TOKEN];
  if (long !== undefined) return long;
  return code > 0x20 && code < 0x7f ? String.fromCharCode(code) : "";
}

function encoded(name: string): number[] {
  const codes: number[] = [];
  for (let at = 0; at < name.length;) {
    const long = LONG_TOKENS.findIndex((text) => name.startsWith(text, at));
    codes.push(long < 0 ? name.charCodeAt(at) : FIRST_LONG_TOKEN + long);
    at += long < 0 ? 1 : LONG_TOKENS[long].length;
  }
  return codes;
}

/** See the header of this file. */
export function kernelWithSymbols({ symbols, base, isOld }: KallsymsShape): Uint8Array {
  const list = new ByteList();
  const first = symbols[0].address;
  const offsets = (): void => {
    for (const { address } of symbols) list.word(address - first);
    list.align();
    list.wide(base);
  };
  for (let at = 0; at < 800; at++) list.bytes.push((at * 37) & 0xff);
  if (isOld) offsets();
  list.word(symbols.length);
  list.align();
  const markers = addNames(list, symbols.map(({ name }) => name));
  list.align();
  for (const marker of markers) list.word(marker);
  list.align();
  const starts = addTokens(list);
  list.align();
  for (const start of starts) list.word(start, 2);
  list.align();
  if (!isOld) offsets();
  for (let at = 0; at < 800; at++) list.bytes.push((at * 91) & 0xff);
  return Uint8Array.from(list.bytes);
}

function addNames(list: ByteList, names: readonly string[]): number[] {
  const start = list.bytes.length;
  const markers: number[] = [];
  names.forEach((name, index) => {
    if (index % MARKER_STEP === 0) markers.push(list.bytes.length - start);
    const codes = encoded(name);
    if (codes.length < LENGTH_MORE) list.bytes.push(codes.length);
    else list.bytes.push((codes.length & 0x7f) | LENGTH_MORE, codes.length >> 7);
    list.bytes.push(...codes);
  });
  return markers;
}

function addTokens(list: ByteList): number[] {
  const start = list.bytes.length;
  return Array.from({ length: TOKENS }, (_, code) => {
    const at = list.bytes.length - start;
    list.bytes.push(...new TextEncoder().encode(tokenText(code)), 0);
    return at;
  });
}
