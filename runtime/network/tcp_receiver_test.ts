import { assert, assertEquals } from "@std/assert";
import { RECEIVE_BYTES, TcpReceiver } from "./tcp_receiver.ts";

const FIRST = 0xffff_fff0;

function joined(pieces: readonly Uint8Array[]): number[] {
  return pieces.flatMap((piece) => [...piece]);
}

Deno.test("what comes before its turn is kept, once, and goes on behind what was missing", () => {
  const receiver = new TcpReceiver(FIRST, 0);
  const bytes = Uint8Array.from({ length: 60 }, (_, at) => at);
  const take = (from: number, to: number, isLast = false) =>
    receiver.take((FIRST + from) >>> 0, bytes.subarray(from, to), isLast);
  assertEquals(take(40, 60, true), { bytes: [], hasEnded: false });
  assertEquals(take(10, 30).bytes, []);
  assertEquals(take(20, 45).bytes, []);
  const { bytes: pieces, hasEnded } = take(0, 12);
  assertEquals(joined(pieces), [...bytes]);
  assertEquals([hasEnded, receiver.heldBytes], [true, 0]);
  assertEquals(receiver.next, (FIRST + 61) >>> 0);
  assertEquals(take(50, 60, true), { bytes: [], hasEnded: false });
});

Deno.test("what is kept before its turn is bounded, however often it is sent", () => {
  const receiver = new TcpReceiver(FIRST, 0);
  for (let count = 0; count < 1000; count++) {
    receiver.take((FIRST + 1 + count) >>> 0, new Uint8Array(0xff00), false);
    assert(receiver.heldBytes <= RECEIVE_BYTES);
  }
  assert(receiver.heldBytes > 0);
});

Deno.test("a window does not move back, and grows by pieces worth a segment", () => {
  const receiver = new TcpReceiver(FIRST, 3);
  assertEquals(receiver.window(), RECEIVE_BYTES >>> 3);
  receiver.take(FIRST, new Uint8Array(1000), false);
  receiver.window();
  receiver.consumed(1000);
  assertEquals(receiver.hasGrown, false);
  assertEquals(receiver.window(), (RECEIVE_BYTES - 1000) >>> 3);
  for (let at = 1000; at < RECEIVE_BYTES; at += 1000) {
    receiver.take((FIRST + at) >>> 0, new Uint8Array(1000), false);
  }
  assertEquals(receiver.window() >>> 7, 0);
  receiver.consumed(100_000);
  assert(receiver.hasGrown && receiver.window() > 10_000);
});
