/**
 * Lets a guest's datagrams out into the host's network, and the host's in.
 *
 * Each port of the guest's has a socket of the host's, as long as it is used; answers come in from those whom the guest
 * has spoken to, and from nobody else. A forwarded port has a socket of its own, whose senders the guest can answer.
 */

import { type NetworkClock, Timer } from "./clock.ts";
import type { EgressPolicy } from "./egress_policy.ts";
import type { Endpoint, HostDatagrams, HostNetwork } from "./host_network.ts";
import { Protocol } from "./ipv4.ts";
import type { GatewayCounts } from "./tcp_gateway.ts";

/** How long a port that is not used keeps its socket. */
const IDLE_MS = 60_000;
/** Sockets at a time. */
export const MAX_SOCKETS = 256;
/** Others that one socket knows at a time. */
const MAX_PEERS = 256;
/** Datagrams that wait for their socket. */
const MAX_WAITING = 16;

/** What a gateway is made of. */
export interface UdpGatewayParts {
  readonly host: HostNetwork;
  readonly policy: EgressPolicy;
  readonly clock: NetworkClock;
  /** Sends a datagram to a guest. */
  readonly send: (from: Endpoint, to: Endpoint, bytes: Uint8Array) => void;
  readonly counts: GatewayCounts;
}

/** Whom a socket speaks with: the host's end by the guest's view of it, and the other way round. */
class Peers {
  readonly #real = new Map<string, Endpoint>();
  readonly #seen = new Map<string, Endpoint>();

  add(seen: Endpoint, real: Endpoint): void {
    if (this.#real.size >= MAX_PEERS) {
      const [[oldest, forgotten]] = this.#real;
      this.#real.delete(oldest);
      this.#seen.delete(textOf(forgotten));
    }
    this.#real.set(textOf(seen), real);
    this.#seen.set(textOf(real), seen);
  }

  realOf(seen: Endpoint): Endpoint | undefined {
    return this.#real.get(textOf(seen));
  }

  seenOf(real: Endpoint): Endpoint | undefined {
    return this.#seen.get(textOf(real));
  }
}

interface Port {
  readonly guest: Endpoint;
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
  readonly #ports = new Map<string, Port>();
  readonly #forwards: Forward[] = [];

  /** A gateway without sockets. */
  constructor(parts: UdpGatewayParts) {
    this.#parts = parts;
  }

  /** Takes a guest's datagram. @returns false when it is not let out */
  receive(guest: Endpoint, to: Endpoint, bytes: Uint8Array): boolean {
    const { policy, counts } = this.#parts;
    const answered = this.#forwards.find((forward) =>
      textOf(forward.guest) === textOf(guest) && forward.peers.realOf(to) !== undefined
    );
    const peer = answered?.peers.realOf(to);
    if (answered !== undefined && peer !== undefined) {
      answered.socket.send(bytes.slice(), peer);
      return true;
    }
    const known = this.#ports.get(textOf(guest))?.peers.realOf(to);
    const target = known ?? policy.target(Protocol.UDP, to);
    if (known === undefined) {
      if (target === null) counts.refused++;
      else counts.allowed++;
    }
    if (target === null) return false;
    this.#send(guest, to, target, bytes);
    return true;
  }

  #send(guest: Endpoint, seen: Endpoint, target: Endpoint, bytes: Uint8Array): void {
    const port = this.#ports.get(textOf(guest)) ?? this.#open(guest);
    port.peers.add(seen, target);
    port.idle.set(IDLE_MS);
    if (port.socket !== null) port.socket.send(bytes.slice(), target);
    else if (port.waiting.length < MAX_WAITING) {
      port.waiting.push({ bytes: bytes.slice(), to: target });
    }
  }

  #open(guest: Endpoint): Port {
    if (this.#ports.size >= MAX_SOCKETS) {
      const [oldest] = this.#ports.values();
      this.#close(oldest);
    }
    const port: Port = {
      guest,
      peers: new Peers(),
      idle: new Timer(this.#parts.clock, () => this.#close(port)),
      waiting: [],
      socket: null,
    };
    this.#ports.set(textOf(guest), port);
    this.#openSocket(port);
    return port;
  }

  async #openSocket(port: Port): Promise<void> {
    const { host, send } = this.#parts;
    try {
      const socket = await host.openDatagrams(null, (bytes, from) => {
        const seen = port.peers.seenOf(from);
        if (seen === undefined) return;
        port.idle.set(IDLE_MS);
        send(seen, port.guest, bytes);
      });
      if (this.#ports.get(textOf(port.guest)) !== port) return socket.close();
      port.socket = socket;
      for (const { bytes, to } of port.waiting.splice(0)) socket.send(bytes, to);
    } catch {
      this.#close(port);
    }
  }

  #close(port: Port): void {
    if (this.#ports.get(textOf(port.guest)) === port) this.#ports.delete(textOf(port.guest));
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
    const socket = await this.#parts.host.openDatagrams(at, (bytes, from) => {
      const seen = seenAs(from);
      peers.add(seen, from);
      this.#parts.send(seen, guest, bytes);
    });
    this.#forwards.push({ guest, peers, socket });
  }

  /** Closes all sockets. */
  close(): void {
    for (const port of [...this.#ports.values()]) this.#close(port);
    for (const { socket } of this.#forwards.splice(0)) socket.close();
  }
}

function textOf({ address, port }: Endpoint): string {
  return `${address}:${port}`;
}
