/**
 * A network in the process, as QEMU's of the kind `user`: a gateway that gives out addresses, answers pings, forwards
 * questions for names, and lets connections and datagrams out and in. It knows frames and the host's sockets; who carries
 * the frames is somebody else's.
 *
 * SOLUTION. All runs on one thread, in the turn of the event loop in which something arrives. What a guest can make it
 * keep is bounded everywhere: connections, sockets, fragments, neighbours, bytes on each.
 *
 * LIMITATION. Pings are answered by the gateway and the name server alone: a process without privileges can send none.
 */

import { type Address, IP_VERSIONS, type IpVersion } from "./address.ts";
import { ADDRESS_KEY } from "./address_keys.ts";
import { isLoopback } from "./address_range.ts";
import type { AddressFamily } from "./address_family.ts";
import type { NetworkClock } from "./clock.ts";
import { datagramPacket } from "./datagram_packet.ts";
import { EgressPolicy, type PolicySettings } from "./egress_policy.ts";
import type { Closable, Endpoint, HostNetwork } from "./host_network.ts";
import { IpLink, type OutgoingFrame } from "./ip_link.ts";
import { type IpPacket, Protocol } from "./ip_packet.ts";
import { Ipv4Family } from "./ipv4_family.ts";
import { Ipv6Family } from "./ipv6_family.ts";
import { type CardFeatures, type GatewayCounts, TcpGateway } from "./tcp_gateway.ts";
import { readUdp } from "./udp.ts";
import { UdpGateway } from "./udp_gateway.ts";
import { ValueMap } from "./value_map.ts";

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
  readonly #host: HostNetwork;
  readonly #link: IpLink;
  readonly #families: Readonly<Record<IpVersion, AddressFamily | undefined>>;
  readonly #tcp: TcpGateway;
  readonly #udp: UdpGateway;
  #listeners: Closable[] = [];

  /** A network in which nobody is yet. */
  constructor({ settings, host, clock, deliver, card, randomWord }: UserNetworkParts) {
    const { plan } = settings;
    this.#settings = settings;
    this.#host = host;
    this.#link = new IpLink({
      mac: OWN_MAC,
      family: (version) => this.#families[version],
      deliver,
      receivedArp: (payload) => ipv4?.receiveArp(payload),
      received: (packet, isComplete) => this.#receive(packet, isComplete),
    });
    const link = this.#link;
    const now = () => clock.now();
    const isOwn = ownAddresses(settings);
    const common = { ...settings, link, mac: OWN_MAC, isOwn, clock, now, randomWord };
    const ipv4 = plan[4] === null ? undefined : new Ipv4Family({ ...common, plan: plan[4] });
    this.#families = {
      4: ipv4,
      6: plan[6] === null ? undefined : new Ipv6Family({ ...common, plan: plan[6] }),
    };
    const policy = new EgressPolicy(settings);
    const { counts } = this;
    const send = link.send.bind(link);
    this.#tcp = new TcpGateway({ host, policy, clock, send, card, randomWord, counts });
    this.#udp = new UdpGateway({
      host,
      policy,
      clock,
      send: (from, to, bytes) => send(datagramPacket(from, to, bytes)),
      refuse: (guest, to, bytes, reason) =>
        this.#families[guest.address.version]?.refuse(guest, to, bytes, reason),
      counts,
    });
  }

  /** Connections that there are. */
  get connections(): number {
    return this.#tcp.connections;
  }

  /** Opens the ports that come in. Throws what the host says when one cannot be opened. */
  async open(): Promise<void> {
    for (const { protocol, host, guest } of this.#settings.hostForwards) {
      const { version } = guest.address;
      if (protocol === "udp") {
        await this.#udp.forward(host, guest, (peer) => this.#seenAs(peer, version));
      } else {
        this.#listeners.push(this.#host.listen(host, (stream, from) => {
          this.#tcp.forward(stream, this.#seenAs(from, version), guest);
        }));
      }
    }
    for (const family of this.#presentFamilies()) family.open();
  }

  /**
   * The host's loopback is the gateway to the guest, which has a loopback of its own; so is who comes by another version
   * than the guest has there.
   */
  #seenAs(peer: Endpoint, version: IpVersion): Endpoint {
    const isForeign = peer.address.version !== version || isLoopback(peer.address);
    const gateway = this.#settings.plan[version]?.gateway;
    return isForeign && gateway !== undefined ? { address: gateway, port: peer.port } : peer;
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
    for (const family of this.#presentFamilies()) family.close();
    this.#tcp.close();
    this.#udp.close();
  }

  #presentFamilies(): AddressFamily[] {
    return Object.values(this.#families).filter((family) => family !== undefined);
  }

  #receive(packet: IpPacket, isComplete: boolean): void {
    const family = this.#families[packet.source.version];
    if (family === undefined || family.answer(packet, isComplete)) return;
    if (packet.protocol === Protocol.TCP) this.#tcp.receive(packet, isComplete);
    else if (packet.protocol === Protocol.UDP) this.#receiveDatagram(packet, isComplete);
  }

  #receiveDatagram(packet: IpPacket, isComplete: boolean): void {
    const datagram = readUdp(packet.payload, isComplete ? packet : null);
    if (datagram === null) return;
    const guest = { address: packet.source, port: datagram.sourcePort };
    const to = { address: packet.destination, port: datagram.destinationPort };
    this.#udp.receive(guest, to, datagram.payload);
  }
}

/** Does the gateway answer for an address? It does for its own ones, and for those that stand for others. */
function ownAddresses({ plan, guestForwards }: UserNetworkSettings): (address: Address) => boolean {
  const own = new ValueMap<Address, true>(ADDRESS_KEY);
  for (const version of IP_VERSIONS) {
    const { gateway, nameServer } = plan[version] ?? {};
    for (const address of [gateway, nameServer]) if (address !== undefined) own.set(address, true);
  }
  for (const { guest } of guestForwards) own.set(guest.address, true);
  return (address) => own.has(address);
}
