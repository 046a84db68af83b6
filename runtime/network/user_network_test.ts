import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { BROADCAST, UNSPECIFIED } from "./address.ts";
import { checksumOf } from "./checksum.ts";
import { DhcpMessage, DhcpOption } from "./dhcp.ts";
import { addressOf, endpointOf, testCard, TestGuest, testSettings } from "./guest_fixture.ts";
import { TestStream } from "./host_network_fixture.ts";
import { endpointText } from "./deno_network.ts";
import { Protocol } from "./ip_packet.ts";
import { TestEnd } from "./tcp_pair_fixture.ts";
import { TcpFlag } from "./tcp_segment.ts";
import { udpBytes } from "./udp.ts";

const GATEWAY = addressOf("10.0.2.2");
/** Where sockets are opened whose port the host chooses. */
const ANY = "0.0.0.0:0";
const PUBLIC = endpointOf("192.0.2.80", 80);

/** Other addresses that mean something. */
const SPECIAL = {
  4: [BROADCAST, addressOf("10.0.2.3")],
  6: ["ff02::1", "ff02::1:ff00:2", "fe80::2", "fec0::3", "::", "::1"].map(addressOf),
} as const;
/** What a guest speaks with, by version. */
const PLACES = [
  {
    version: 4,
    gateway: GATEWAY,
    publicOne: PUBLIC,
    loopback: endpointOf("127.0.0.1", 2222),
    guestAddress: "10.0.2.15",
  },
  {
    version: 6,
    gateway: addressOf("fec0::2"),
    publicOne: endpointOf("2a00:1::80", 80),
    loopback: endpointOf("::1", 2222),
    guestAddress: "fec0::5054:ff:fe12:3456",
  },
] as const;

function pattern(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 7 + (at >>> 8) * 13 + seed) & 0xff);
}

Deno.test("the gateway and the name server answer who has their addresses, and nobody else's", () => {
  const guest = new TestGuest();
  for (const last of [2, 3, 4, 15]) guest.ask(addressOf(`10.0.2.${last}`));
  assertEquals(guest.arps.map(({ sender }) => sender), [GATEWAY, addressOf("10.0.2.3")]);
});

function dhcpMessage(message: number, options: readonly number[], mac: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(300);
  bytes.set([1, 1, 6, 0, 0xde, 0xad, 0xbe, 0xef]);
  bytes.set(mac, 28);
  bytes.set([0x63, 0x82, 0x53, 0x63, DhcpOption.MESSAGE, 1, message, ...options, 255], 236);
  return bytes;
}

Deno.test("a station gets an address, keeps it, and hears no to another one", () => {
  const guest = new TestGuest(testSettings({ hostName: "weft" }));
  const own = guest.address;
  guest.address = UNSPECIFIED[4];
  const ask = (message: number, ...options: number[]) => {
    const to = { address: BROADCAST, port: 67 };
    guest.sendDatagram(to, 68, dhcpMessage(message, options, guest.mac));
    return guest.datagrams.at(-1)?.datagram.payload ?? new Uint8Array(0);
  };
  const has = (reply: Uint8Array, option: readonly number[]): boolean =>
    reply.join().includes(option.join());
  const offer = ask(DhcpMessage.DISCOVER);
  assertEquals([...offer.subarray(16, 20)], [10, 0, 2, 15]);
  assertEquals([...offer.subarray(4, 8)], [0xde, 0xad, 0xbe, 0xef]);
  assert(has(offer, [DhcpOption.MESSAGE, 1, DhcpMessage.OFFER]));
  assert(has(offer, [DhcpOption.SUBNET_MASK, 4, 255, 255, 255, 0]));
  assert(has(offer, [DhcpOption.ROUTER, 4, 10, 0, 2, 2]));
  assert(has(offer, [DhcpOption.NAME_SERVER, 4, 10, 0, 2, 3]));
  assert(has(offer, [DhcpOption.HOST_NAME, 4, ...new TextEncoder().encode("weft")]));
  const wish = [DhcpOption.REQUESTED_ADDRESS, 4, 10, 0, 2, 15];
  assert(has(ask(DhcpMessage.REQUEST, ...wish), [DhcpOption.MESSAGE, 1, DhcpMessage.ACK]));
  const other = [DhcpOption.REQUESTED_ADDRESS, 4, 10, 0, 2, 99];
  assert(has(ask(DhcpMessage.REQUEST, ...other), [DhcpOption.MESSAGE, 1, DhcpMessage.NAK]));
  const foreign = [DhcpOption.SERVER, 4, 10, 0, 2, 9, ...wish];
  const before = guest.datagrams.length;
  ask(DhcpMessage.REQUEST, ...foreign);
  assertEquals(guest.datagrams.length, before);
  guest.mac[5]++;
  assertEquals([...ask(DhcpMessage.DISCOVER).subarray(16, 20)], [10, 0, 2, 16]);
  assertEquals(own, addressOf("10.0.2.15"));
});

Deno.test("pings of the gateway are answered, others are not", () => {
  const guest = new TestGuest();
  guest.ask(GATEWAY);
  const echo = Uint8Array.of(8, 0, 0, 0, 0, 1, 0, 2, 5, 6, 7);
  const sum = checksumOf(echo);
  echo.set([sum >>> 8, sum & 0xff], 2);
  guest.send(Protocol.ICMP, PUBLIC.address, echo);
  assertEquals(guest.packets.length, 0);
  guest.send(Protocol.ICMP, GATEWAY, echo);
  const [reply] = guest.packets;
  assertEquals([reply.source, reply.payload[0], checksumOf(reply.payload)], [GATEWAY, 0, 0]);
  assertEquals([...reply.payload.subarray(4)], [...echo.subarray(4)]);
  echo[9]++;
  guest.send(Protocol.ICMP, GATEWAY, echo);
  assertEquals(guest.packets.length, 1);
});

Deno.test("a connection is made when the host's is, and carries bytes both ways to both ends", async () => {
  const cases = PLACES.flatMap((place) =>
    [false, true].map((takesBursts) => ({ ...place, takesBursts }))
  );
  for (const { version, gateway, publicOne, takesBursts } of cases) {
    const guest = new TestGuest(testSettings(), version);
    guest.card = testCard(takesBursts);
    let stream = new TestStream();
    guest.host.serve(publicOne, (made) => stream = made);
    guest.ask(gateway);
    const end = guest.connect(publicOne, 4000);
    end.write(pattern(100_000));
    await guest.settle(1000);
    assertEquals(stream.written.reduce((sum, { length }) => sum + length, 0), 100_000);
    assertEquals(new Uint8Array(stream.written.flatMap((bytes) => [...bytes])), pattern(100_000));
    assert(stream.hasClosedWrite, "the host was not told of the end");
    const answer = pattern(200_000, 9);
    stream.push(answer);
    stream.push(null);
    for (let count = 0; count < 40; count++) await guest.settle(100);
    assertEquals(end.bytes, answer);
    assert(end.hasEnded, "the guest was not told of the end");
    const longest = Math.max(...guest.segments.map(({ segment }) => segment.payload.length));
    assertEquals(longest > 1460, takesBursts);
    if (!takesBursts) assertEquals(longest, version === 4 ? 1460 : 1440);
    await guest.settle(5000);
    assert(stream.isClosed);
    assertEquals(guest.network.connections, 0);
  }
});

Deno.test("where nobody listens, and where the guest may not go, it is refused at once", async () => {
  for (const { version, gateway, publicOne } of PLACES) {
    const guest = new TestGuest(testSettings(), version);
    guest.ask(gateway);
    const nobody = guest.connect(publicOne, 4000);
    const loopback = guest.connect({ address: gateway, port: 22 }, 4001);
    await guest.settle();
    assertEquals([nobody.closings, loopback.closings], [["reset"], ["reset"]]);
    assertEquals(guest.host.asked, [publicOne]);
    assertEquals(guest.network.counts, { allowed: 1, refused: 1 });
    assertEquals(guest.network.connections, 0);
  }
});

Deno.test("a segment for no connection is answered with a reset that its sender believes", async () => {
  const guest = new TestGuest();
  guest.ask(GATEWAY);
  guest.sendSegment(PUBLIC.address, {
    sourcePort: 4000,
    destinationPort: 80,
    sequence: 77,
    acknowledgment: 99,
    flags: TcpFlag.ACK,
    window: 100,
    payload: pattern(5),
  });
  await guest.settle();
  const [{ segment }] = guest.segments;
  assertEquals([segment.flags, segment.sequence], [TcpFlag.RST, 99]);
});

Deno.test("what the host does not take closes the guest's window", async () => {
  const guest = new TestGuest();
  let stream = new TestStream();
  const gate = Promise.withResolvers<void>();
  guest.host.serve(PUBLIC, (made) => {
    stream = made;
    const write = made.write.bind(made);
    made.write = (bytes) => gate.promise.then(() => write(bytes));
  });
  guest.ask(GATEWAY);
  guest.connect(PUBLIC, 4000).write(pattern(1_000_000));
  await guest.settle(5000);
  const last = guest.segments.at(-1)?.segment.window;
  assertEquals([stream.written.length, last], [0, 0]);
  gate.resolve();
  for (let count = 0; count < 100; count++) await guest.settle(1000);
  assertEquals(stream.written.reduce((sum, { length }) => sum + length, 0), 1_000_000);
});

Deno.test("a failing host connection resets the guest's, a reset by the guest closes the host's", async () => {
  const guest = new TestGuest();
  const streams: TestStream[] = [];
  guest.host.serve(PUBLIC, (made) => streams.push(made));
  guest.ask(GATEWAY);
  const [first, second] = [guest.connect(PUBLIC, 4000), guest.connect(PUBLIC, 4001)];
  await guest.settle();
  streams[0].isClosed = true; // the next read or write fails
  first.write(pattern(10), false);
  second.connection?.abort();
  await guest.settle();
  assertEquals([first.closings, second.closings], [["reset"], ["reset"]]);
  assertEquals(streams.map(({ isClosed }) => isClosed), [true, true]);
});

Deno.test("a forwarded port reaches the guest, who sees the gateway, and is closed where it refuses", async () => {
  for (const { version, gateway, loopback: at, guestAddress } of PLACES) {
    const guest = new TestGuest(
      testSettings({
        isRestricted: true,
        hostForwards: [{ protocol: "tcp", host: at, guest: endpointOf(guestAddress, 22) }],
      }),
      version,
    );
    await guest.network.open();
    const accept = guest.host.listeners.get(endpointText(at));
    const end = new TestEnd();
    guest.listening.set(22, end);
    const stream = new TestStream();
    accept?.(stream, { ...at, port: 50_000 });
    assertEquals(guest.segments.length, 0, "the guest is not known yet");
    guest.ask(gateway);
    stream.push(pattern(3000));
    await guest.settle();
    assertEquals(end.bytes, pattern(3000));
    assertEquals(guest.segments[0].from, gateway);
    guest.listening.delete(22);
    const other = new TestStream();
    accept?.(other, { ...at, port: 50_001 });
    const syn = guest.segments.at(-1)?.segment;
    assertEquals(syn?.flags, TcpFlag.SYN);
    guest.sendSegment(gateway, {
      sourcePort: 22,
      destinationPort: syn?.sourcePort ?? 0,
      sequence: 0,
      acknowledgment: ((syn?.sequence ?? 0) + 1) >>> 0,
      flags: TcpFlag.RST | TcpFlag.ACK,
      window: 0,
      payload: new Uint8Array(0),
    });
    await guest.settle();
    assert(other.isClosed);
    guest.network.close();
  }
});

Deno.test("datagrams go out, and answers come from those who were asked and nobody else", async () => {
  const guest = new TestGuest();
  guest.ask(GATEWAY);
  guest.sendDatagram(PUBLIC, 5000, pattern(20));
  await guest.settle();
  assertEquals(guest.host.datagrams, [{ bytes: pattern(20), to: PUBLIC }]);
  const socket = guest.host.sockets.get(ANY);
  socket?.received(pattern(30), endpointOf("192.0.2.81", 80));
  socket?.received(pattern(31), PUBLIC);
  socket?.received(pattern(4000), PUBLIC);
  assertEquals(guest.datagrams.map(({ from, datagram }) => [from, datagram.payload.length]), [
    [PUBLIC, 31],
  ]);
  const parts = guest.packets.filter(({ identification }, _, all) =>
    identification === all.at(-1)?.identification
  );
  assertEquals(parts.map(({ fragmentOffset }) => fragmentOffset), [0, 1480, 2960]);
  await guest.settle(120_000);
  assertEquals(guest.host.closedSockets, 1);
});

Deno.test("questions for names go to the host's name server, and other ports of it nowhere", async () => {
  const guest = new TestGuest();
  guest.ask(GATEWAY);
  const server = addressOf("10.0.2.3");
  guest.sendDatagram({ address: server, port: 53 }, 5000, pattern(20));
  guest.sendDatagram({ address: server, port: 54 }, 5000, pattern(20));
  await guest.settle();
  const real = endpointOf("127.0.0.53", 53);
  assertEquals(guest.host.datagrams.map(({ to }) => to), [real]);
  guest.host.sockets.get(ANY)?.received(pattern(40), real);
  assertEquals(guest.datagrams[0].from, { address: server, port: 53 });
  const [refusal] = guest.packets.filter(({ protocol }) => protocol === Protocol.ICMP);
  assertEquals([refusal.payload[0], refusal.payload[1]], [3, 13]);
});

Deno.test("a forwarded port for datagrams lets the guest answer each sender", async () => {
  const at = endpointOf("127.0.0.1", 6969);
  const guest = new TestGuest(testSettings({
    isRestricted: true,
    hostForwards: [{ protocol: "udp", host: at, guest: endpointOf("10.0.2.15", 69) }],
  }));
  await guest.network.open();
  guest.ask(GATEWAY);
  const [one, two] = [endpointOf("127.0.0.1", 7001), endpointOf("192.0.2.9", 7002)];
  const socket = guest.host.sockets.get(endpointText(at));
  socket?.received(pattern(5), one);
  socket?.received(pattern(6), two);
  assertEquals(guest.datagrams.map(({ from }) => from), [{ address: GATEWAY, port: 7001 }, two]);
  for (const { from } of [...guest.datagrams]) guest.sendDatagram(from, 69, pattern(from.port & 7));
  assertEquals(guest.host.datagrams.map(({ to }) => to), [one, two]);
  guest.sendDatagram(endpointOf("192.0.2.10", 7003), 69, pattern(5));
  assertEquals(guest.host.datagrams.length, 2);
});

Deno.test("a datagram in fragments is put together in any order, one with overlaps is dropped", async () => {
  const guest = new TestGuest();
  guest.ask(GATEWAY);
  const header = { source: guest.address, destination: PUBLIC.address, protocol: Protocol.UDP };
  const datagram = { sourcePort: 5000, destinationPort: 80, payload: pattern(3000) };
  const whole = udpBytes(datagram, header);
  const send = (from: number, to: number, identification: number): void =>
    guest.send(Protocol.UDP, PUBLIC.address, whole.subarray(from, to), {
      identification,
      fragmentOffset: from,
      hasMoreFragments: to < whole.length,
    });
  send(1480, 2960, 1);
  send(2960, whole.length, 1);
  send(0, 1480, 1);
  send(0, 1480, 2);
  send(1472, 2952, 2);
  send(2952, whole.length, 2);
  await guest.settle();
  assertEquals(guest.host.datagrams, [{ bytes: pattern(3000), to: PUBLIC }]);
});

Deno.test("whatever frames a guest sends, nothing is thrown and nothing unbounded is kept", async () => {
  for (const { version, gateway, publicOne } of PLACES) {
    const guest = new TestGuest(testSettings(), version);
    guest.ask(gateway);
    const bytes = fc.uint8Array({ maxLength: 200 });
    const packet = fc.record({
      protocol: fc.constantFrom(...Object.values(Protocol), 0, 43, 44, 60, 99),
      destination: fc.constantFrom(gateway, publicOne.address, ...SPECIAL[version]),
      payload: bytes,
      part: fc.record({
        fragmentOffset: fc.nat(8191).map((unit) => unit * 8),
        hasMoreFragments: fc.boolean(),
        identification: fc.nat(3),
      }),
    });
    fc.assert(
      fc.property(
        fc.array(packet, { maxLength: 30 }),
        fc.array(bytes, { maxLength: 10 }),
        (packets, raw) => {
          for (const { protocol, destination, payload, part } of packets) {
            guest.send(protocol, destination, payload, part);
          }
          for (const frame of raw) guest.network.receive(frame, true);
          guest.network.flush();
        },
      ),
      { numRuns: 200 },
    );
    for (let port = 1; port <= 3000; port++) {
      guest.sendDatagram(publicOne, port, pattern(4));
      guest.sendSegment(publicOne.address, {
        sourcePort: port,
        destinationPort: 80,
        sequence: 1,
        acknowledgment: 0,
        flags: TcpFlag.SYN,
        window: 100,
        payload: new Uint8Array(0),
      });
    }
    assert(guest.network.connections <= 1024);
    await guest.settle();
    assert(3000 - guest.host.closedSockets <= 256 + 16, `${guest.host.closedSockets} closed`);
  }
});

Deno.test("an address of the network stands for one of the host's, for a restricted guest too", async () => {
  const inside = endpointOf("10.0.2.100", 80);
  const outside = endpointOf("127.0.0.1", 8080);
  const guest = new TestGuest(testSettings({
    isRestricted: true,
    guestForwards: [{ guest: inside, host: outside }],
  }));
  guest.host.serve(outside, (stream) => stream.push(pattern(700)));
  guest.ask(inside.address);
  assertEquals(guest.arps.length, 1);
  const end = guest.connect(inside, 4000);
  const other = guest.connect(PUBLIC, 4001);
  await guest.settle();
  assertEquals(end.bytes, pattern(700));
  assertEquals([other.closings, guest.host.asked], [["reset"], [outside]]);
});
