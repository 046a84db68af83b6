/**
 * Addresses of version 4 that packets for an address of version 6 come to in the end, by a translator or a tunnel of the
 * host's or its provider's.
 */

import { type Address, ipv4Address } from "./address.ts";
import { type AddressRange, isInRange, parseRange } from "./address_range.ts";

interface Embedding {
  readonly range: AddressRange;
  readonly addresses: (address: Address) => Address[];
}

const EMBEDDINGS: readonly Embedding[] = [
  // A translator: RFC 6052, "Well-Known Prefix".
  embedding("64:ff9b::/96", ({ word3 }) => [ipv4Address(word3)]),
  // 6to4: RFC 3056, "IPv6 Prefix Allocation". The router's address stands behind 16 bits.
  embedding(
    "2002::/16",
    ({ word0, word1 }) => [ipv4Address((word0 << 16) | (word1 >>> 16))],
  ),
  // Teredo: RFC 4380, "Teredo Addresses". The server, and the other end with all its bits inverted.
  embedding("2001::/32", ({ word1, word3 }) => [ipv4Address(word1), ipv4Address(~word3)]),
];

function embedding(text: string, addresses: Embedding["addresses"]): Embedding {
  const range = parseRange(text);
  if (range === undefined) throw new TypeError(`Cannot take ${text} for a range`);
  return { range, addresses };
}

/** See the header of this file; none where an address leads to version 6. */
export function embeddedAddresses(address: Address): Address[] {
  return EMBEDDINGS.flatMap(({ range, addresses }) =>
    isInRange(range, address) ? addresses(address) : []
  );
}
