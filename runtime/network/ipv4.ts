/** Packets of version 4 of the Internet Protocol: RFC 791, "Internet Header Format". Options are skipped. */

import { putAddress, readAddress } from "./address.ts";
import { checksumOf } from "./checksum.ts";
import { DEFAULT_HOP_LIMIT, FRAGMENT_UNIT, type IpPacket, type NewPacket } from "./ip_packet.ts";

/** Bytes of a header without options. */
export const IPV4_HEADER_BYTES = 20;

const VERSION = 4;
const WORD_BYTES = 4;
const Field = {
  VERSION_LENGTH: 0,
  TOTAL_LENGTH: 2,
  IDENTIFICATION: 4,
  FRAGMENT: 6,
  TIME_TO_LIVE: 8,
  PROTOCOL: 9,
  CHECKSUM: 10,
  SOURCE: 12,
  DESTINATION: 16,
} as const;
const MORE_FRAGMENTS = 0x2000;
const OFFSET_MASK = 0x1fff;
const NOTHING = new Uint8Array(0);

/** Reads a packet; null when it is none. */
export function readIpv4(bytes: Uint8Array): IpPacket | null {
  if (bytes.length < IPV4_HEADER_BYTES || bytes[0] >>> 4 !== VERSION) return null;
  const headerBytes = (bytes[0] & 0xf) * WORD_BYTES;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const total = view.getUint16(Field.TOTAL_LENGTH);
  const isWhole = headerBytes >= IPV4_HEADER_BYTES && total >= headerBytes && total <= bytes.length;
  if (!isWhole || checksumOf(bytes.subarray(0, headerBytes)) !== 0) return null;
  const fragment = view.getUint16(Field.FRAGMENT);
  return {
    source: readAddress(view, Field.SOURCE, VERSION),
    destination: readAddress(view, Field.DESTINATION, VERSION),
    protocol: view.getUint8(Field.PROTOCOL),
    hopLimit: view.getUint8(Field.TIME_TO_LIVE),
    identification: view.getUint16(Field.IDENTIFICATION),
    fragmentOffset: (fragment & OFFSET_MASK) * FRAGMENT_UNIT,
    hasMoreFragments: (fragment & MORE_FRAGMENTS) !== 0,
    payload: bytes.subarray(headerBytes, total),
    bytes: bytes.subarray(0, total),
  };
}

/** Writes a packet to the start of `into`, which has room for it. */
export function writeIpv4(into: Uint8Array, { head = NOTHING, ...packet }: NewPacket): void {
  const view = new DataView(into.buffer, into.byteOffset, into.length);
  const header = into.subarray(0, IPV4_HEADER_BYTES);
  header.fill(0);
  view.setUint8(Field.VERSION_LENGTH, VERSION << 4 | IPV4_HEADER_BYTES / WORD_BYTES);
  const before = IPV4_HEADER_BYTES + head.length;
  view.setUint16(Field.TOTAL_LENGTH, before + packet.payload.length);
  view.setUint16(Field.IDENTIFICATION, packet.identification);
  const more = packet.hasMoreFragments ? MORE_FRAGMENTS : 0;
  view.setUint16(Field.FRAGMENT, packet.fragmentOffset / FRAGMENT_UNIT | more);
  view.setUint8(Field.TIME_TO_LIVE, packet.hopLimit ?? DEFAULT_HOP_LIMIT);
  view.setUint8(Field.PROTOCOL, packet.protocol);
  putAddress(view, Field.SOURCE, packet.source);
  putAddress(view, Field.DESTINATION, packet.destination);
  view.setUint16(Field.CHECKSUM, checksumOf(header));
  into.set(head, IPV4_HEADER_BYTES);
  into.set(packet.payload, before);
}
