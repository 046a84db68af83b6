/** Packets with a datagram in them. */

import type { Endpoint } from "./host_network.ts";
import type { QuotedPacket } from "./icmp.ts";
import { IP_FORMATS } from "./ip_format.ts";
import type { OutgoingPacket } from "./ip_link.ts";
import { Protocol } from "./ip_packet.ts";
import { udpBytes } from "./udp.ts";

/** A packet with a datagram. */
export function datagramPacket(from: Endpoint, to: Endpoint, bytes: Uint8Array): OutgoingPacket {
  const header = { source: from.address, destination: to.address, protocol: Protocol.UDP };
  const datagram = { sourcePort: from.port, destinationPort: to.port, payload: bytes };
  return { ...header, payload: udpBytes(datagram, header), work: null };
}

/** A datagram of a guest's as the guest has sent it, for messages about it. */
export function quotedDatagram(guest: Endpoint, to: Endpoint, sent: Uint8Array): QuotedPacket {
  const { headerBytes, write } = IP_FORMATS[guest.address.version];
  const packet = datagramPacket(guest, to, sent);
  const bytes = new Uint8Array(headerBytes + packet.payload.length);
  write(bytes, { ...packet, identification: 0, fragmentOffset: 0, hasMoreFragments: false });
  return { bytes, payload: bytes.subarray(headerBytes) };
}
