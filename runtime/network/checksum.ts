/** The checksum of the Internet protocols: RFC 1071, and the pseudo header of RFC 9293 and RFC 768. */

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
  readonly source: number;
  /** Address of the receiver. */
  readonly destination: number;
  /** Number of the transport. */
  readonly protocol: number;
}

/** The sum of a pseudo header, for a datagram of that length. */
export function pseudoSum({ source, destination, protocol }: PseudoHeader, length: number): number {
  return (source >>> CARRY_BITS) + (source & MASK) + (destination >>> CARRY_BITS) +
    (destination & MASK) + protocol + length;
}

/**
 * The checksum of a datagram with its pseudo header; 0 when it contains a right one.
 * @param parts the datagram; all but the last have an even length
 */
export function transportChecksum(header: PseudoHeader, ...parts: readonly Uint8Array[]): number {
  const length = parts.reduce((total, part) => total + part.length, 0);
  return ~foldSum(parts.reduce(addToSum, pseudoSum(header, length))) & MASK;
}
