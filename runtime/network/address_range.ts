/** Ranges of addresses: those that begin with the same bits. */

import { type Address, ADDRESS_BITS, ipv4Address, type IpVersion, LOOPBACK } from "./address.ts";
import { parseAddress } from "./address_text.ts";

const WORD_BITS = 32;
const LOOPBACK_RANGES: Readonly<Record<IpVersion, AddressRange>> = {
  4: { base: ipv4Address(0x7f00_0000), bits: 8 },
  6: { base: LOOPBACK[6], bits: 128 },
};

/** See the header of this file. */
export interface AddressRange {
  /** The lowest one. */
  readonly base: Address;
  /** How many bits they share. */
  readonly bits: number;
}

/** The range that a text like `10.0.2.0/24` stands for; without bits it is one address. */
export function parseRange(text: string): AddressRange | undefined {
  const [head, tail, more] = text.split("/");
  const address = parseAddress(head);
  if (address === undefined || more !== undefined) return undefined;
  const most = ADDRESS_BITS[address.version];
  if (tail === undefined) return { base: address, bits: most };
  const bits = /^\d{1,3}$/.test(tail) ? Number(tail) : most + 1;
  return bits > most ? undefined : rangeOf(address, bits);
}

/** The range that an address is in, with so many bits. */
export function rangeOf(address: Address, bits: number): AddressRange {
  const own = ownBits(address, bits);
  const base = {
    version: address.version,
    word0: (address.word0 & wordMask(own)) >>> 0,
    word1: (address.word1 & wordMask(own - WORD_BITS)) >>> 0,
    word2: (address.word2 & wordMask(own - 2 * WORD_BITS)) >>> 0,
    word3: (address.word3 & wordMask(own - 3 * WORD_BITS)) >>> 0,
  };
  return { base, bits };
}

/** Is the address one of the range? */
export function isInRange({ base, bits }: AddressRange, address: Address): boolean {
  if (base.version !== address.version) return false;
  const own = ownBits(base, bits);
  return !differs(base.word3, address.word3, own - 3 * WORD_BITS) &&
    !differs(base.word2, address.word2, own - 2 * WORD_BITS) &&
    !differs(base.word1, address.word1, own - WORD_BITS) &&
    !differs(base.word0, address.word0, own);
}

function differs(a: number, b: number, bits: number): boolean {
  return ((a ^ b) & wordMask(bits)) !== 0;
}

/** Bits of the four words that are the range's; the first three words of version 4 always are. */
function ownBits({ version }: Address, bits: number): number {
  return ADDRESS_BITS[6] - ADDRESS_BITS[version] + bits;
}

/** The first bits of a word: none of them below 0, all of them from 32 on. */
function wordMask(bits: number): number {
  if (bits <= 0) return 0;
  return bits >= WORD_BITS ? 0xffff_ffff : (-1 << (WORD_BITS - bits)) >>> 0;
}

/** Is it one of the host itself, as it sees itself? */
export function isLoopback(address: Address): boolean {
  return isInRange(LOOPBACK_RANGES[address.version], address);
}

/** The mask of a range of version 4 with so many bits, as an address has it. */
export function maskOf(bits: number): number {
  return wordMask(bits);
}

/** The highest address of a range of version 4, which is everyone in it. */
export function lastOf({ base, bits }: AddressRange): Address {
  return { ...base, word3: (base.word3 | ~wordMask(bits)) >>> 0 };
}
