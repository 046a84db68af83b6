/**
 * A host's side of an Ethernet with guests on it: frames in and out, neighbours, packets that are cut into fragments.
 *
 * A guest is known by what it has sent. A packet for one that is not yet known waits for the answer to "who has".
 */

import { type Address, type IpVersion, isUnspecified } from "./address.ts";
import type { AddressFamily } from "./address_family.ts";
import {
  beginFrame,
  ETHERNET_HEADER_BYTES,
  type EthernetFrame,
  EtherType,
  MAX_FRAME_BYTES,
  readEthernet,
} from "./ethernet.ts";
import { IP_FORMATS } from "./ip_format.ts";
import { FRAGMENT_UNIT, type IpPacket, isFragment, type NewPacket } from "./ip_packet.ts";
import { isStation } from "./mac_address.ts";
import { Neighbours } from "./neighbours.ts";

/** Most bytes of a packet that is not cut up by the guest's network card. */
export const MTU = 1500;

/** What is left to a network card to do with a frame. */
export interface FrameWork {
  /** Where the part begins that has a checksum, and where in that part it stands. */
  readonly checksumStart: number;
  readonly checksumOffset: number;
  /** Bytes of payload in each of the segments that the frame stands for; 0 when it is one. */
  readonly segmentBytes: number;
  /** Bytes of headers. */
  readonly headerBytes: number;
  /** Version of the packet. */
  readonly version: IpVersion;
}

/** A frame for the guest. */
export interface OutgoingFrame {
  /** The frame, which is there only during the call that gives it. */
  readonly bytes: Uint8Array;
  /** What is left to do; null when it is whole. */
  readonly work: FrameWork | null;
}

/** A packet to send. */
export interface OutgoingPacket {
  readonly source: Address;
  readonly destination: Address;
  readonly protocol: number;
  /** How many routers it may pass, where that matters. */
  readonly hopLimit?: number;
  /** What stands before the payload, in a packet that is not to be cut into fragments. */
  readonly head?: Uint8Array;
  readonly payload: Uint8Array;
  /** What is left to do, with positions in head and payload; null when it is whole. */
  readonly work: FrameWork | null;
}

/** What a link is made of. */
export interface LinkParts {
  /** The stand-in's own station. */
  readonly mac: Readonly<Uint8Array>;
  /** What there is of a version; undefined where a network has none of it. */
  readonly family: (version: IpVersion) => AddressFamily | undefined;
  /** Gives the guest a frame. */
  readonly deliver: (frame: OutgoingFrame) => void;
  /** Takes the payload of a frame with a packet of ARP. */
  readonly receivedArp: (payload: Uint8Array) => void;
  /** Takes a guest's packet. */
  readonly received: (packet: IpPacket, isComplete: boolean) => void;
}

/** See the header of this file. */
export class IpLink {
  readonly #parts: LinkParts;
  readonly #neighbours = new Neighbours();
  /** The frame that is being given. */
  readonly #buffer = new Uint8Array(MAX_FRAME_BYTES);
  #identification = 0;

  /** A link without neighbours. */
  constructor(parts: LinkParts) {
    this.#parts = parts;
  }

  /** Takes a frame from the guest. @param isComplete are its checksums there? Else nobody can have damaged it */
  receive(bytes: Uint8Array, isComplete: boolean): void {
    const frame = readEthernet(bytes);
    if (frame === null || !isStation(frame.source)) return;
    switch (frame.type) {
      case EtherType.ARP:
        return this.#parts.receivedArp(frame.payload);
      case EtherType.IPV4:
        return this.#receivePacket(4, frame, isComplete);
      case EtherType.IPV6:
        return this.#receivePacket(6, frame, isComplete);
      default:
        return;
    }
  }

  #receivePacket(
    version: IpVersion,
    { source, payload }: EthernetFrame,
    isComplete: boolean,
  ): void {
    const packet = this.#parts.family(version)?.read(payload) ?? null;
    if (packet === null) return;
    this.learn(packet.source, source);
    this.#parts.received(packet, isComplete);
  }

  /** Learns who has an address, if that is a guest's, and sends what has waited for that. */
  learn(address: Address, mac: Readonly<Uint8Array>): void {
    const isGuest = this.#parts.family(address.version)?.isGuest(address) === true;
    if (isUnspecified(address) || !isGuest) return;
    for (const packet of this.#neighbours.learn(address, mac)) this.send(packet);
  }

  /** Sends a packet to a guest, when it is known which station that is. */
  send(packet: OutgoingPacket): void {
    const { destination } = packet;
    const family = this.#parts.family(destination.version);
    if (family === undefined) return;
    const mac = this.#neighbours.find(destination) ?? family.groupMac(destination);
    if (mac !== null) return this.sendTo(mac, packet);
    if (!family.isGuest(destination)) return;
    this.#neighbours.wait(packet);
    family.ask(destination);
  }

  /** Sends a packet to a station. */
  sendTo(mac: Readonly<Uint8Array>, { work, ...packet }: OutgoingPacket): void {
    this.#identification = (this.#identification + 1) & 0xffff;
    const whole = { ...packet, identification: this.#identification };
    const { payload, head, destination } = packet;
    const { headerBytes, fragmentHeaderBytes } = IP_FORMATS[destination.version];
    if (head !== undefined || work !== null || payload.length <= MTU - headerBytes) {
      return this.#emit(mac, { ...whole, fragmentOffset: 0, hasMoreFragments: false }, work);
    }
    const most = Math.floor((MTU - fragmentHeaderBytes) / FRAGMENT_UNIT) * FRAGMENT_UNIT;
    for (let offset = 0; offset < payload.length; offset += most) {
      const end = Math.min(payload.length, offset + most);
      this.#emit(mac, {
        ...whole,
        payload: payload.subarray(offset, end),
        fragmentOffset: offset,
        hasMoreFragments: end < payload.length,
      }, null);
    }
  }

  #emit(mac: Readonly<Uint8Array>, packet: NewPacket, work: FrameWork | null): void {
    const { etherType, write, ...format } = IP_FORMATS[packet.destination.version];
    const headers = isFragment(packet) ? format.fragmentHeaderBytes : format.headerBytes;
    const length = headers + (packet.head?.length ?? 0) + packet.payload.length;
    const bytes = this.#beginFrame(mac, etherType, length);
    write(bytes.subarray(ETHERNET_HEADER_BYTES), packet);
    const before = ETHERNET_HEADER_BYTES + headers;
    this.#parts.deliver({
      bytes,
      work: work && {
        ...work,
        checksumStart: work.checksumStart + before,
        headerBytes: work.headerBytes + before,
      },
    });
  }

  /** Sends a frame that carries something else than a packet. */
  sendFrame(to: Readonly<Uint8Array>, type: number, payload: Uint8Array): void {
    const bytes = this.#beginFrame(to, type, payload.length);
    bytes.set(payload, ETHERNET_HEADER_BYTES);
    this.#parts.deliver({ bytes, work: null });
  }

  #beginFrame(
    destination: Readonly<Uint8Array>,
    type: number,
    length: number,
  ): Uint8Array<ArrayBuffer> {
    return beginFrame(this.#buffer, { destination, source: this.#parts.mac, type }, length);
  }
}
