/** Addresses of version 6 that mean something by themselves: RFC 4291, "IP Version 6 Addressing Architecture". */

import { type Address, ipv6Address } from "./address.ts";
import { type AddressRange, isInRange, rangeOf } from "./address_range.ts";

/** Everyone on the link. */
export const ALL_NODES: Address = ipv6Address(0xff02_0000, 0, 0, 1);
/** The router on the link, as it names itself to its neighbours: QEMU's. */
export const LINK_ROUTER: Address = ipv6Address(0xfe80_0000, 0, 0, 2);
/** Addresses that are good on one link. */
export const LINK_LOCAL: AddressRange = rangeOf(ipv6Address(0xfe80_0000, 0, 0, 0), 10);

/** Nobody, the host itself, and addresses of version 4 in those of version 6. */
const OF_NOBODY_ELSE: AddressRange = rangeOf(ipv6Address(0, 0, 0, 0), 80);
const GROUPS: AddressRange = rangeOf(ipv6Address(0xff00_0000, 0, 0, 0), 8);
/** What a group of those begins with whose addresses have the same last 24 bits. */
const SOLICITED = ipv6Address(0xff02_0000, 0, 1, 0xff00_0000);
const SOLICITED_MASK = 0x00ff_ffff;
/** Bit of an interface's identifier that says that it is not made of an address which is unique in the world. */
const LOCAL_BIT = 0x02;

/** Is it an address of many? */
export function isGroup(address: Address): boolean {
  return isInRange(GROUPS, address);
}

/** The group that is asked who has an address: "Solicited-Node Address". */
export function solicitedGroup({ word3 }: Address): Address {
  return { ...SOLICITED, word3: (SOLICITED.word3 | (word3 & SOLICITED_MASK)) >>> 0 };
}

/** The stations of a group: RFC 2464, "Address Mapping -- Multicast". */
export function groupMac({ word3 }: Address): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(0x33, 0x33, word3 >>> 24, word3 >>> 16, word3 >>> 8, word3);
}

/** The address that a station gives itself in a network of 64 bits: RFC 2464, "Stateless Autoconfiguration". */
export function stationAddress({ base }: AddressRange, mac: Readonly<Uint8Array>): Address {
  const [a, b, c, d, e, f] = mac;
  return ipv6Address(
    base.word0,
    base.word1,
    ((a ^ LOCAL_BIT) << 24) | (b << 16) | (c << 8) | 0xff,
    (0xfe << 24) | (d << 16) | (e << 8) | f,
  );
}

/** Is it an address that is good on one link or one host alone? */
export function isOfThisLink(address: Address): boolean {
  return isInRange(LINK_LOCAL, address) || isInRange(OF_NOBODY_ELSE, address);
}
