/**
 * Lets a guest's TCP connections out into the host's network, and the host's in.
 *
 * A guest's SYN is answered when the host has the connection: a guest that connects to a port where nobody listens is
 * refused, as it would be without a network in between. The host's own kernel accepts a forwarded connection before the
 * guest does; it is closed when the guest refuses.
 */

import type { IpVersion } from "./address.ts";
import { type EndpointPair, PAIR_KEY } from "./address_keys.ts";
import { foldSum, type PseudoHeader, pseudoSum, transportChecksum } from "./checksum.ts";
import type { NetworkClock } from "./clock.ts";
import type { EgressPolicy } from "./egress_policy.ts";
import type { Endpoint, HostNetwork, HostStream } from "./host_network.ts";
import { IP_FORMATS } from "./ip_format.ts";
import { type FrameWork, MTU, type OutgoingPacket } from "./ip_link.ts";
import { type IpPacket, MAX_PACKET_BYTES, Protocol } from "./ip_packet.ts";
import { TcpConnection } from "./tcp_connection.ts";
import { TcpRelay } from "./tcp_relay.ts";
import {
  readTcp,
  resetFor,
  TCP_CHECKSUM_AT,
  TCP_HEADER_BYTES,
  TcpFlag,
  tcpHeader,
  type TcpSegment,
} from "./tcp_segment.ts";
import { ValueMap } from "./value_map.ts";

/** Connections at a time. */
export const MAX_CONNECTIONS = 1024;
/** First port of those that stand for an address of the host's that has no port to show. */
const FIRST_FREE_PORT = 49_152;
const PORTS = 16_384;

/** What a guest's network card does itself. */
export interface CardFeatures {
  /** Does it complete checksums? */
  readonly completesChecksums: boolean;
  /** Does it do so, and take frames that stand for several segments? */
  takesBursts(version: IpVersion): boolean;
}

/** What happened, for counts. */
export interface GatewayCounts {
  /** Connections and first datagrams of the guest's that were let out. */
  allowed: number;
  /** Those that were refused. */
  refused: number;
}

/** What a gateway is made of. */
export interface GatewayParts {
  readonly host: HostNetwork;
  readonly policy: EgressPolicy;
  readonly clock: NetworkClock;
  /** Sends a packet to a guest. */
  readonly send: (packet: OutgoingPacket) => void;
  /** What the card of the guest does, at this moment. */
  readonly card: () => CardFeatures;
  /** 32 bits that nobody can guess. */
  readonly randomWord: () => number;
  readonly counts: GatewayCounts;
}

interface Flow extends EndpointPair {
  connection: TcpConnection | null;
  relay: TcpRelay | null;
}

/** See the header of this file. */
export class TcpGateway {
  readonly #parts: GatewayParts;
  readonly #flows = new ValueMap<EndpointPair, Flow>(PAIR_KEY);
  readonly #toFlush = new Set<TcpConnection>();
  #nextPort = 0;

  /** A gateway without connections. */
  constructor(parts: GatewayParts) {
    this.#parts = parts;
  }

  /** Connections that there are. */
  get connections(): number {
    return this.#flows.size;
  }

  /** Takes a guest's packet. @param isComplete is its checksum there? */
  receive(packet: IpPacket, isComplete: boolean): void {
    const segment = readTcp(packet.payload, isComplete ? packet : null);
    if (segment === null) return;
    const guest = { address: packet.source, port: segment.sourcePort };
    const other = { address: packet.destination, port: segment.destinationPort };
    const flow = this.#flows.get({ guest, other });
    const isSyn = (segment.flags & (TcpFlag.SYN | TcpFlag.ACK | TcpFlag.RST)) === TcpFlag.SYN;
    if (flow === undefined) {
      if (isSyn) this.#open({ guest, other, connection: null, relay: null }, segment);
      else this.#refuse({ guest, other }, segment);
      return;
    }
    if (isSyn && flow.connection?.state === "time-wait") {
      this.#forget(flow);
      this.#open({ guest, other, connection: null, relay: null }, segment);
      return;
    }
    if (flow.connection !== null) {
      this.#toFlush.add(flow.connection);
      flow.connection.receive(segment);
    } else if ((segment.flags & TcpFlag.RST) !== 0) this.#forget(flow);
  }

  /** Answers what came since the last call. */
  flush(): void {
    for (const connection of this.#toFlush) connection.flush();
    this.#toFlush.clear();
  }

  /** A connection of the host's, for a guest. @param from whom it comes from, as the guest is to see it */
  forward(stream: HostStream, from: Endpoint, guest: Endpoint): void {
    const other = this.#freeEnd(from, guest);
    if (other === null || this.#flows.size >= MAX_CONNECTIONS) return stream.close();
    const flow: Flow = { guest, other, connection: null, relay: null };
    this.#flows.set(flow, flow);
    this.#couple(flow, stream).open();
  }

  /** Breaks all connections off. */
  close(): void {
    for (const flow of this.#flows.values()) {
      flow.connection?.abort();
      this.#forget(flow);
    }
  }

  async #open(flow: Flow, syn: TcpSegment): Promise<void> {
    const { policy, host, counts } = this.#parts;
    const target = policy.target(Protocol.TCP, flow.other);
    if (target === null || this.#flows.size >= MAX_CONNECTIONS) {
      counts.refused++;
      return this.#refuse(flow, syn);
    }
    const asked = { ...syn, payload: new Uint8Array(0) };
    this.#flows.set(flow, flow);
    counts.allowed++;
    try {
      const stream = await host.connect(target);
      if (this.#flows.get(flow) === flow) this.#couple(flow, stream).accept(asked);
      else stream.close();
    } catch {
      if (this.#flows.get(flow) !== flow) return;
      this.#forget(flow);
      this.#refuse(flow, asked);
    }
  }

  #couple(flow: Flow, stream: HostStream): TcpConnection {
    const { clock, randomWord, card } = this.#parts;
    const { version } = flow.guest.address;
    const segmentBytes = segmentBytesOf(version);
    const connection: TcpConnection = new TcpConnection(
      {
        clock,
        send: (segment) => this.#send(flow, segment, connection.segmentBytes),
        established: () => flow.relay?.begin(),
        data: (bytes) => flow.relay?.data(bytes),
        ended: () => flow.relay?.ended(),
        writable: () => flow.relay?.writable(),
        closed: () => this.#forget(flow),
        segmentBytes,
        burstBytes: card().takesBursts(version) ? burstBytesOf(version) : segmentBytes,
      },
      { own: flow.other.port, guest: flow.guest.port },
      randomWord(),
    );
    flow.connection = connection;
    flow.relay = new TcpRelay(connection, stream);
    return connection;
  }

  #forget(flow: Flow): void {
    if (this.#flows.get(flow) === flow) this.#flows.delete(flow);
    flow.relay?.closed();
  }

  #refuse(ends: EndpointPair, segment: TcpSegment): void {
    const reset = resetFor(segment);
    if (reset !== null) this.#send(ends, reset, segmentBytesOf(ends.guest.address.version));
  }

  #send({ guest, other }: EndpointPair, segment: TcpSegment, size: number): void {
    const { send, card } = this.#parts;
    const head = tcpHeader(segment);
    const { payload } = segment;
    const { version } = guest.address;
    const header = {
      source: other.address,
      destination: guest.address,
      protocol: Protocol.TCP,
    };
    const segmentBytes = payload.length > size ? size : 0;
    const isLeft = card().completesChecksums || segmentBytes > 0;
    putChecksum(
      head,
      isLeft
        ? pendingChecksum(header, head.length + payload.length)
        : transportChecksum(header, head, payload),
    );
    const work: FrameWork = {
      checksumStart: 0,
      checksumOffset: TCP_CHECKSUM_AT,
      segmentBytes,
      headerBytes: head.length,
      version,
    };
    send({ ...header, head, payload, work: isLeft ? work : null });
  }

  /** An end that no connection with this guest has: the one that comes, if possible. */
  #freeEnd(from: Endpoint, guest: Endpoint): Endpoint | null {
    if (!this.#flows.has({ guest, other: from })) return from;
    for (let tries = 0; tries < PORTS; tries++) {
      this.#nextPort = (this.#nextPort + 1) % PORTS;
      const other = { address: from.address, port: FIRST_FREE_PORT + this.#nextPort };
      if (!this.#flows.has({ guest, other })) return other;
    }
    return null;
  }
}

/** Largest segment that fits into a frame. */
function segmentBytesOf(version: IpVersion): number {
  return MTU - IP_FORMATS[version].headerBytes - TCP_HEADER_BYTES;
}

/** Most bytes of a segment that a card cuts up. */
function burstBytesOf(version: IpVersion): number {
  return MAX_PACKET_BYTES - IP_FORMATS[version].headerBytes - TCP_HEADER_BYTES;
}

/** What a card finds in the place of a checksum that it completes. */
function pendingChecksum(header: PseudoHeader, length: number): number {
  return foldSum(pseudoSum(header, length));
}

function putChecksum(bytes: Uint8Array, checksum: number): void {
  bytes[TCP_CHECKSUM_AT] = checksum >>> 8;
  bytes[TCP_CHECKSUM_AT + 1] = checksum & 0xff;
}
