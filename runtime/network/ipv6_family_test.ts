import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Address, UNSPECIFIED } from "./address.ts";
import { planAddresses } from "./address_plan.ts";
import { addressText } from "./address_text.ts";
import { addressOf, endpointOf, TEST_MAC, TestGuest, testSettings } from "./guest_fixture.ts";
import { icmpv6Bytes, Icmpv6Type } from "./icmpv6.ts";
import { type IpPacket, Protocol } from "./ip_packet.ts";
import { ALL_NODES, solicitedGroup } from "./ipv6_addresses.ts";
import { LINK_HOP_LIMIT, solicitation } from "./neighbour_messages.ts";
import { udpBytes } from "./udp.ts";

const GATEWAY = addressOf("fec0::2");
const ROUTER = addressOf("fe80::2");
const ALL_ROUTERS = addressOf("ff02::2");
const PUBLIC = endpointOf("2a00:1::80", 80);
const PUBLIC_V4 = endpointOf("192.0.2.80", 80);
const NEXT = { HOP_BY_HOP: 0, ROUTING: 43, FRAGMENT: 44, NOTHING: 59, DESTINATION: 60 } as const;

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 7) & 0xff);
}

function known(settings = testSettings()): TestGuest {
  const guest = new TestGuest(settings, 6);
  guest.ask(GATEWAY);
  guest.packets.length = 0;
  return guest;
}

function ask(
  guest: TestGuest,
  type: number,
  to: Address,
  body: Uint8Array = new Uint8Array(0),
): void {
  const payload = icmpv6Bytes({ type, body }, guest.address, to);
  guest.send(Protocol.ICMPV6, to, payload, { hopLimit: LINK_HOP_LIMIT });
}

/** Type, code and word of a message. */
function said({ payload }: IpPacket): number[] {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  return [payload[0], payload[1], view.getUint32(4)];
}

/** What follows a message's first 8 bytes, in hexadecimal. */
function bodyText({ payload }: IpPacket): string {
  return Array.from(payload.subarray(8), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

Deno.test("the gateway tells of itself, the network and the name server, asked and unasked", async () => {
  const guest = known();
  await guest.network.open();
  ask(guest, Icmpv6Type.ROUTER_SOLICITATION, ALL_ROUTERS);
  const [answer] = guest.packets;
  const own = addressText(answer.source);
  assertEquals([own, addressText(answer.destination)], ["fe80::2", addressText(guest.address)]);
  assertEquals([answer.hopLimit, ...said(answer)], [255, 134, 0, 64 << 24 | 1800]);
  assertEquals(
    bodyText(answer),
    "0000000000000000" + "010152550a000202" + "05010000000005dc" +
      "030440c0000151800000384000000000" + "fec00000000000000000000000000000" +
      "1903000000000708" + "fec00000000000000000000000000003",
  );
  guest.clock.advance(600_000);
  assert(guest.packets.length >= 2, "nothing came by itself");
  assertEquals(guest.packets[1].destination, ALL_NODES);
  guest.network.close();
});

Deno.test("a restricted guest is told of no name server, a long prefix is not for own addresses", () => {
  const plan = planAddresses({ "ipv6-net": "fd00:1::/112" }, TEST_MAC);
  if ("cause" in plan) throw new TypeError(plan.cause);
  const guest = new TestGuest(testSettings({ plan, isRestricted: true }), 6);
  guest.address = addressOf("fe80::1234");
  ask(guest, Icmpv6Type.ROUTER_SOLICITATION, ALL_ROUTERS);
  const text = bodyText(guest.packets[0]);
  assert(text.includes("03047080"), text);
  assert(!text.includes("1903"), text);
});

Deno.test("who asks for an address of the gateway's hears of it, who looks for a free one as well", () => {
  const guest = new TestGuest(testSettings(), 6);
  for (const text of ["fec0::2", "fec0::3", "fe80::2", "fec0::4", "fec0::5054:ff:fe12:3456"]) {
    guest.ask(addressOf(text));
  }
  assertEquals(guest.packets.map(({ source }) => addressText(source)), [
    "fec0::2",
    "fec0::3",
    "fe80::2",
  ]);
  assertEquals(said(guest.packets[0]), [136, 0, 0xe000_0000]);
  guest.packets.length = 0;
  guest.address = UNSPECIFIED[6];
  guest.ask(GATEWAY);
  const [taken] = guest.packets;
  assertEquals([taken.destination, said(taken)], [ALL_NODES, [136, 0, 0xa000_0000]]);
});

Deno.test("a message between neighbours that comes from elsewhere is not believed", () => {
  const guest = known();
  const group = solicitedGroup(GATEWAY);
  const payload = icmpv6Bytes(solicitation(GATEWAY, guest.mac), guest.address, group);
  guest.send(Protocol.ICMPV6, group, payload, { hopLimit: 64 });
  payload[10]++;
  guest.send(Protocol.ICMPV6, group, payload, { hopLimit: 255 });
  assertEquals(guest.packets.length, 0);
});

Deno.test("pings of the gateway are answered by each of its names, others are not", () => {
  const guest = known();
  for (const to of [GATEWAY, ROUTER, addressOf("fec0::3"), PUBLIC.address]) {
    ask(guest, Icmpv6Type.ECHO, to, pattern(100));
  }
  assertEquals(guest.packets.map(({ source }) => addressText(source)), [
    "fec0::2",
    "fe80::2",
    "fec0::3",
  ]);
  assertEquals([...guest.packets[0].payload.subarray(8)], [...pattern(100)]);
});

Deno.test("who asks by DHCP for other things than an address gets the name server", () => {
  const guest = known();
  const server = { address: addressOf("ff02::1:2"), port: 547 };
  guest.sendDatagram(server, 546, Uint8Array.of(11, 1, 2, 3, 0, 1, 0, 2, 7, 8));
  guest.sendDatagram(server, 546, Uint8Array.of(1, 1, 2, 3, 0, 1, 0, 2, 7, 8));
  guest.sendDatagram(server, 546, Uint8Array.of(11, 1, 2, 3, 0, 1, 0, 9));
  assertEquals(guest.datagrams.length, 1);
  const [{ from, datagram }] = guest.datagrams;
  assertEquals([addressText(from.address), from.port, datagram.destinationPort], [
    "fe80::2",
    547,
    546,
  ]);
  assertEquals([...datagram.payload], [
    ...[7, 1, 2, 3, 0, 1, 0, 2, 7, 8, 0, 2, 0, 10, 0, 3, 0, 1, 0x52, 0x55, 0x0a, 0, 2, 2],
    ...[0, 23, 0, 16, 0xfe, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3],
  ]);
});

Deno.test("a datagram that cannot go hears so, from the policy and from the host", async () => {
  const guest = known();
  guest.sendDatagram(endpointOf("fd00::1", 80), 5000, pattern(20));
  assertEquals(said(guest.packets[0]), [1, 1, 0]);
  guest.sendDatagram(endpointOf("ff02::fb", 80), 5000, pattern(20));
  assertEquals(guest.packets.length, 1, "what was for many is told of");
  guest.sendDatagram(PUBLIC, 5000, pattern(20));
  await guest.settle();
  guest.host.sockets.get("[::]:0")?.failed(pattern(20), PUBLIC);
  const told = guest.packets[1];
  assertEquals(said(told), [1, 0, 0]);
  const datagram = udpBytes(
    { sourcePort: 5000, destinationPort: 80, payload: pattern(20) },
    { source: guest.address, destination: PUBLIC.address, protocol: Protocol.UDP },
  );
  assertEquals(told.payload.subarray(-datagram.length), datagram);
});

Deno.test("a host that has no socket of that version makes a datagram fail, not wait", async () => {
  const guest = known();
  guest.host.openDatagrams = () => Promise.reject(new Error("no such family"));
  guest.sendDatagram(PUBLIC, 5000, pattern(20));
  await guest.settle();
  assertEquals(guest.packets.map(said), [[1, 0, 0]]);
});

Deno.test("questions go to a name server of the other version and its answers come back", async () => {
  const guest = known();
  const [seen, real] = [endpointOf("fec0::3", 53), endpointOf("127.0.0.53", 53)];
  guest.sendDatagram(seen, 5000, pattern(20));
  guest.sendDatagram(PUBLIC, 5000, pattern(21));
  await guest.settle();
  assertEquals(guest.host.datagrams.map(({ to }) => to), [real, PUBLIC]);
  guest.host.sockets.get("0.0.0.0:0")?.received(pattern(40), real);
  guest.host.sockets.get("[::]:0")?.received(pattern(41), PUBLIC);
  assertEquals(guest.datagrams.map(({ from }) => from), [seen, PUBLIC]);
});

Deno.test("a forwarded port takes who comes by the other version for the gateway", async () => {
  const at = endpointOf("127.0.0.1", 6969);
  const guest = known(testSettings({
    hostForwards: [{ protocol: "udp", host: at, guest: endpointOf("fec0::5054:ff:fe12:3456", 69) }],
  }));
  await guest.network.open();
  guest.host.sockets.get("127.0.0.1:6969")?.received(pattern(5), PUBLIC_V4);
  assertEquals(guest.datagrams[0].from, { address: GATEWAY, port: 80 });
  guest.sendDatagram(guest.datagrams[0].from, 69, pattern(6));
  assertEquals(guest.host.datagrams, [{ bytes: pattern(6), to: PUBLIC_V4 }]);
  guest.network.close();
});

/** Headers of options without any, one behind the other, and what the last one says that follows. */
function headers(kinds: readonly number[], last: number): Uint8Array {
  return Uint8Array.from(
    kinds.flatMap((_, at) => [kinds[at + 1] ?? last, 0, 1, 4, 0, 0, 0, 0]),
  );
}

function datagramFor(guest: TestGuest, payload: Uint8Array): Uint8Array {
  return udpBytes({ sourcePort: 5000, destinationPort: 80, payload }, {
    source: guest.address,
    destination: PUBLIC.address,
    protocol: Protocol.UDP,
  });
}

Deno.test("headers between a packet's own and what it carries are passed over, wrong ones are told of", async () => {
  const udp = Protocol.UDP;
  const cases: readonly (readonly [number, Uint8Array, number[] | "arrives" | "lost"])[] = [
    [NEXT.HOP_BY_HOP, headers([NEXT.HOP_BY_HOP, NEXT.DESTINATION], udp), "arrives"],
    [NEXT.ROUTING, Uint8Array.of(udp, 0, 0, 0, 0, 0, 0, 0), "arrives"],
    [NEXT.ROUTING, Uint8Array.of(udp, 0, 0, 1, 0, 0, 0, 0), [4, 0, 42]],
    [NEXT.FRAGMENT, Uint8Array.of(udp, 0, 0, 0, 0, 0, 0, 9), "arrives"],
    [NEXT.FRAGMENT, Uint8Array.of(udp, 0, 0, 1, 0, 0, 0, 9), [4, 0, 4]],
    [NEXT.DESTINATION, headers([NEXT.DESTINATION, NEXT.HOP_BY_HOP], udp), [4, 1, 40]],
    [NEXT.DESTINATION, Uint8Array.of(udp, 0, 0x1e, 4, 0, 0, 0, 0), "arrives"],
    [NEXT.DESTINATION, Uint8Array.of(udp, 0, 0x5e, 4, 0, 0, 0, 0), "lost"],
    [NEXT.DESTINATION, Uint8Array.of(udp, 0, 0x9e, 4, 0, 0, 0, 0), [4, 2, 42]],
    [NEXT.DESTINATION, Uint8Array.of(udp, 0, 0xde, 4, 0, 0, 0, 0), [4, 2, 42]],
    [NEXT.DESTINATION, Uint8Array.of(udp, 0, 1, 9, 0, 0, 0, 0), "lost"],
    [NEXT.DESTINATION, Uint8Array.of(udp, 200, 1, 4, 0, 0, 0, 0), "lost"],
    [NEXT.DESTINATION, headers(new Array(20).fill(NEXT.DESTINATION), udp), "lost"],
    [NEXT.NOTHING, new Uint8Array(0), "lost"],
    [99, new Uint8Array(0), [4, 1, 6]],
  ];
  for (const [protocol, before, expected] of cases) {
    const guest = known();
    const datagram = datagramFor(guest, pattern(21));
    guest.send(protocol, PUBLIC.address, Uint8Array.of(...before, ...datagram));
    await guest.settle();
    const got = guest.host.datagrams.length > 0 ? "arrives" : guest.packets.map(said)[0] ?? "lost";
    assertEquals(got, expected, `${protocol} ${before}`);
  }
});

Deno.test("a datagram in fragments is put together, with headers behind the fragments' own", async () => {
  const guest = known();
  const whole = Uint8Array.of(
    ...headers([NEXT.DESTINATION], Protocol.UDP),
    ...datagramFor(guest, pattern(3000)),
  );
  for (const [from, to] of [[1448, 2896], [2896, whole.length], [0, 1448]]) {
    guest.send(NEXT.DESTINATION, PUBLIC.address, whole.subarray(from, to), {
      identification: 0xdead_beef,
      fragmentOffset: from,
      hasMoreFragments: to < whole.length,
    });
  }
  await guest.settle();
  assertEquals(guest.host.datagrams, [{ bytes: pattern(3000), to: PUBLIC }]);
  guest.host.sockets.get("[::]:0")?.received(pattern(4000), PUBLIC);
  assertEquals(guest.packets.map(({ fragmentOffset }) => fragmentOffset), [0, 1448, 2896]);
});

Deno.test("a packet that is too long for the link is told of, not taken", () => {
  const guest = known();
  guest.sendDatagram(PUBLIC, 5000, pattern(1500));
  assertEquals(guest.packets.map(said), [[2, 0, 1500]]);
  assertEquals(guest.packets[0].bytes.length, 1280);
});

Deno.test("no message is sent about a message, and none to nobody", () => {
  const guest = known();
  const error = icmpv6Bytes({ type: 1, body: pattern(1600) }, guest.address, PUBLIC.address);
  guest.send(Protocol.ICMPV6, PUBLIC.address, error);
  guest.address = UNSPECIFIED[6];
  guest.send(99, PUBLIC.address, pattern(10));
  assertEquals(guest.packets.length, 0);
});

Deno.test("a datagram without checksum is not taken", async () => {
  const guest = known();
  const datagram = datagramFor(guest, pattern(20));
  datagram.fill(0, 6, 8);
  guest.send(Protocol.UDP, PUBLIC.address, datagram);
  await guest.settle();
  assertEquals(guest.host.datagrams.length, 0);
});

Deno.test("a network has the versions that it is said to have", () => {
  const has = (options: Parameters<typeof planAddresses>[0]) => {
    const plan = planAddresses(options, TEST_MAC);
    return "cause" in plan ? plan.cause : [plan[4] !== null, plan[6] !== null];
  };
  assertEquals(has({}), [true, true]);
  assertEquals(has({ ipv4: true }), [true, false]);
  assertEquals(has({ ipv6: true }), [false, true]);
  assertEquals(has({ ipv6: false }), [true, false]);
  assertEquals(has({ ipv4: true, ipv6: true }), [true, true]);
  assertEquals(has({ ipv4: false, ipv6: false }), "a network has at least one of them");
  const plan = planAddresses({ ipv4: true }, TEST_MAC);
  if ("cause" in plan) throw new TypeError(plan.cause);
  const guest = new TestGuest(testSettings({ plan }), 6);
  guest.ask(GATEWAY);
  ask(guest, Icmpv6Type.ROUTER_SOLICITATION, ALL_ROUTERS);
  assertEquals(guest.packets.length, 0);
});

Deno.test("whatever headers and messages a guest makes up, each is answered at most once or twice", () => {
  const guest = known();
  const chain = fc.array(
    fc.record({
      kind: fc.constantFrom(...Object.values(NEXT), ...Object.values(Protocol)),
      units: fc.nat(3),
      bytes: fc.uint8Array({ minLength: 30, maxLength: 30 }),
    }),
    { maxLength: 12 },
  );
  const to = fc.constantFrom(GATEWAY, ROUTER, PUBLIC.address, ALL_NODES, solicitedGroup(GATEWAY));
  const message = fc.record({ type: fc.nat(255), body: fc.uint8Array({ maxLength: 80 }), to });
  fc.assert(
    fc.property(chain, to, fc.array(message, { maxLength: 4 }), (parts, destination, messages) => {
      const bytes = parts.flatMap(({ units, bytes }, at) => {
        const header = [...bytes, 0, 0].slice(0, 8 * (units + 1));
        header[0] = parts[at + 1]?.kind ?? Protocol.UDP;
        header[1] = units;
        return header;
      });
      guest.packets.length = 0;
      guest.send(parts[0]?.kind ?? Protocol.UDP, destination, Uint8Array.from(bytes));
      for (const one of messages) ask(guest, one.type, one.to, one.body);
      assert(guest.packets.length <= 2 * (1 + messages.length), `${guest.packets.length}`);
    }),
    { numRuns: 1000 },
  );
  ask(guest, Icmpv6Type.ECHO, GATEWAY);
  assertEquals(guest.packets.at(-1)?.payload[0], Icmpv6Type.ECHO_REPLY);
});
