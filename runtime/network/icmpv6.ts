/** Messages about packets, and between neighbours: RFC 4443, "ICMPv6 Message Formats". */

import type { Address } from "./address.ts";
import { transportChecksum } from "./checksum.ts";
import type { QuotedPacket } from "./icmp.ts";
import { type IpPacket, Protocol } from "./ip_packet.ts";
import { IPV6_HEADER_BYTES } from "./ipv6.ts";

/** Kinds of messages. */
export const Icmpv6Type = {
  UNREACHABLE: 1,
  TOO_BIG: 2,
  PARAMETER_PROBLEM: 4,
  ECHO: 128,
  ECHO_REPLY: 129,
  ROUTER_SOLICITATION: 133,
  ROUTER_ADVERTISEMENT: 134,
  NEIGHBOUR_SOLICITATION: 135,
  NEIGHBOUR_ADVERTISEMENT: 136,
} as const;

/** Why something is not delivered: "Destination Unreachable Message". */
export const Icmpv6Unreachable = { NO_ROUTE: 0, PROHIBITED: 1 } as const;

/** First of the kinds that are no errors. */
const FIRST_INFORMATION = 128;
const Field = { TYPE: 0, CODE: 1, CHECKSUM: 2, WORD: 4 } as const;
/** Bytes of a message before what is its own. */
export const ICMPV6_HEADER_BYTES = 8;
/** Every link takes a packet of so many bytes: an error says no more of the packet than fits into one. */
const LEAST_MTU = 1280;

/** A message to send. */
export interface Icmpv6Message {
  /** One of {@linkcode Icmpv6Type}. */
  readonly type: number;
  /** What it means depends on the kind. */
  readonly code?: number;
  /** 32 bits, whose meaning depends on the kind. */
  readonly word?: number;
  /** What follows. */
  readonly body: Uint8Array;
}

/** Writes a message. */
export function icmpv6Bytes(
  { type, code = 0, word = 0, body }: Icmpv6Message,
  source: Address,
  destination: Address,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(ICMPV6_HEADER_BYTES + body.length);
  const view = new DataView(bytes.buffer);
  bytes[Field.TYPE] = type;
  bytes[Field.CODE] = code;
  view.setUint32(Field.WORD, word);
  bytes.set(body, ICMPV6_HEADER_BYTES);
  const header = { source, destination, protocol: Protocol.ICMPV6 };
  view.setUint16(Field.CHECKSUM, transportChecksum(header, bytes));
  return bytes;
}

/** Is a packet's message whole? @param isComplete is its checksum there? */
export function isIcmpv6(packet: IpPacket, isComplete: boolean): boolean {
  const { payload } = packet;
  if (payload.length < ICMPV6_HEADER_BYTES) return false;
  return !isComplete || transportChecksum(packet, payload) === 0;
}

/** Is a packet's message about another packet? None is sent about such a one. */
export function isError({ protocol, payload }: IpPacket): boolean {
  return protocol === Protocol.ICMPV6 && payload[Field.TYPE] < FIRST_INFORMATION;
}

/** The answer to an echo request. */
export function echoReplyMessage(payload: Uint8Array): Icmpv6Message {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  return {
    type: Icmpv6Type.ECHO_REPLY,
    word: view.getUint32(Field.WORD),
    body: payload.subarray(ICMPV6_HEADER_BYTES),
  };
}

/** A message about a packet, with as much of it as fits. */
export function errorMessage(
  type: number,
  code: number,
  word: number,
  { bytes }: Pick<QuotedPacket, "bytes">,
): Icmpv6Message {
  const most = LEAST_MTU - IPV6_HEADER_BYTES - ICMPV6_HEADER_BYTES;
  return { type, code, word, body: bytes.subarray(0, most) };
}
