/** Packets of version 6 of the Internet Protocol: RFC 8200, "IPv6 Header Format" and "Fragment Header". */

import { putAddress, readAddress } from "./address.ts";
import { DEFAULT_HOP_LIMIT, type IpPacket, isFragment, type NewPacket } from "./ip_packet.ts";

/** Bytes of the header that every packet has. */
export const IPV6_HEADER_BYTES = 40;
/** Bytes of the header of a fragment. */
export const FRAGMENT_HEADER_BYTES = 8;
/** What stands in front of a fragment's header. */
export const FRAGMENT_HEADER = 44;

const VERSION = 6;
const Field = { PAYLOAD_LENGTH: 4, HOP_LIMIT: 7, SOURCE: 8, DESTINATION: 24 } as const;
/** Where a packet says what follows its header. */
export const NEXT_HEADER_AT = 6;
const FragmentField = { NEXT_HEADER: 0, OFFSET: 2, IDENTIFICATION: 4 } as const;
const MORE_FRAGMENTS = 1;
const OFFSET_MASK = 0xfff8;
const NOTHING = new Uint8Array(0);

/** Reads a packet as far as its first header goes; null when it is none. Its protocol may be that of another header. */
export function readIpv6(bytes: Uint8Array): IpPacket | null {
  if (bytes.length < IPV6_HEADER_BYTES || bytes[0] >>> 4 !== VERSION) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const total = IPV6_HEADER_BYTES + view.getUint16(Field.PAYLOAD_LENGTH);
  if (total > bytes.length) return null;
  return {
    source: readAddress(view, Field.SOURCE, VERSION),
    destination: readAddress(view, Field.DESTINATION, VERSION),
    protocol: view.getUint8(NEXT_HEADER_AT),
    hopLimit: view.getUint8(Field.HOP_LIMIT),
    identification: 0,
    fragmentOffset: 0,
    hasMoreFragments: false,
    payload: bytes.subarray(IPV6_HEADER_BYTES, total),
    bytes: bytes.subarray(0, total),
  };
}

/** What the header of a fragment says. */
export type FragmentPlace = Pick<
  IpPacket,
  "protocol" | "identification" | "fragmentOffset" | "hasMoreFragments"
>;

/** Reads the header of a fragment, at the start of bytes that have room for one. */
export function readFragmentHeader(bytes: Uint8Array): FragmentPlace {
  const view = new DataView(bytes.buffer, bytes.byteOffset, FRAGMENT_HEADER_BYTES);
  const place = view.getUint16(FragmentField.OFFSET);
  return {
    protocol: view.getUint8(FragmentField.NEXT_HEADER),
    identification: view.getUint32(FragmentField.IDENTIFICATION),
    fragmentOffset: place & OFFSET_MASK,
    hasMoreFragments: (place & MORE_FRAGMENTS) !== 0,
  };
}

/** Writes a packet to the start of `into`, which has room for it. */
export function writeIpv6(into: Uint8Array, { head = NOTHING, ...packet }: NewPacket): void {
  const view = new DataView(into.buffer, into.byteOffset, into.length);
  const isPart = isFragment(packet);
  const before = IPV6_HEADER_BYTES + (isPart ? FRAGMENT_HEADER_BYTES : 0);
  const behind = before + head.length;
  into.fill(0, 0, before);
  view.setUint8(0, VERSION << 4);
  view.setUint16(Field.PAYLOAD_LENGTH, behind + packet.payload.length - IPV6_HEADER_BYTES);
  view.setUint8(NEXT_HEADER_AT, isPart ? FRAGMENT_HEADER : packet.protocol);
  view.setUint8(Field.HOP_LIMIT, packet.hopLimit ?? DEFAULT_HOP_LIMIT);
  putAddress(view, Field.SOURCE, packet.source);
  putAddress(view, Field.DESTINATION, packet.destination);
  if (isPart) {
    view.setUint8(IPV6_HEADER_BYTES, packet.protocol);
    view.setUint16(
      IPV6_HEADER_BYTES + FragmentField.OFFSET,
      packet.fragmentOffset | (packet.hasMoreFragments ? MORE_FRAGMENTS : 0),
    );
    view.setUint32(IPV6_HEADER_BYTES + FragmentField.IDENTIFICATION, packet.identification);
  }
  into.set(head, before);
  into.set(packet.payload, behind);
}
