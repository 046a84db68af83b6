/** Packets of the Internet Protocol, as both versions have them. */

import type { Address } from "./address.ts";

/** Numbers of what packets carry. */
export const Protocol = { ICMP: 1, TCP: 6, UDP: 17, ICMPV6: 58 } as const;

/** Most bytes of a packet. */
export const MAX_PACKET_BYTES = 0xffff;
/** Fragments begin at multiples of this. */
export const FRAGMENT_UNIT = 8;
/** How many routers a packet may pass that says nothing else. */
export const DEFAULT_HOP_LIMIT = 64;

/** A packet, or a fragment of one. */
export interface IpPacket {
  /** Who has sent it. */
  readonly source: Address;
  /** Whom it is for. */
  readonly destination: Address;
  /** What it carries. */
  readonly protocol: number;
  /** How many routers it may still pass. */
  readonly hopLimit: number;
  /** Tells fragments of different packets apart. */
  readonly identification: number;
  /** Where the payload begins in the whole packet's. */
  readonly fragmentOffset: number;
  /** Do others follow? */
  readonly hasMoreFragments: boolean;
  /** What it carries, behind all headers of the protocol's own. */
  readonly payload: Uint8Array;
  /** The packet as it was read, with its headers. */
  readonly bytes: Uint8Array;
}

/** A packet to write. */
export interface NewPacket extends Omit<IpPacket, "bytes" | "hopLimit"> {
  /** How many routers it may pass. */
  readonly hopLimit?: number | undefined;
  /** What stands before the payload. */
  readonly head?: Uint8Array | undefined;
}

/** Is it less than a whole packet? */
export function isFragment(
  packet: Pick<IpPacket, "fragmentOffset" | "hasMoreFragments">,
): boolean {
  return packet.fragmentOffset > 0 || packet.hasMoreFragments;
}
