/** A guest on a user-mode network, on the test's own thread: it makes and reads frames as a guest's kernel does. */

import type { Address, IpVersion } from "./address.ts";
import { parseAddress } from "./address_text.ts";
import { planAddresses } from "./address_plan.ts";
import { arpBytes, ArpOperation, type ArpPacket, readArp } from "./arp.ts";
import { addToSum, foldSum, transportChecksum } from "./checksum.ts";
import { ManualClock } from "./clock_fixture.ts";
import type { PolicySettings } from "./egress_policy.ts";
import {
  beginFrame,
  ETHERNET_HEADER_BYTES,
  type EthernetFrame,
  EtherType,
  MAX_FRAME_BYTES,
  readEthernet,
} from "./ethernet.ts";
import type { Endpoint } from "./host_network.ts";
import { TestHost } from "./host_network_fixture.ts";
import { icmpv6Bytes } from "./icmpv6.ts";
import { IP_FORMATS } from "./ip_format.ts";
import { MTU, type OutgoingFrame } from "./ip_link.ts";
import { endpointText } from "./deno_network.ts";
import { type IpPacket, isFragment, Protocol } from "./ip_packet.ts";
import { readIpv4 } from "./ipv4.ts";
import { readIpv6 } from "./ipv6.ts";
import { solicitedGroup } from "./ipv6_addresses.ts";
import { isFault, skipExtensions } from "./ipv6_extensions.ts";
import { LINK_HOP_LIMIT, solicitation } from "./neighbour_messages.ts";
import { TcpConnection } from "./tcp_connection.ts";
import type { CardFeatures } from "./tcp_gateway.ts";
import { tcpBytes, TestEnd } from "./tcp_pair_fixture.ts";
import {
  readTcp,
  TCP_CHECKSUM_AT,
  TCP_HEADER_BYTES,
  TcpFlag,
  type TcpSegment,
} from "./tcp_segment.ts";
import { readUdp, udpBytes, type UdpDatagram } from "./udp.ts";
import { UserNetwork, type UserNetworkSettings } from "./user_network.ts";

/** The station of a test's guest. */
export const TEST_MAC = Uint8Array.of(0x52, 0x54, 0, 0x12, 0x34, 0x56);

/** An address of a text that is one. */
export function addressOf(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new TypeError(`Cannot take ${text} for an address`);
  return address;
}

/** An address and a port. */
export function endpointOf(text: string, port: number): Endpoint {
  return { address: addressOf(text), port };
}

/** The network of a test that says nothing else. */
export function testSettings(changes: Partial<UserNetworkSettings> = {}): UserNetworkSettings {
  const plan = planAddresses({}, TEST_MAC);
  if ("cause" in plan) throw new TypeError(plan.cause);
  const policy: PolicySettings = {
    plan,
    isRestricted: false,
    allowed: [],
    guestForwards: [],
    nameServers: [endpointOf("127.0.0.53", 53)],
  };
  return { ...policy, hostForwards: [], hostName: "", ...changes };
}

const TURNS = 40;

/** A card that leaves nothing to the driver, or all that it can. */
export function testCard(takesAll: boolean): CardFeatures {
  return { takesBursts: () => takesAll, completesChecksums: takesAll };
}

/** See the header of this file. */
export class TestGuest {
  readonly mac = TEST_MAC.slice();
  readonly host = new TestHost();
  readonly clock = new ManualClock();
  readonly network: UserNetwork;
  readonly arps: ArpPacket[] = [];
  readonly packets: IpPacket[] = [];
  readonly datagrams: { readonly from: Endpoint; readonly datagram: UdpDatagram }[] = [];
  readonly segments: { readonly from: Address; readonly segment: TcpSegment }[] = [];
  /** Takes connections at its ports. */
  readonly listening = new Map<number, TestEnd>();
  readonly version: IpVersion;
  address: Address;
  card: CardFeatures = testCard(false);
  #gateway: Uint8Array = new Uint8Array(6);
  readonly #connections = new Map<string, TestEnd>();

  constructor(settings: UserNetworkSettings = testSettings(), version: IpVersion = 4) {
    this.version = version;
    this.address = addressOf(version === 4 ? "10.0.2.15" : "fec0::5054:ff:fe12:3456");
    let word = 1;
    this.network = new UserNetwork({
      settings,
      host: this.host,
      clock: this.clock,
      deliver: (frame) => this.#take(frame),
      card: () => this.card,
      randomWord: () => word += 0x1234_5678,
    });
  }

  /** Asks who has an address, and learns the gateway's station from the answer. */
  ask(target: Address): void {
    if (this.version === 6) return this.#solicit(target);
    const payload = arpBytes({
      operation: ArpOperation.REQUEST,
      senderMac: this.mac,
      sender: this.address,
      targetMac: new Uint8Array(6),
      target,
    });
    const frame = this.#frame(new Uint8Array(6).fill(0xff), EtherType.ARP, payload.length);
    frame.set(payload, ETHERNET_HEADER_BYTES);
    this.network.receive(frame, true);
  }

  #solicit(target: Address): void {
    const group = solicitedGroup(target);
    const payload = icmpv6Bytes(solicitation(target, this.mac), this.address, group);
    this.send(Protocol.ICMPV6, group, payload, { hopLimit: LINK_HOP_LIMIT });
  }

  /** Sends a packet, or a part of one. */
  send(protocol: number, destination: Address, payload: Uint8Array, part = {}): void {
    const { etherType, write, headerBytes, fragmentHeaderBytes } = IP_FORMATS[this.version];
    const packet = {
      source: this.address,
      destination,
      protocol,
      identification: 7,
      fragmentOffset: 0,
      hasMoreFragments: false,
      payload,
      ...part,
    };
    const headers = isFragment(packet) ? fragmentHeaderBytes : headerBytes;
    const frame = this.#frame(this.#gateway, etherType, headers + payload.length);
    write(frame.subarray(ETHERNET_HEADER_BYTES), packet);
    this.network.receive(frame, true);
  }

  #frame(destination: Uint8Array, type: number, length: number): Uint8Array {
    const buffer = new Uint8Array(MAX_FRAME_BYTES);
    return beginFrame(buffer, { destination, source: this.mac, type }, length);
  }

  sendDatagram(to: Endpoint, sourcePort: number, payload: Uint8Array): void {
    const header = { source: this.address, destination: to.address, protocol: Protocol.UDP };
    const datagram = { sourcePort, destinationPort: to.port, payload };
    this.send(Protocol.UDP, to.address, udpBytes(datagram, header));
  }

  sendSegment(to: Address, segment: TcpSegment): void {
    const bytes = tcpBytes(segment);
    const header = { source: this.address, destination: to, protocol: Protocol.TCP };
    const sum = transportChecksum(header, bytes);
    bytes[TCP_CHECKSUM_AT] = sum >>> 8;
    bytes[TCP_CHECKSUM_AT + 1] = sum & 0xff;
    this.send(Protocol.TCP, to, bytes);
    this.network.flush();
  }

  /** Connects. */
  connect(to: Endpoint, port: number): TestEnd {
    const end = new TestEnd();
    this.#connection(end, to, port, 1000 + port).open();
    return end;
  }

  #connection(end: TestEnd, other: Endpoint, port: number, first: number): TcpConnection {
    const connection: TcpConnection = new TcpConnection(
      {
        clock: this.clock,
        segmentBytes: MTU - IP_FORMATS[this.version].headerBytes - TCP_HEADER_BYTES,
        burstBytes: 0,
        send: (segment) => this.sendSegment(other.address, segment),
        established: () => {
          end.isEstablished = true;
          end.pump();
        },
        data: (bytes) => end.data(bytes),
        ended: () => end.hasEnded = true,
        writable: () => end.pump(),
        closed: (how) => end.closings.push(how),
      },
      { own: port, guest: other.port },
      first,
    );
    end.connection = connection;
    this.#connections.set(`${endpointText(other)} ${port}`, end);
    return connection;
  }

  #take({ bytes: lent, work }: OutgoingFrame): void {
    const bytes = lent.slice();
    if (work === null && bytes.length > MTU + ETHERNET_HEADER_BYTES) {
      throw new Error("a frame is too long");
    }
    const frame = readEthernet(bytes);
    if (frame === null) throw new Error("a frame is none");
    this.#gateway = frame.source.slice();
    if (frame.type === EtherType.ARP) {
      const packet = readArp(frame.payload);
      if (packet !== null) this.arps.push(packet);
      return;
    }
    const packet = readPacket(frame);
    if (packet === null) throw new Error("a packet is damaged");
    this.packets.push(packet);
    if (packet.protocol === Protocol.UDP && !isFragment(packet)) this.#takeDatagram(packet);
    if (packet.protocol === Protocol.TCP) this.#takeSegment(packet, work !== null);
  }

  #takeDatagram(packet: IpPacket): void {
    const datagram = readUdp(packet.payload, packet);
    if (datagram === null) throw new Error("a datagram is damaged");
    this.datagrams.push({ from: { address: packet.source, port: datagram.sourcePort }, datagram });
  }

  #takeSegment(packet: IpPacket, isUnfinished: boolean): void {
    if (isUnfinished) requirePending(packet);
    const segment = readTcp(packet.payload, isUnfinished ? null : packet);
    if (segment === null) throw new Error("a segment is damaged");
    this.segments.push({ from: packet.source, segment });
    const { sourcePort, destinationPort } = segment;
    const other = { address: packet.source, port: sourcePort };
    const key = `${endpointText(other)} ${destinationPort}`;
    const known = this.#connections.get(key)?.connection;
    const copy = { ...segment, payload: segment.payload.slice() };
    if (known !== null && known !== undefined) {
      queueMicrotask(() => {
        known.receive(copy);
        known.flush();
      });
      return;
    }
    const listener = this.listening.get(destinationPort);
    if (listener === undefined || segment.flags !== TcpFlag.SYN) return;
    this.#connection(listener, other, destinationPort, 5000).accept(copy);
  }

  /** Lets everything happen that needs no more than so much time. */
  async settle(milliseconds = 10): Promise<void> {
    for (let turn = 0; turn < TURNS; turn++) {
      for (let count = 0; count < TURNS; count++) await Promise.resolve();
      this.clock.advance(milliseconds / TURNS);
    }
  }
}

function readPacket({ type, payload }: EthernetFrame): IpPacket | null {
  if (type === EtherType.IPV4) return readIpv4(payload);
  const outer = readIpv6(payload);
  const inner = outer && skipExtensions(outer, true);
  return inner === null || isFault(inner) ? null : inner;
}

/** What a card completes holds the sum of the pseudo header: with it the whole comes out right. */
function requirePending(packet: IpPacket): void {
  const bytes = packet.payload.slice();
  const pending = (bytes[TCP_CHECKSUM_AT] << 8) | bytes[TCP_CHECKSUM_AT + 1];
  const { source, destination, protocol } = packet;
  bytes[TCP_CHECKSUM_AT] = bytes[TCP_CHECKSUM_AT + 1] = 0;
  const full = transportChecksum({ source, destination, protocol }, bytes);
  const own = foldSum(addToSum(pending, bytes));
  if (own !== (~full & 0xffff)) throw new Error("a checksum cannot be completed");
}
