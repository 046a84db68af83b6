/** Addresses of the Internet Protocol, and ports, as text: RFC 4291 and RFC 5952, "Text Representation of Addresses". */

import { type Address, ipv4Address, ipv6Address } from "./address.ts";

const MAX_PORT = 0xffff;
const GROUPS = 8;
const GROUP_BITS = 16;

/** The address that a text like `10.0.2.2` or `fec0::2` stands for. */
export function parseAddress(text: string): Address | undefined {
  return text.includes(":") ? parseVersion6(text) : parseVersion4(text);
}

function parseVersion4(text: string): Address | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const bytes = match.slice(1).map(Number);
  if (bytes.some((byte) => byte > 255)) return undefined;
  return ipv4Address(bytes.reduce((address, byte) => address * 256 + byte, 0));
}

function parseVersion6(text: string): Address | undefined {
  const [head, tail, more] = text.split("::");
  if (more !== undefined) return undefined;
  const before = groupsOf(head, tail === undefined);
  const after = groupsOf(tail ?? "", true);
  if (before === undefined || after === undefined) return undefined;
  const missing = GROUPS - before.length - after.length;
  // Two colons stand for at least one group.
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...before, ...new Array<number>(missing).fill(0), ...after];
  const word = (index: number): number =>
    groups[2 * index] * 2 ** GROUP_BITS + groups[2 * index + 1];
  return ipv6Address(word(0), word(1), word(2), word(3));
}

/** Groups between colons; the last one may be written as an address of version 4. */
function groupsOf(text: string, isLast: boolean): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) {
      groups.push(parseInt(part, 16));
      continue;
    }
    const old = isLast && index === parts.length - 1 ? parseVersion4(part) : undefined;
    if (old === undefined) return undefined;
    groups.push(old.word3 >>> GROUP_BITS, old.word3 & 0xffff);
  }
  return groups;
}

/** An address as text. */
export function addressText(address: Address): string {
  if (address.version === 4) {
    return [24, 16, 8, 0].map((shift) => (address.word3 >>> shift) & 0xff).join(".");
  }
  const words = [address.word0, address.word1, address.word2, address.word3];
  const groups = words.flatMap((word) => [word >>> GROUP_BITS, word & 0xffff]);
  const texts = groups.map((group) => group.toString(16));
  const { from, length } = longestRunOfZeros(groups);
  if (length < 2) return texts.join(":");
  return `${texts.slice(0, from).join(":")}::${texts.slice(from + length).join(":")}`;
}

/** The first of the longest ones. */
function longestRunOfZeros(groups: readonly number[]): { from: number; length: number } {
  let longest = { from: 0, length: 0 };
  for (let from = 0; from < groups.length; from++) {
    const end = groups.findIndex((group, at) => at >= from && group !== 0);
    const length = (end < 0 ? groups.length : end) - from;
    if (length > longest.length) longest = { from, length };
  }
  return longest;
}

/** A port that a text names, without 0. */
export function parsePort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= MAX_PORT ? port : undefined;
}
