/**
 * The headers between that of a packet and what it carries: RFC 8200, "IPv6 Extension Headers". What their options ask of a
 * host is done where it is to drop the packet, or to say so; a chain of them is followed as far as it is sensible.
 */

import { isGroup } from "./ipv6_addresses.ts";
import { FRAGMENT_UNIT, type IpPacket, isFragment, Protocol } from "./ip_packet.ts";
import {
  FRAGMENT_HEADER,
  FRAGMENT_HEADER_BYTES,
  IPV6_HEADER_BYTES,
  NEXT_HEADER_AT,
  readFragmentHeader,
} from "./ipv6.ts";

const Header = { HOP_BY_HOP: 0, ROUTING: 43, NOTHING: 59, DESTINATION: 60 } as const;
/** Headers that are followed in one packet: each kind is there at most once or twice, in this order. */
const MAX_HEADERS = 8;
const UNIT_BYTES = 8;
const SEGMENTS_LEFT_AT = 3;
const ROUTING_TYPE_AT = 2;
const FIRST_OPTION_AT = 2;
const PAD_ONE = 0;
/** What to do with a packet that has an unknown option: its two highest bits. Those that matter to a router are skipped. */
const OptionAction = { SKIP: 0, DROP: 1, TELL: 2, TELL_ONE: 3 } as const;
const OPTION_ACTION_SHIFT = 6;
/** Where a packet says how long it is. */
const PAYLOAD_LENGTH_AT = 4;

/** Codes of what is wrong with a packet: RFC 4443, "Parameter Problem Message". */
export const HeaderProblem = { FIELD: 0, NEXT_HEADER: 1, OPTION: 2 } as const;

/** What is wrong with a packet. */
export interface HeaderFault {
  /** One of {@linkcode HeaderProblem}. */
  readonly code: number;
  /** Where, in the packet. */
  readonly pointer: number;
}

/** What became of a packet's headers; null: it is to be dropped without a word. */
export type SkippedHeaders = IpPacket | HeaderFault | null;

/** Is it a fault and no packet? */
export function isFault(skipped: IpPacket | HeaderFault): skipped is HeaderFault {
  return "pointer" in skipped;
}

/** The packet with what it carries, or the fragment that it is. @param isFirst are these the headers of a whole packet? */
export function skipExtensions(packet: IpPacket, isFirst: boolean): SkippedHeaders {
  let current = packet;
  let namedAt = NEXT_HEADER_AT;
  for (let count = 0; count < MAX_HEADERS; count++) {
    const { protocol, payload } = current;
    const at = packet.bytes.length - payload.length;
    if (isCarried(protocol)) return current;
    if (protocol === Header.NOTHING) return null;
    const isKnown = protocol === Header.ROUTING || protocol === Header.DESTINATION ||
      (isFirst && protocol === FRAGMENT_HEADER) ||
      (isFirst && protocol === Header.HOP_BY_HOP && at === IPV6_HEADER_BYTES);
    if (!isKnown) return { code: HeaderProblem.NEXT_HEADER, pointer: namedAt };
    const next = protocol === FRAGMENT_HEADER ? intoFragment(current) : behindHeader(current, at);
    if (next === null || isFault(next) || isFragment(next)) return next;
    current = next;
    namedAt = at;
  }
  return null;
}

function isCarried(protocol: number): boolean {
  return protocol === Protocol.TCP || protocol === Protocol.UDP || protocol === Protocol.ICMPV6;
}

function intoFragment(packet: IpPacket): SkippedHeaders {
  const { payload } = packet;
  if (payload.length < FRAGMENT_HEADER_BYTES) return null;
  const place = readFragmentHeader(payload);
  const rest = payload.subarray(FRAGMENT_HEADER_BYTES);
  if (place.hasMoreFragments && rest.length % FRAGMENT_UNIT !== 0) {
    return { code: HeaderProblem.FIELD, pointer: PAYLOAD_LENGTH_AT };
  }
  return { ...packet, ...place, payload: rest };
}

function behindHeader(packet: IpPacket, at: number): SkippedHeaders {
  const { protocol, payload } = packet;
  const length = (payload[1] + 1) * UNIT_BYTES;
  if (payload.length < UNIT_BYTES || payload.length < length) return null;
  if (protocol === Header.ROUTING) {
    // There are no routers behind this one: a packet that asks for a way is at its end, or lost.
    if (payload[SEGMENTS_LEFT_AT] > 0) {
      return { code: HeaderProblem.FIELD, pointer: at + ROUTING_TYPE_AT };
    }
  } else {
    const fault = optionFault(payload.subarray(0, length), packet);
    if (fault !== undefined) return fault && { ...fault, pointer: fault.pointer + at };
  }
  return { ...packet, protocol: payload[0], payload: payload.subarray(length) };
}

/** @returns undefined when nothing is wrong with a header's options */
function optionFault(header: Uint8Array, packet: IpPacket): HeaderFault | null | undefined {
  for (let at = FIRST_OPTION_AT; at < header.length;) {
    const kind = header[at];
    if (kind === PAD_ONE) {
      at++;
      continue;
    }
    const end = at + 2 + (header[at + 1] ?? header.length);
    if (end > header.length) return null;
    const action = kind >>> OPTION_ACTION_SHIFT;
    if (action !== OptionAction.SKIP) {
      const isSilent = action === OptionAction.DROP ||
        (action === OptionAction.TELL_ONE && isGroup(packet.destination));
      return isSilent ? null : { code: HeaderProblem.OPTION, pointer: at };
    }
    at = end;
  }
  return undefined;
}
