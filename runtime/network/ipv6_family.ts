/**
 * What version 6 does in its own way: stations are found by asking groups of them, give themselves addresses in a network
 * that the router tells of, and hear of packets that are not delivered.
 *
 * Each message of the gateway's but those of a router's timer answers one of a guest's, to that guest: there is no need to
 * count them, as RFC 4443 asks of those who have others behind them.
 */

import { type Address, isSameAddress, isUnspecified } from "./address.ts";
import type { AddressFamily, Refusal } from "./address_family.ts";
import type { FamilyPlan } from "./address_plan.ts";
import { isInRange } from "./address_range.ts";
import { type NetworkClock, Timer } from "./clock.ts";
import { datagramPacket, quotedDatagram } from "./datagram_packet.ts";
import { answerDhcpv6, Dhcpv6Port } from "./dhcpv6.ts";
import { Reassembly } from "./fragments.ts";
import type { Endpoint } from "./host_network.ts";
import {
  echoReplyMessage,
  errorMessage,
  icmpv6Bytes,
  type Icmpv6Message,
  Icmpv6Type,
  Icmpv6Unreachable,
  isError,
  isIcmpv6,
} from "./icmpv6.ts";
import { type IpLink, MTU } from "./ip_link.ts";
import { type IpPacket, Protocol } from "./ip_packet.ts";
import { readIpv6 } from "./ipv6.ts";
import {
  ALL_NODES,
  groupMac,
  isGroup,
  LINK_LOCAL,
  LINK_ROUTER,
  solicitedGroup,
} from "./ipv6_addresses.ts";
import { HeaderProblem, isFault, skipExtensions } from "./ipv6_extensions.ts";
import { isStation } from "./mac_address.ts";
import {
  advertisement,
  LINK_HOP_LIMIT,
  readNeighbour,
  routerAdvertisement,
  solicitation,
} from "./neighbour_messages.ts";
import { readUdp, type UdpDatagram } from "./udp.ts";

/** What a family is made of. */
export interface Ipv6Parts {
  readonly plan: FamilyPlan;
  /** Is there no way out? Then no name server is told, and the router all the same. */
  readonly isRestricted: boolean;
  readonly link: IpLink;
  /** The gateway's station. */
  readonly mac: Readonly<Uint8Array>;
  /** Does the gateway answer for an address, besides its own on the link? */
  readonly isOwn: (address: Address) => boolean;
  readonly clock: NetworkClock;
  /** 32 bits that nobody can guess. */
  readonly randomWord: () => number;
}

const REFUSALS: Readonly<Record<Refusal, number>> = {
  prohibited: Icmpv6Unreachable.PROHIBITED,
  unreachable: Icmpv6Unreachable.NO_ROUTE,
};
/** Time between a router's messages that nobody has asked for: RFC 4861, "Router Configuration Variables". */
const ADVERTISES_AFTER_MS = { LEAST: 200_000, MORE: 400_000 } as const;

/** See the header of this file. */
export class Ipv6Family implements AddressFamily {
  readonly #parts: Ipv6Parts;
  readonly #plan: FamilyPlan;
  readonly #reassembly: Reassembly;
  readonly #advertises: Timer;

  /** The family of a network. */
  constructor(parts: Ipv6Parts) {
    this.#parts = parts;
    this.#plan = parts.plan;
    this.#reassembly = new Reassembly(() => parts.clock.now());
    this.#advertises = new Timer(parts.clock, () => {
      this.#advertise(ALL_NODES);
      this.#advertiseLater();
    });
  }

  /** See `AddressFamily`. */
  open(): void {
    this.#advertiseLater();
  }

  /** See `AddressFamily`. */
  close(): void {
    this.#advertises.end();
  }

  #advertiseLater(): void {
    const more = this.#parts.randomWord() % ADVERTISES_AFTER_MS.MORE;
    this.#advertises.set(ADVERTISES_AFTER_MS.LEAST + more);
  }

  /** See `AddressFamily`. */
  isGuest(address: Address): boolean {
    const isOnLink = isInRange(this.#plan.network, address) || isInRange(LINK_LOCAL, address);
    return isOnLink && !this.#isOwn(address);
  }

  #isOwn(address: Address): boolean {
    return isSameAddress(address, LINK_ROUTER) || this.#parts.isOwn(address);
  }

  /** See `AddressFamily`. */
  groupMac(address: Address): Readonly<Uint8Array> | null {
    return isGroup(address) ? groupMac(address) : null;
  }

  /** See `AddressFamily`. */
  ask(address: Address): void {
    const source = isInRange(LINK_LOCAL, address) ? LINK_ROUTER : this.#plan.gateway;
    this.#send(source, solicitedGroup(address), solicitation(address, this.#parts.mac));
  }

  /** See `AddressFamily`. */
  read(bytes: Uint8Array): IpPacket | null {
    const outer = readIpv6(bytes);
    if (outer === null) return null;
    const { source, protocol } = outer;
    if (!isUnspecified(source) && !this.isGuest(source)) return null;
    // Segments are cut up by the card's rules, and nothing else.
    if (outer.bytes.length > MTU && protocol !== Protocol.TCP) {
      this.#complain(outer, Icmpv6Type.TOO_BIG, 0, MTU);
      return null;
    }
    const inner = skipExtensions(outer, true);
    if (inner === null) return null;
    if (isFault(inner)) {
      this.#complain(outer, Icmpv6Type.PARAMETER_PROBLEM, inner.code, inner.pointer);
      return null;
    }
    const whole = this.#reassembly.take(inner);
    if (whole === null || whole === inner) return whole;
    // What stood behind the fragments' own headers: where something is wrong there is no packet to point into.
    const last = skipExtensions(whole, false);
    return last === null || isFault(last) ? null : last;
  }

  /** See `AddressFamily`. */
  answer(packet: IpPacket, isComplete: boolean): boolean {
    if (packet.protocol === Protocol.UDP) return this.#answerDatagram(packet, isComplete);
    if (packet.protocol !== Protocol.ICMPV6) return false;
    if (isIcmpv6(packet, isComplete)) this.#answerMessage(packet);
    return true;
  }

  #answerMessage(packet: IpPacket): void {
    switch (packet.payload[0]) {
      case Icmpv6Type.ECHO:
        return this.#answerEcho(packet);
      case Icmpv6Type.ROUTER_SOLICITATION:
        return this.#answerRouterSolicitation(packet);
      case Icmpv6Type.NEIGHBOUR_SOLICITATION:
        return this.#answerSolicitation(packet);
      case Icmpv6Type.NEIGHBOUR_ADVERTISEMENT:
        return this.#learn(packet);
      default:
        return;
    }
  }

  #answerEcho({ source, destination, payload }: IpPacket): void {
    const { gateway, nameServer } = this.#plan;
    const isOwn = [LINK_ROUTER, gateway, nameServer].some((own) => isSameAddress(own, destination));
    if (isOwn) this.#send(destination, source, echoReplyMessage(payload));
  }

  /** Who has no address yet hears what is said to all. */
  #answerRouterSolicitation({ source, hopLimit }: IpPacket): void {
    if (hopLimit !== LINK_HOP_LIMIT) return;
    this.#advertise(isUnspecified(source) ? ALL_NODES : source);
  }

  #advertise(destination: Address): void {
    const { mac } = this.#parts;
    const { network } = this.#plan;
    const message = routerAdvertisement({ mac, network, nameServer: this.#toldServer, mtu: MTU });
    this.#send(LINK_ROUTER, destination, message);
  }

  get #toldServer(): Address | null {
    return this.#parts.isRestricted ? null : this.#plan.nameServer;
  }

  /** A question without sender asks whether an address is free: RFC 4862, "Duplicate Address Detection". */
  #answerSolicitation(packet: IpPacket): void {
    const question = readNeighbour(packet);
    if (question === null || !this.#isOwn(question.target)) return;
    const { mac } = this.#parts;
    const isAsked = !isUnspecified(packet.source);
    const destination = isAsked ? packet.source : ALL_NODES;
    this.#send(question.target, destination, advertisement(question.target, mac, isAsked));
  }

  #learn(packet: IpPacket): void {
    const answer = readNeighbour(packet);
    if (answer?.mac === undefined || !isStation(answer.mac)) return;
    this.#parts.link.learn(answer.target, answer.mac);
  }

  #answerDatagram(packet: IpPacket, isComplete: boolean): boolean {
    const { destination } = packet;
    const isForGateway = isGroup(destination) || this.#isOwn(destination);
    const datagram = isForGateway ? readUdp(packet.payload, isComplete ? packet : null) : null;
    if (datagram?.destinationPort !== Dhcpv6Port.SERVER) return false;
    this.#answerDhcp(packet, datagram);
    return true;
  }

  #answerDhcp({ source }: IpPacket, { payload, sourcePort }: UdpDatagram): void {
    const { link, mac } = this.#parts;
    const answer = answerDhcpv6(payload, mac, this.#toldServer);
    if (answer === null || isUnspecified(source)) return;
    const from = { address: LINK_ROUTER, port: Dhcpv6Port.SERVER };
    link.send(datagramPacket(from, { address: source, port: sourcePort }, answer));
  }

  /** See `AddressFamily`. */
  refuse(guest: Endpoint, to: Endpoint, sent: Uint8Array, reason: Refusal): void {
    if (isGroup(to.address)) return;
    const quoted = quotedDatagram(guest, to, sent);
    const message = errorMessage(Icmpv6Type.UNREACHABLE, REFUSALS[reason], 0, quoted);
    this.#send(this.#plan.gateway, guest.address, message);
  }

  /** RFC 4443, "Message Processing Rules": what was for many is told of only where its sender asked for that. */
  #complain(packet: IpPacket, type: number, code: number, word: number): void {
    const mayBeForMany = type === Icmpv6Type.TOO_BIG ||
      (type === Icmpv6Type.PARAMETER_PROBLEM && code === HeaderProblem.OPTION);
    if (isUnspecified(packet.source) || isError(packet)) return;
    if (isGroup(packet.destination) && !mayBeForMany) return;
    this.#send(this.#plan.gateway, packet.source, errorMessage(type, code, word, packet));
  }

  #send(source: Address, destination: Address, message: Icmpv6Message): void {
    this.#parts.link.send({
      source,
      destination,
      protocol: Protocol.ICMPV6,
      hopLimit: LINK_HOP_LIMIT,
      payload: icmpv6Bytes(message, source, destination),
      work: null,
    });
  }
}
