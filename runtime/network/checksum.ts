/** The checksum of the Internet protocols: RFC 1071, and the pseudo headers of RFC 9293, RFC 768 and RFC 8200. */

import type { Address } from "./address.ts";

const CARRY_BITS = 16;
const MASK = 0xffff;

/** Adds bytes, as big-endian half words, to a sum. */
export function addToSum(sum: number, bytes: Uint8Array): number {
  let total = sum;
  const even = bytes.length & ~1;
  for (let at = 0; at < even; at += 2) total += (bytes[at] << 8) | bytes[at + 1];
  if (even < bytes.length) total += bytes[even] << 8;
  return total;
}

/** The sum with its carries added in. */
export function foldSum(sum: number): number {
  let folded = sum;
  while (folded > MASK) folded = Math.floor(folded / (MASK + 1)) + (folded & MASK);
  return folded;
}

/** The checksum of bytes; 0 for bytes that contain a right one. */
export function checksumOf(bytes: Uint8Array): number {
  return ~foldSum(addToSum(0, bytes)) & MASK;
}

/** What a datagram of a transport is summed up with. */
export interface PseudoHeader {
  /** Address of the sender. */
  readonly source: Address;
  /** Address of the receiver. */
  readonly destination: Address;
  /** Number of the transport. */
  readonly protocol: number;
}

function wordSum(word: number): number {
  return (word >>> CARRY_BITS) + (word & MASK);
}

function addressSum({ word0, word1, word2, word3 }: Address): number {
  return wordSum(word0) + wordSum(word1) + wordSum(word2) + wordSum(word3);
}

/** The sum of a pseudo header, for a datagram of that length: fields of 0 make no difference between the versions. */
export function pseudoSum({ source, destination, protocol }: PseudoHeader, length: number): number {
  return addressSum(source) + addressSum(destination) + protocol + wordSum(length);
}

/**
 * The checksum of a datagram with its pseudo header; 0 when it contains a right one.
 * @param parts the datagram; all but the last have an even length
 */
export function transportChecksum(header: PseudoHeader, ...parts: readonly Uint8Array[]): number {
  const length = parts.reduce((total, part) => total + part.length, 0);
  return ~foldSum(parts.reduce(addToSum, pseudoSum(header, length))) & MASK;
}
