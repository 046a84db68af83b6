/**
 * A network in the process, as QEMU's of the kind `user`: a gateway that gives out addresses, answers pings, forwards
 * questions for names, and lets connections and datagrams out and in. It knows frames and the host's sockets; who carries
 * the frames is somebody else's.
 *
 * SOLUTION. All runs on one thread, in the turn of the event loop in which something arrives. What a guest can make it
 * keep is bounded everywhere: connections, sockets, fragments, neighbours, bytes on each.
 *
 * LIMITATION. Version 4 of the Internet Protocol. Pings are answered by the gateway and the name server alone: a process
 * without privileges can send none.
 */

import { BROADCAST } from "./address.ts";
import type { AddressPlan } from "./address_plan.ts";
import type { NetworkClock } from "./clock.ts";
import { DhcpPort } from "./dhcp.ts";
import { DhcpServer } from "./dhcp_server.ts";
import { EgressPolicy, LOOPBACK, type PolicySettings } from "./egress_policy.ts";
import type { Closable, Endpoint, HostNetwork } from "./host_network.ts";
import { echoReply, Unreachable, unreachable } from "./icmp.ts";
import { IpLink, type OutgoingFrame } from "./ip_link.ts";
import { type Ipv4Packet, Protocol } from "./ipv4.ts";
import { type CardFeatures, type GatewayCounts, TcpGateway } from "./tcp_gateway.ts";
import { readUdp, udpBytes, type UdpDatagram } from "./udp.ts";
import { UdpGateway } from "./udp_gateway.ts";

/** A port of the host's that is one of the guest's. */
export interface HostForward {
  /** What it carries. */
  readonly protocol: "tcp" | "udp";
  /** Where the host listens. */
  readonly host: Endpoint;
  /** Who gets it. */
  readonly guest: Endpoint;
}

/** How a network is. */
export interface UserNetworkSettings extends PolicySettings {
  /** Ports that come in. */
  readonly hostForwards: readonly HostForward[];
  /** The guest's name; empty for none. */
  readonly hostName: string;
}

/** What a network is made of. */
export interface UserNetworkParts {
  readonly settings: UserNetworkSettings;
  readonly host: HostNetwork;
  readonly clock: NetworkClock;
  /** Gives the guest a frame. */
  readonly deliver: (frame: OutgoingFrame) => void;
  /** What the guest's network card does, at this moment. */
  readonly card: () => CardFeatures;
  /** 32 bits that nobody can guess. */
  readonly randomWord: () => number;
}

/** The station that answers for all addresses of the network's own. */
const OWN_MAC = Uint8Array.of(0x52, 0x55, 0x0a, 0x00, 0x02, 0x02);

/** See the header of this file. */
export class UserNetwork {
  /** What became of the guest's wishes. */
  readonly counts: GatewayCounts = { allowed: 0, refused: 0 };
  readonly #settings: UserNetworkSettings;
  readonly #plan: AddressPlan;
  readonly #host: HostNetwork;
  readonly #link: IpLink;
  readonly #tcp: TcpGateway;
  readonly #udp: UdpGateway;
  readonly #dhcp: DhcpServer;
  #listeners: Closable[] = [];

  /** A network in which nobody is yet. */
  constructor({ settings, host, clock, deliver, card, randomWord }: UserNetworkParts) {
    const { plan, guestForwards } = settings;
    this.#settings = settings;
    this.#plan = plan;
    this.#host = host;
    const own = new Set([
      plan.gateway,
      plan.nameServer,
      ...guestForwards.map(({ guest }) => guest.address),
    ]);
    this.#link = new IpLink({
      mac: OWN_MAC,
      address: plan.gateway,
      network: plan.network,
      isOwn: (address) => own.has(address),
      deliver,
      received: (packet, isComplete) => this.#receivePacket(packet, isComplete),
      now: () => clock.now(),
    });
    const policy = new EgressPolicy(settings);
    const { counts } = this;
    const send = this.#link.send.bind(this.#link);
    this.#tcp = new TcpGateway({ host, policy, clock, send, card, randomWord, counts });
    this.#udp = new UdpGateway({
      host,
      policy,
      clock,
      send: (from, to, bytes) => this.#sendDatagram(from, to, bytes),
      counts,
    });
    this.#dhcp = new DhcpServer(settings);
  }

  /** Connections that there are. */
  get connections(): number {
    return this.#tcp.connections;
  }

  /** Opens the ports that come in. Throws what the host says when one cannot be opened. */
  async open(): Promise<void> {
    for (const { protocol, host, guest } of this.#settings.hostForwards) {
      if (protocol === "udp") {
        await this.#udp.forward(host, guest, (peer) => this.#seenAs(peer));
      } else {
        this.#listeners.push(this.#host.listen(host, (stream, from) => {
          this.#tcp.forward(stream, this.#seenAs(from), guest);
        }));
      }
    }
  }

  /** The host's loopback is the gateway to the guest, which has a loopback of its own. */
  #seenAs(peer: Endpoint): Endpoint {
    return peer.address >>> 24 === LOOPBACK >>> 24
      ? { address: this.#plan.gateway, port: peer.port }
      : peer;
  }

  /** Takes a frame from the guest. @param isComplete are its checksums there? */
  receive(frame: Uint8Array, isComplete: boolean): void {
    this.#link.receive(frame, isComplete);
  }

  /** Answers what came since the last call. */
  flush(): void {
    this.#tcp.flush();
  }

  /** Breaks everything off. */
  close(): void {
    for (const listener of this.#listeners.splice(0)) listener.close();
    this.#tcp.close();
    this.#udp.close();
  }

  #receivePacket(packet: Ipv4Packet, isComplete: boolean): void {
    switch (packet.protocol) {
      case Protocol.TCP:
        return this.#tcp.receive(packet, isComplete);
      case Protocol.UDP:
        return this.#receiveUdp(packet, isComplete);
      case Protocol.ICMP:
        return this.#receiveIcmp(packet);
      default:
        return;
    }
  }

  #receiveIcmp(packet: Ipv4Packet): void {
    const { source, destination, payload } = packet;
    const isOwn = destination === this.#plan.gateway || destination === this.#plan.nameServer;
    const reply = isOwn ? echoReply(payload) : null;
    if (reply === null) return;
    this.#link.send({
      source: destination,
      destination: source,
      protocol: Protocol.ICMP,
      payload: reply,
      work: null,
    });
  }

  #receiveUdp(packet: Ipv4Packet, isComplete: boolean): void {
    const datagram = readUdp(packet.payload, isComplete ? packet : null);
    if (datagram === null) return;
    if (datagram.destinationPort === DhcpPort.SERVER && this.#isForGateway(packet.destination)) {
      return this.#receiveDhcp(datagram);
    }
    const guest = { address: packet.source, port: datagram.sourcePort };
    const to = { address: packet.destination, port: datagram.destinationPort };
    if (this.#udp.receive(guest, to, datagram.payload)) return;
    this.#link.send({
      source: this.#plan.gateway,
      destination: packet.source,
      protocol: Protocol.ICMP,
      payload: unreachable(Unreachable.PROHIBITED, packet),
      work: null,
    });
  }

  #isForGateway(address: number): boolean {
    return address === BROADCAST || address === this.#plan.gateway;
  }

  #receiveDhcp({ payload, sourcePort }: UdpDatagram): void {
    const answer = sourcePort === DhcpPort.CLIENT ? this.#dhcp.answer(payload) : null;
    if (answer === null) return;
    const { bytes, destination, mac } = answer;
    const from = { address: this.#plan.gateway, port: DhcpPort.SERVER };
    const packet = datagramPacket(from, { address: destination, port: DhcpPort.CLIENT }, bytes);
    if (mac === null) this.#link.send(packet);
    else this.#link.sendTo(mac, packet);
  }

  #sendDatagram(from: Endpoint, to: Endpoint, bytes: Uint8Array): void {
    this.#link.send(datagramPacket(from, to, bytes));
  }
}

function datagramPacket(from: Endpoint, to: Endpoint, bytes: Uint8Array) {
  const header = { source: from.address, destination: to.address, protocol: Protocol.UDP };
  const datagram = { sourcePort: from.port, destinationPort: to.port, payload: bytes };
  return { ...header, payload: udpBytes(datagram, header), work: null };
}
