import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { RECEIVE_BYTES } from "./tcp_receiver.ts";
import { TcpFlag, type TcpSegment } from "./tcp_segment.ts";
import { GOOD_LINK, TcpPair } from "./tcp_pair_fixture.ts";

const HOUR_MS = 3_600_000;
/** What fits into a frame, by the version of the packet that it is in. */
const SEGMENT_BYTES = { 4: 1460, 6: 1440 } as const;

function pattern(length: number, seed = 7): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 31 + (at >>> 8) * 17 + seed) & 0xff);
}

function opened(pair: TcpPair): TcpPair {
  pair.open();
  pair.clock.advance(10);
  assertEquals([pair.first.isEstablished, pair.second.isEstablished], [true, true]);
  return pair;
}

Deno.test("bytes go both ways, and both ends close in order", () => {
  const pair = opened(new TcpPair());
  const [there, back] = [pattern(100_000), pattern(70_000, 3)];
  pair.first.write(there);
  pair.second.write(back);
  pair.clock.advance(HOUR_MS);
  assertEquals(pair.second.bytes, there);
  assertEquals(pair.first.bytes, back);
  assertEquals([pair.first.closings, pair.second.closings], [["closed"], ["closed"]]);
  assertEquals([pair.first.hasEnded, pair.second.hasEnded], [true, true]);
  assert(!pair.clock.hasCalls, "a timer is left");
});

Deno.test("segments are as large as the other side takes, and bursts as large as the link takes", () => {
  for (
    const [segmentBytes, burstBytes] of [
      [SEGMENT_BYTES[4], 0],
      [SEGMENT_BYTES[6], 0],
      [SEGMENT_BYTES[4], 0xffff],
      [SEGMENT_BYTES[6], 0xffff],
    ]
  ) {
    const pair = opened(new TcpPair({ segmentBytes, burstBytes }));
    pair.first.write(pattern(200_000));
    pair.clock.advance(HOUR_MS);
    const longest = Math.max(...pair.sent.map(({ segment }) => segment.payload.length));
    if (burstBytes === 0) assertEquals(longest, segmentBytes);
    else assert(longest > segmentBytes && longest <= burstBytes && longest % segmentBytes === 0);
    assertEquals(pair.second.bytes.length, 200_000);
  }
});

Deno.test("one side may end and go on receiving", () => {
  const pair = opened(new TcpPair());
  pair.first.write(pattern(10));
  pair.clock.advance(1000);
  assertEquals([pair.first.connection?.state, pair.second.connection?.state], [
    "fin-wait-2",
    "close-wait",
  ]);
  const late = pattern(300_000, 9);
  pair.second.write(late);
  pair.clock.advance(HOUR_MS);
  assertEquals(pair.first.bytes, late);
  assertEquals([pair.first.closings, pair.second.closings], [["closed"], ["closed"]]);
});

Deno.test("ends that close at once go through CLOSING", () => {
  const pair = opened(new TcpPair());
  pair.first.connection?.end();
  pair.second.connection?.end();
  assertEquals(pair.first.connection?.state, "fin-wait-1");
  pair.clock.advance(HOUR_MS);
  assertEquals([pair.first.closings, pair.second.closings], [["closed"], ["closed"]]);
});

Deno.test("a reader that consumes nothing stops the writer, which asks until there is room", () => {
  const pair = opened(new TcpPair());
  const bytes = pattern(2 * RECEIVE_BYTES);
  pair.second.consumes = false;
  pair.first.write(bytes);
  pair.clock.advance(60_000);
  assertEquals(pair.second.bytes.length, RECEIVE_BYTES);
  const before = pair.sent.length;
  pair.clock.advance(HOUR_MS);
  const probes = pair.sent.slice(before).filter(({ isFromFirst }) => isFromFirst);
  assert(probes.length > 10 && probes.every(({ segment }) => segment.payload.length === 1));
  pair.second.consumes = true;
  pair.second.connection?.consumed(RECEIVE_BYTES);
  pair.clock.advance(HOUR_MS);
  assertEquals(pair.second.bytes, bytes);
});

Deno.test("a lost window update does not stop a connection", () => {
  const pair = opened(new TcpPair());
  pair.second.consumes = false;
  pair.first.write(pattern(RECEIVE_BYTES + 1000));
  pair.clock.advance(10_000);
  pair.link = () => [];
  pair.second.consumes = true;
  pair.second.connection?.consumed(RECEIVE_BYTES);
  pair.clock.advance(10);
  pair.link = GOOD_LINK;
  pair.clock.advance(HOUR_MS);
  assertEquals(pair.second.bytes.length, RECEIVE_BYTES + 1000);
});

Deno.test("one lost segment is sent again without a timeout", () => {
  const pair = opened(new TcpPair());
  let payloads = 0;
  pair.link = ({ payload }) => payload.length > 0 && ++payloads === 5 ? [] : [1];
  pair.first.write(pattern(60_000));
  pair.clock.advance(150);
  assertEquals(pair.second.bytes, pattern(60_000));
});

Deno.test("a peer that never answers is given up, before and after the handshake", () => {
  const silent = new TcpPair({ link: () => [] });
  silent.open();
  silent.clock.advance(HOUR_MS);
  assertEquals(silent.first.closings, ["timeout"]);
  assert(silent.sent.length > 3 && !silent.clock.hasCalls);
  const pair = opened(new TcpPair());
  pair.link = () => [];
  pair.first.write(pattern(10));
  pair.clock.advance(HOUR_MS);
  assertEquals(pair.first.closings, ["timeout"]);
});

Deno.test("an abort resets the other side; a reset with another number in the window does not", () => {
  const pair = opened(new TcpPair());
  const forged: TcpSegment = {
    sourcePort: 1,
    destinationPort: 2,
    sequence: 101 + 5000,
    acknowledgment: 0,
    flags: TcpFlag.RST,
    window: 0,
    payload: new Uint8Array(0),
  };
  pair.second.connection?.receive(forged);
  assertEquals(pair.second.closings, []);
  pair.first.connection?.abort();
  pair.clock.advance(10);
  assertEquals([pair.first.closings, pair.second.closings], [["reset"], ["reset"]]);
  assert(!pair.clock.hasCalls);
});

Deno.test("an acknowledgment of what was never sent is answered and changes nothing", () => {
  const pair = opened(new TcpPair());
  const before = pair.sent.length;
  pair.first.connection?.receive({
    sourcePort: 2,
    destinationPort: 1,
    sequence: 0xffff_ff01,
    acknowledgment: 101 + 77,
    flags: TcpFlag.ACK,
    window: 100,
    payload: pattern(10),
  });
  assertEquals(pair.sent.length, before + 1);
  assertEquals(pair.first.bytes.length, 0);
  pair.second.write(pattern(20));
  pair.clock.advance(HOUR_MS);
  assertEquals(pair.first.bytes, pattern(20));
});

Deno.test("a link that loses, doubles, delays and swaps segments loses no byte and no end", () => {
  const fate = fc.constantFrom([], [1], [1], [1], [1], [1], [1], [1, 3], [9], [40]);
  fc.assert(
    fc.property(
      fc.infiniteStream(fate),
      fc.nat(120_000),
      fc.nat(60_000),
      fc.constantFrom(0, 0xffff),
      fc.constantFrom(...Object.values(SEGMENT_BYTES)),
      fc.tuple(fc.nat(0xffff_ffff), fc.nat(0xffff_ffff)),
      (fates, there, back, burstBytes, segmentBytes, firstNumbers) => {
        const pair = new TcpPair({
          link: () => fates.next().value ?? [1],
          burstBytes,
          segmentBytes,
          firstNumbers,
        });
        pair.first.write(pattern(there));
        pair.second.write(pattern(back, 5));
        pair.open();
        pair.clock.advance(HOUR_MS);
        const { closings } = pair.first;
        if (closings[0] === "timeout") return; // so many in a row were lost
        assertEquals(pair.second.bytes, pattern(there));
        assertEquals(pair.first.bytes, pattern(back, 5));
        assertEquals(closings, ["closed"]);
        assert(!pair.clock.hasCalls, "a timer is left");
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("whatever a peer sends, a connection stays whole and within its bounds", () => {
  const segment = fc.record({
    sequence: fc.integer({ min: -70_000, max: 400_000 }),
    acknowledgment: fc.integer({ min: -5000, max: 5000 }),
    flags: fc.nat(31),
    window: fc.nat(0xffff),
    length: fc.nat(3000),
  });
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 80 }), (segments) => {
      const pair = opened(new TcpPair());
      const end = pair.second;
      end.consumes = false;
      for (const { sequence, acknowledgment, length, ...same } of segments) {
        end.connection?.receive({
          ...same,
          sourcePort: 1,
          destinationPort: 2,
          sequence: (101 + sequence) >>> 0,
          acknowledgment: (0xffff_ff01 + acknowledgment) >>> 0,
          payload: pattern(length),
        });
        end.connection?.flush();
        assert(end.bytes.length <= RECEIVE_BYTES);
      }
    }),
    { numRuns: 200 },
  );
});
