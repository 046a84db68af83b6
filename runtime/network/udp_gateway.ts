/**
 * Lets a guest's datagrams out into the host's network, and the host's in.
 *
 * Each port of the guest's has a socket of the host's, as long as it is used, and two when it speaks to hosts of both
 * versions: a name server may have another one than its stand-in. Answers come in from those whom the guest has spoken to,
 * and from nobody else. What the host says that it cannot send the guest hears. A forwarded port has a socket of its own, whose senders the guest can answer.
 */

import { IP_VERSIONS, type IpVersion, UNSPECIFIED } from "./address.ts";
import { ENDPOINT_KEY, isSameEndpoint } from "./address_keys.ts";
import type { Refusal } from "./address_family.ts";
import { type NetworkClock, Timer } from "./clock.ts";
import type { EgressPolicy } from "./egress_policy.ts";
import type { Endpoint, HostDatagrams, HostNetwork } from "./host_network.ts";
import { Protocol } from "./ip_packet.ts";
import type { GatewayCounts } from "./tcp_gateway.ts";
import { type KeyKind, mixHash, ValueMap } from "./value_map.ts";

/** How long a port that is not used keeps its socket. */
const IDLE_MS = 60_000;
/** Sockets at a time. */
export const MAX_SOCKETS = 256;
/** Others that one socket knows at a time. */
const MAX_PEERS = 256;
/** Datagrams that wait for their socket. */
const MAX_WAITING = 16;

/** All addresses of the host, and a port that it chooses. */
const ANY_ENDPOINT: Readonly<Record<IpVersion, Endpoint>> = {
  4: { address: UNSPECIFIED[4], port: 0 },
  6: { address: UNSPECIFIED[6], port: 0 },
};

/** What a gateway is made of. */
export interface UdpGatewayParts {
  readonly host: HostNetwork;
  readonly policy: EgressPolicy;
  readonly clock: NetworkClock;
  /** Sends a datagram to a guest. */
  readonly send: (from: Endpoint, to: Endpoint, bytes: Uint8Array) => void;
  /** Tells a guest that a datagram of its own was not delivered. */
  readonly refuse: (guest: Endpoint, to: Endpoint, bytes: Uint8Array, reason: Refusal) => void;
  readonly counts: GatewayCounts;
}

/** Whom a socket speaks with: the host's end by the guest's view of it, and the other way round. */
class Peers {
  readonly #real = new ValueMap<Endpoint, Endpoint>(ENDPOINT_KEY);
  readonly #seen = new ValueMap<Endpoint, Endpoint>(ENDPOINT_KEY);

  add(seen: Endpoint, real: Endpoint): void {
    const { oldest } = this.#real;
    if (this.#real.size >= MAX_PEERS && oldest !== undefined) {
      const forgotten = this.#real.get(oldest);
      this.#real.delete(oldest);
      if (forgotten !== undefined) this.#seen.delete(forgotten);
    }
    this.#real.set(seen, real);
    this.#seen.set(real, seen);
  }

  realOf(seen: Endpoint): Endpoint | undefined {
    return this.#real.get(seen);
  }

  seenOf(real: Endpoint): Endpoint | undefined {
    return this.#seen.get(real);
  }
}

/** A port of the guest's, and the version of those whom it speaks to. */
interface PortKey {
  readonly guest: Endpoint;
  readonly version: IpVersion;
}

const PORT_KEY: KeyKind<PortKey> = {
  hash: ({ guest, version }) => mixHash(ENDPOINT_KEY.hash(guest), version),
  isSame: (a, b) => a.version === b.version && isSameEndpoint(a.guest, b.guest),
};

interface Port extends PortKey {
  readonly peers: Peers;
  readonly idle: Timer;
  readonly waiting: { readonly bytes: Uint8Array; readonly to: Endpoint }[];
  socket: HostDatagrams | null;
}

interface Forward {
  readonly guest: Endpoint;
  readonly peers: Peers;
  readonly socket: HostDatagrams;
}

/** See the header of this file. */
export class UdpGateway {
  readonly #parts: UdpGatewayParts;
  readonly #ports = new ValueMap<PortKey, Port>(PORT_KEY);
  readonly #forwards: Forward[] = [];

  /** A gateway without sockets. */
  constructor(parts: UdpGatewayParts) {
    this.#parts = parts;
  }

  /** Takes a guest's datagram, which is there during the call. */
  receive(guest: Endpoint, to: Endpoint, bytes: Uint8Array): void {
    if (this.#answer(guest, to, bytes)) return;
    const { policy, counts, refuse } = this.#parts;
    const known = this.#knownTarget(guest, to);
    const target = known ?? policy.target(Protocol.UDP, to);
    if (known === undefined) {
      if (target === null) counts.refused++;
      else counts.allowed++;
    }
    if (target === null) refuse(guest, to, bytes, "prohibited");
    else this.#send(guest, to, target, bytes.slice());
  }

  /** Is it for somebody who has come in? */
  #answer(guest: Endpoint, to: Endpoint, bytes: Uint8Array): boolean {
    for (const forward of this.#forwards) {
      const peer = isSameEndpoint(forward.guest, guest) ? forward.peers.realOf(to) : undefined;
      if (peer === undefined) continue;
      forward.socket.send(bytes.slice(), peer);
      return true;
    }
    return false;
  }

  #knownTarget(guest: Endpoint, to: Endpoint): Endpoint | undefined {
    for (const version of IP_VERSIONS) {
      const known = this.#ports.get({ guest, version })?.peers.realOf(to);
      if (known !== undefined) return known;
    }
    return undefined;
  }

  #send(guest: Endpoint, seen: Endpoint, target: Endpoint, bytes: Uint8Array): void {
    const { version } = target.address;
    const port = this.#ports.get({ guest, version }) ?? this.#open(guest, version);
    port.peers.add(seen, target);
    port.idle.set(IDLE_MS);
    if (port.socket !== null) port.socket.send(bytes, target);
    else if (port.waiting.length < MAX_WAITING) port.waiting.push({ bytes, to: target });
  }

  #open(guest: Endpoint, version: IpVersion): Port {
    const { oldest } = this.#ports;
    const first = oldest && this.#ports.get(oldest);
    if (this.#ports.size >= MAX_SOCKETS && first !== undefined) this.#close(first);
    const port: Port = {
      guest,
      version,
      peers: new Peers(),
      idle: new Timer(this.#parts.clock, () => this.#close(port)),
      waiting: [],
      socket: null,
    };
    this.#ports.set(port, port);
    this.#openSocket(port);
    return port;
  }

  async #openSocket(port: Port): Promise<void> {
    const { host } = this.#parts;
    try {
      const socket = await host.openDatagrams(ANY_ENDPOINT[port.version], {
        received: (bytes, from) => this.#received(port, bytes, from),
        failed: (bytes, to) => this.#failed(port, bytes, to),
      });
      if (this.#ports.get(port) !== port) return socket.close();
      port.socket = socket;
      for (const { bytes, to } of port.waiting.splice(0)) socket.send(bytes, to);
    } catch {
      this.#close(port);
      for (const { bytes, to } of port.waiting.splice(0)) this.#failed(port, bytes, to);
    }
  }

  #received(port: Port, bytes: Uint8Array, from: Endpoint): void {
    const seen = port.peers.seenOf(from);
    if (seen === undefined) return;
    port.idle.set(IDLE_MS);
    this.#parts.send(seen, port.guest, bytes);
  }

  #failed({ peers, guest }: Port, bytes: Uint8Array, to: Endpoint): void {
    const seen = peers.seenOf(to);
    if (seen !== undefined) this.#parts.refuse(guest, seen, bytes, "unreachable");
  }

  #close(port: Port): void {
    if (this.#ports.get(port) === port) this.#ports.delete(port);
    port.idle.end();
    port.socket?.close();
  }

  /** Lets datagrams to one of the host's ports in. @param seenAs how the guest is to see a sender */
  async forward(
    at: Endpoint,
    guest: Endpoint,
    seenAs: (peer: Endpoint) => Endpoint,
  ): Promise<void> {
    const peers = new Peers();
    const socket = await this.#parts.host.openDatagrams(at, {
      received: (bytes, from) => {
        const seen = seenAs(from);
        peers.add(seen, from);
        this.#parts.send(seen, guest, bytes);
      },
      failed: () => {},
    });
    this.#forwards.push({ guest, peers, socket });
  }

  /** Closes all sockets. */
  close(): void {
    for (const port of this.#ports.values()) this.#close(port);
    for (const { socket } of this.#forwards.splice(0)) socket.close();
  }
}
