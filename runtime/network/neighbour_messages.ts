/**
 * What stations of a link ask and tell each other: RFC 4861, "Message Formats", and RFC 8106, "Recursive DNS Server
 * Option".
 */

import { type Address, ADDRESS_BYTES, addressBytes, putAddress, readAddress } from "./address.ts";
import type { AddressRange } from "./address_range.ts";
import { ICMPV6_HEADER_BYTES, type Icmpv6Message, Icmpv6Type } from "./icmpv6.ts";
import { DEFAULT_HOP_LIMIT, type IpPacket } from "./ip_packet.ts";
import { MAC_BYTES } from "./mac_address.ts";

/** Such messages have this limit, which no router lets through: they come from the link itself. */
export const LINK_HOP_LIMIT = 255;

const VERSION = 6;
const OPTION_UNIT = 8;
const Option = { SOURCE_MAC: 1, TARGET_MAC: 2, PREFIX: 3, MTU: 5, NAME_SERVER: 25 } as const;
/** Flags of an advertisement of a neighbour's. */
const Flag = { ROUTER: 0x8000_0000, SOLICITED: 0x4000_0000, OVERRIDE: 0x2000_0000 } as const;
const PREFIX_ON_LINK = 0x80;
const PREFIX_AUTONOMOUS = 0x40;
/** Networks in which stations give themselves addresses: half of an address is their own. */
const AUTONOMOUS_BITS = 64;
/** Seconds: RFC 4861, "Router Configuration Variables", with QEMU's lifetimes of a prefix. */
const Lifetime = { ROUTER: 1800, VALID: 86_400, PREFERRED: 14_400 } as const;

/** A question for who has an address, or an answer to one. */
export interface NeighbourMessage {
  /** The address. */
  readonly target: Address;
  /** Who says that it has it or asks, if that is said. */
  readonly mac: Uint8Array | undefined;
}

/** Reads a question or an answer, whose checksum was right; null when it is none. */
export function readNeighbour({ payload, hopLimit }: IpPacket): NeighbourMessage | null {
  const end = ICMPV6_HEADER_BYTES + ADDRESS_BYTES[VERSION];
  if (hopLimit !== LINK_HOP_LIMIT || payload.length < end || payload[1] !== 0) return null;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const options = readOptions(payload.subarray(end));
  if (options === null) return null;
  const option = options.get(Option.TARGET_MAC) ?? options.get(Option.SOURCE_MAC);
  return {
    target: readAddress(view, ICMPV6_HEADER_BYTES, VERSION),
    mac: option?.slice(2, 2 + MAC_BYTES),
  };
}

/** @returns null when they are not whole, or of no length: such a message is dropped */
function readOptions(bytes: Uint8Array): Map<number, Uint8Array> | null {
  const options = new Map<number, Uint8Array>();
  for (let at = 0; at < bytes.length;) {
    const length = (bytes[at + 1] ?? 0) * OPTION_UNIT;
    if (length === 0 || at + length > bytes.length) return null;
    options.set(bytes[at], bytes.subarray(at, at + length));
    at += length;
  }
  return options;
}

/** Asks who has an address. */
export function solicitation(target: Address, mac: Readonly<Uint8Array>): Icmpv6Message {
  const body = Uint8Array.of(...addressBytes(target), ...macOption(Option.SOURCE_MAC, mac));
  return { type: Icmpv6Type.NEIGHBOUR_SOLICITATION, body };
}

/** Says who has an address. @param isAsked was that asked by somebody who has one? */
export function advertisement(
  target: Address,
  mac: Readonly<Uint8Array>,
  isAsked: boolean,
): Icmpv6Message {
  return {
    type: Icmpv6Type.NEIGHBOUR_ADVERTISEMENT,
    word: (Flag.ROUTER | Flag.OVERRIDE | (isAsked ? Flag.SOLICITED : 0)) >>> 0,
    body: Uint8Array.of(...addressBytes(target), ...macOption(Option.TARGET_MAC, mac)),
  };
}

/** What a router tells of a link. */
export interface RouterSettings {
  /** The router's station. */
  readonly mac: Readonly<Uint8Array>;
  /** The addresses on the link. */
  readonly network: AddressRange;
  /** The name server; null: none is told. */
  readonly nameServer: Address | null;
  /** Most bytes of a packet. */
  readonly mtu: number;
}

/**
 * What a router says of itself and the link: stations give themselves addresses, and there is nobody who gives them out.
 * Who asks for other things by DHCP gets an answer without being sent there.
 */
export function routerAdvertisement(settings: RouterSettings): Icmpv6Message {
  const { mac, network, nameServer, mtu } = settings;
  return {
    type: Icmpv6Type.ROUTER_ADVERTISEMENT,
    word: (DEFAULT_HOP_LIMIT << 24 | Lifetime.ROUTER) >>> 0,
    // How long a neighbour stays reachable, and how long to wait for one: as each station likes.
    body: Uint8Array.of(
      ...new Uint8Array(8),
      ...macOption(Option.SOURCE_MAC, mac),
      ...mtuOption(mtu),
      ...prefixOption(network),
      ...(nameServer === null ? [] : nameServerOption(nameServer)),
    ),
  };
}

function macOption(kind: number, mac: Readonly<Uint8Array>): Uint8Array {
  return Uint8Array.of(kind, 1, ...mac);
}

function mtuOption(mtu: number): Uint8Array {
  const view = beginOption(Option.MTU, 1);
  view.setUint32(4, mtu);
  return new Uint8Array(view.buffer);
}

function prefixOption({ base, bits }: AddressRange): Uint8Array {
  const view = beginOption(Option.PREFIX, 4);
  view.setUint8(2, bits);
  view.setUint8(3, PREFIX_ON_LINK | (bits === AUTONOMOUS_BITS ? PREFIX_AUTONOMOUS : 0));
  view.setUint32(4, Lifetime.VALID);
  view.setUint32(8, Lifetime.PREFERRED);
  putAddress(view, 16, base);
  return new Uint8Array(view.buffer);
}

function nameServerOption(address: Address): Uint8Array {
  const view = beginOption(Option.NAME_SERVER, 3);
  view.setUint32(4, Lifetime.ROUTER);
  putAddress(view, 8, address);
  return new Uint8Array(view.buffer);
}

function beginOption(kind: number, units: number): DataView<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(units * OPTION_UNIT));
  view.setUint8(0, kind);
  view.setUint8(1, units);
  return view;
}
