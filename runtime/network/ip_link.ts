/**
 * A host's side of an Ethernet with guests on it: frames in and out, neighbours, fragments.
 *
 * A guest is known by what it has sent. A packet for one that is not yet known waits for the answer to "who has".
 */

import {
  type AddressRange,
  BROADCAST,
  BROADCAST_MAC,
  isInRange,
  isSameStation,
  isStation,
  lastOf,
  UNSPECIFIED,
} from "./address.ts";
import { arpBytes, ArpOperation, readArp } from "./arp.ts";
import {
  beginFrame,
  ETHERNET_HEADER_BYTES,
  type EthernetFrame,
  EtherType,
  MAX_FRAME_BYTES,
  readEthernet,
} from "./ethernet.ts";
import { Reassembly } from "./fragments.ts";
import {
  FRAGMENT_UNIT,
  IPV4_HEADER_BYTES,
  type Ipv4Packet,
  type NewPacket,
  readIpv4,
  writeIpv4,
} from "./ipv4.ts";

/** Most bytes of a packet that is not cut up by the guest's network card. */
export const MTU = 1500;
/** Bytes of a packet's payload that is a fragment: the most that fit, in whole units. */
const FRAGMENT_BYTES = Math.floor((MTU - IPV4_HEADER_BYTES) / FRAGMENT_UNIT) * FRAGMENT_UNIT;
/** Guests that are known at a time. */
const MAX_NEIGHBOURS = 64;
/** Packets that wait for a guest to be known. */
const MAX_WAITING = 4;

/** What is left to a network card to do with a frame. */
export interface FrameWork {
  /** Where the part begins that has a checksum, and where in that part it stands. */
  readonly checksumStart: number;
  readonly checksumOffset: number;
  /** Bytes of payload in each of the segments that the frame stands for; 0 when it is one. */
  readonly segmentBytes: number;
  /** Bytes of headers. */
  readonly headerBytes: number;
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
  readonly source: number;
  readonly destination: number;
  readonly protocol: number;
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
  /** Its address. */
  readonly address: number;
  /** The addresses on the link. */
  readonly network: AddressRange;
  /** Does the stand-in answer for an address? */
  readonly isOwn: (address: number) => boolean;
  /** Gives the guest a frame. */
  readonly deliver: (frame: OutgoingFrame) => void;
  /** Takes a guest's packet. */
  readonly received: (packet: Ipv4Packet, isComplete: boolean) => void;
  /** The time in milliseconds. */
  readonly now: () => number;
}

/** See the header of this file. */
export class IpLink {
  readonly #parts: LinkParts;
  readonly #neighbours = new Map<number, Uint8Array>();
  readonly #waiting = new Map<number, OutgoingPacket[]>();
  readonly #reassembly: Reassembly;
  /** The frame that is being given. */
  readonly #buffer = new Uint8Array(MAX_FRAME_BYTES);
  #identification = 0;

  /** A link without neighbours. */
  constructor(parts: LinkParts) {
    this.#parts = parts;
    this.#reassembly = new Reassembly(parts.now);
  }

  /** Takes a frame from the guest. @param isComplete are its checksums there? Else nobody can have damaged it */
  receive(bytes: Uint8Array, isComplete: boolean): void {
    const frame = readEthernet(bytes);
    if (frame === null || !isStation(frame.source)) return;
    if (frame.type === EtherType.ARP) this.#receiveArp(frame);
    else if (frame.type === EtherType.IPV4) this.#receivePacket(frame, isComplete);
  }

  #receiveArp({ payload }: EthernetFrame): void {
    const packet = readArp(payload);
    if (packet === null || !isStation(packet.senderMac)) return;
    this.#learn(packet.sender, packet.senderMac);
    const { mac, isOwn } = this.#parts;
    if (packet.operation !== ArpOperation.REQUEST || !isOwn(packet.target)) return;
    this.#sendArp(packet.senderMac, {
      operation: ArpOperation.REPLY,
      senderMac: mac,
      sender: packet.target,
      targetMac: packet.senderMac,
      target: packet.sender,
    });
  }

  #receivePacket({ source, payload }: EthernetFrame, isComplete: boolean): void {
    const part = readIpv4(payload);
    if (part === null || !this.#isGuest(part.source)) return;
    this.#learn(part.source, source);
    const packet = this.#reassembly.take(part);
    if (packet !== null) this.#parts.received(packet, isComplete);
  }

  /** A guest has an address of the network, or none yet. */
  #isGuest(address: number): boolean {
    return address === UNSPECIFIED ||
      (isInRange(this.#parts.network, address) && !this.#parts.isOwn(address));
  }

  #learn(address: number, mac: Uint8Array): void {
    if (address === UNSPECIFIED || !this.#isGuest(address)) return;
    const known = this.#neighbours.get(address);
    if (known !== undefined && isSameStation(known, mac)) return;
    if (known === undefined && this.#neighbours.size >= MAX_NEIGHBOURS) {
      const [oldest] = this.#neighbours.keys();
      this.#neighbours.delete(oldest);
    }
    this.#neighbours.set(address, mac.slice());
    const waiting = this.#waiting.get(address) ?? [];
    this.#waiting.delete(address);
    for (const packet of waiting) this.send(packet);
  }

  #sendArp(to: Readonly<Uint8Array>, packet: Parameters<typeof arpBytes>[0]): void {
    const payload = arpBytes(packet);
    const bytes = this.#beginFrame(to, EtherType.ARP, payload.length);
    bytes.set(payload, ETHERNET_HEADER_BYTES);
    this.#parts.deliver({ bytes, work: null });
  }

  /** Sends a packet to a guest, when it is known which station that is. */
  send(packet: OutgoingPacket): void {
    const { destination } = packet;
    const isForAll = destination === BROADCAST || destination === lastOf(this.#parts.network);
    const mac = isForAll ? BROADCAST_MAC : this.#neighbours.get(destination);
    if (mac !== undefined) this.sendTo(mac, packet);
    else this.#ask(packet);
  }

  /** Sends a packet to a station. */
  sendTo(mac: Readonly<Uint8Array>, { work, ...packet }: OutgoingPacket): void {
    this.#identification = (this.#identification + 1) & 0xffff;
    const whole = { ...packet, identification: this.#identification };
    const { payload, head } = packet;
    if (head !== undefined || work !== null || payload.length <= MTU - IPV4_HEADER_BYTES) {
      return this.#emit(mac, { ...whole, fragmentOffset: 0, hasMoreFragments: false }, work);
    }
    for (let offset = 0; offset < payload.length; offset += FRAGMENT_BYTES) {
      const end = Math.min(payload.length, offset + FRAGMENT_BYTES);
      this.#emit(mac, {
        ...whole,
        payload: payload.subarray(offset, end),
        fragmentOffset: offset,
        hasMoreFragments: end < payload.length,
      }, null);
    }
  }

  #emit(mac: Readonly<Uint8Array>, packet: NewPacket, work: FrameWork | null): void {
    const length = IPV4_HEADER_BYTES + (packet.head?.length ?? 0) + packet.payload.length;
    const bytes = this.#beginFrame(mac, EtherType.IPV4, length);
    writeIpv4(bytes.subarray(ETHERNET_HEADER_BYTES), packet);
    const before = ETHERNET_HEADER_BYTES + IPV4_HEADER_BYTES;
    this.#parts.deliver({
      bytes,
      work: work && {
        ...work,
        checksumStart: work.checksumStart + before,
        headerBytes: work.headerBytes + before,
      },
    });
  }

  #beginFrame(
    destination: Readonly<Uint8Array>,
    type: number,
    length: number,
  ): Uint8Array<ArrayBuffer> {
    return beginFrame(this.#buffer, { destination, source: this.#parts.mac, type }, length);
  }

  #ask(packet: OutgoingPacket): void {
    const { destination } = packet;
    if (!this.#isGuest(destination)) return;
    const waiting = this.#waiting.get(destination) ?? [];
    if (waiting.length < MAX_WAITING) waiting.push({ ...packet, payload: packet.payload.slice() });
    if (this.#waiting.size < MAX_NEIGHBOURS) this.#waiting.set(destination, waiting);
    this.#sendArp(BROADCAST_MAC, {
      operation: ArpOperation.REQUEST,
      senderMac: this.#parts.mac,
      sender: this.#parts.address,
      targetMac: new Uint8Array(BROADCAST_MAC.length),
      target: destination,
    });
  }
}
