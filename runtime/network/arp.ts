/** Who has an address: RFC 826, for Ethernet and version 4 of the Internet Protocol. */

import { type Address, putAddress, readAddress } from "./address.ts";
import { EtherType } from "./ethernet.ts";
import { MAC_BYTES } from "./mac_address.ts";

/** What a packet says. */
export const ArpOperation = { REQUEST: 1, REPLY: 2 } as const;

/** Bytes of a packet. */
export const ARP_BYTES = 28;

const ETHERNET = 1;
const ADDRESS_BYTES = 4;
const Field = {
  HARDWARE: 0,
  PROTOCOL: 2,
  HARDWARE_LENGTH: 4,
  PROTOCOL_LENGTH: 5,
  OPERATION: 6,
  SENDER_MAC: 8,
  SENDER: 14,
  TARGET_MAC: 18,
  TARGET: 24,
} as const;

/** A packet. */
export interface ArpPacket {
  /** What it says. */
  readonly operation: number;
  /** Who says it. */
  readonly senderMac: Readonly<Uint8Array>;
  /** The sender's address. */
  readonly sender: Address;
  /** Whom it is for, in an answer. */
  readonly targetMac: Readonly<Uint8Array>;
  /** The address that is asked for. */
  readonly target: Address;
}

/** Reads a packet; null when it is none. */
export function readArp(bytes: Uint8Array): ArpPacket | null {
  if (bytes.length < ARP_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, ARP_BYTES);
  const isKnown = view.getUint16(Field.HARDWARE) === ETHERNET &&
    view.getUint16(Field.PROTOCOL) === EtherType.IPV4 &&
    view.getUint8(Field.HARDWARE_LENGTH) === MAC_BYTES &&
    view.getUint8(Field.PROTOCOL_LENGTH) === ADDRESS_BYTES;
  if (!isKnown) return null;
  return {
    operation: view.getUint16(Field.OPERATION),
    senderMac: bytes.slice(Field.SENDER_MAC, Field.SENDER_MAC + MAC_BYTES),
    sender: readAddress(view, Field.SENDER, 4),
    targetMac: bytes.slice(Field.TARGET_MAC, Field.TARGET_MAC + MAC_BYTES),
    target: readAddress(view, Field.TARGET, 4),
  };
}

/** Writes a packet. */
export function arpBytes(packet: ArpPacket): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(ARP_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(Field.HARDWARE, ETHERNET);
  view.setUint16(Field.PROTOCOL, EtherType.IPV4);
  view.setUint8(Field.HARDWARE_LENGTH, MAC_BYTES);
  view.setUint8(Field.PROTOCOL_LENGTH, ADDRESS_BYTES);
  view.setUint16(Field.OPERATION, packet.operation);
  bytes.set(packet.senderMac, Field.SENDER_MAC);
  putAddress(view, Field.SENDER, packet.sender);
  bytes.set(packet.targetMac, Field.TARGET_MAC);
  putAddress(view, Field.TARGET, packet.target);
  return bytes;
}
