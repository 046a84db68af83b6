/** What version 4 does in its own way: stations are found by ARP, addresses given out by DHCP, messages sent by ICMP. */

import { type Address, BROADCAST, isSameAddress, isUnspecified } from "./address.ts";
import type { AddressFamily, Refusal } from "./address_family.ts";
import type { FamilyPlan } from "./address_plan.ts";
import { isInRange, lastOf } from "./address_range.ts";
import { arpBytes, ArpOperation, type ArpPacket, readArp } from "./arp.ts";
import { datagramPacket, quotedDatagram } from "./datagram_packet.ts";
import { DhcpPort } from "./dhcp.ts";
import { DhcpServer, type DhcpSettings } from "./dhcp_server.ts";
import { EtherType } from "./ethernet.ts";
import { Reassembly } from "./fragments.ts";
import type { Endpoint } from "./host_network.ts";
import { echoReply, Unreachable, unreachable } from "./icmp.ts";
import type { IpLink } from "./ip_link.ts";
import { type IpPacket, Protocol } from "./ip_packet.ts";
import { readIpv4 } from "./ipv4.ts";
import { BROADCAST_MAC, isStation, MAC_BYTES } from "./mac_address.ts";
import { readUdp, type UdpDatagram } from "./udp.ts";

/** What a family is made of. */
export interface Ipv4Parts extends DhcpSettings {
  readonly link: IpLink;
  /** The gateway's station. */
  readonly mac: Readonly<Uint8Array>;
  /** Does the gateway answer for an address? */
  readonly isOwn: (address: Address) => boolean;
  /** The time in milliseconds. */
  readonly now: () => number;
}

const REFUSALS: Readonly<Record<Refusal, number>> = {
  prohibited: Unreachable.PROHIBITED,
  unreachable: Unreachable.NETWORK,
};

/** See the header of this file. */
export class Ipv4Family implements AddressFamily {
  readonly #parts: Ipv4Parts;
  readonly #plan: FamilyPlan;
  readonly #reassembly: Reassembly;
  readonly #dhcp: DhcpServer;

  /** The family of a network. */
  constructor(parts: Ipv4Parts) {
    this.#parts = parts;
    this.#plan = parts.plan;
    this.#reassembly = new Reassembly(parts.now);
    this.#dhcp = new DhcpServer(parts);
  }

  /** See `AddressFamily`. */
  isGuest(address: Address): boolean {
    return isInRange(this.#plan.network, address) && !this.#parts.isOwn(address);
  }

  /** See `AddressFamily`. */
  groupMac(address: Address): Readonly<Uint8Array> | null {
    const isForAll = isSameAddress(address, BROADCAST) ||
      isSameAddress(address, lastOf(this.#plan.network));
    return isForAll ? BROADCAST_MAC : null;
  }

  /** See `AddressFamily`. */
  ask(address: Address): void {
    this.#sendArp(BROADCAST_MAC, {
      operation: ArpOperation.REQUEST,
      senderMac: this.#parts.mac,
      sender: this.#plan.gateway,
      targetMac: new Uint8Array(MAC_BYTES),
      target: address,
    });
  }

  /** Takes the payload of a frame with a packet of ARP. */
  receiveArp(payload: Uint8Array): void {
    const packet = readArp(payload);
    if (packet === null || !isStation(packet.senderMac)) return;
    const { link, mac, isOwn } = this.#parts;
    link.learn(packet.sender, packet.senderMac);
    if (packet.operation !== ArpOperation.REQUEST || !isOwn(packet.target)) return;
    this.#sendArp(packet.senderMac, {
      operation: ArpOperation.REPLY,
      senderMac: mac,
      sender: packet.target,
      targetMac: packet.senderMac,
      target: packet.sender,
    });
  }

  #sendArp(to: Readonly<Uint8Array>, packet: ArpPacket): void {
    this.#parts.link.sendFrame(to, EtherType.ARP, arpBytes(packet));
  }

  /** See `AddressFamily`. A guest has an address of the network, or none yet. */
  read(bytes: Uint8Array): IpPacket | null {
    const part = readIpv4(bytes);
    if (part === null) return null;
    const isGuest = isUnspecified(part.source) || this.isGuest(part.source);
    return isGuest ? this.#reassembly.take(part) : null;
  }

  /** See `AddressFamily`. */
  answer(packet: IpPacket, isComplete: boolean): boolean {
    if (packet.protocol === Protocol.UDP) return this.#answerDatagram(packet, isComplete);
    if (packet.protocol === Protocol.ICMP) this.#answerEcho(packet);
    return packet.protocol !== Protocol.TCP;
  }

  #answerEcho({ source, destination, payload }: IpPacket): void {
    const { gateway, nameServer } = this.#plan;
    const isOwn = isSameAddress(destination, gateway) || isSameAddress(destination, nameServer);
    const reply = isOwn ? echoReply(payload) : null;
    if (reply !== null) this.#sendIcmp(destination, source, reply);
  }

  #answerDatagram(packet: IpPacket, isComplete: boolean): boolean {
    const { destination } = packet;
    const isForGateway = isSameAddress(destination, BROADCAST) ||
      isSameAddress(destination, this.#plan.gateway);
    const datagram = isForGateway ? readUdp(packet.payload, isComplete ? packet : null) : null;
    if (datagram?.destinationPort !== DhcpPort.SERVER) return false;
    this.#answerDhcp(datagram);
    return true;
  }

  #answerDhcp({ payload, sourcePort }: UdpDatagram): void {
    const answer = sourcePort === DhcpPort.CLIENT ? this.#dhcp.answer(payload) : null;
    if (answer === null) return;
    const { bytes, destination, mac } = answer;
    const from = { address: this.#plan.gateway, port: DhcpPort.SERVER };
    const packet = datagramPacket(from, { address: destination, port: DhcpPort.CLIENT }, bytes);
    if (mac === null) this.#parts.link.send(packet);
    else this.#parts.link.sendTo(mac, packet);
  }

  /** See `AddressFamily`. */
  refuse(guest: Endpoint, to: Endpoint, sent: Uint8Array, reason: Refusal): void {
    const message = unreachable(REFUSALS[reason], quotedDatagram(guest, to, sent));
    this.#sendIcmp(this.#plan.gateway, guest.address, message);
  }

  #sendIcmp(source: Address, destination: Address, payload: Uint8Array): void {
    const { link } = this.#parts;
    link.send({ source, destination, protocol: Protocol.ICMP, payload, work: null });
  }

  /** See `AddressFamily`: nothing is done without being asked. */
  open(): void {}

  /** See `AddressFamily`. */
  close(): void {}
}
