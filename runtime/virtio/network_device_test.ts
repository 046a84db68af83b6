import { assert, assertEquals } from "@std/assert";
import { NetworkCounter } from "./network_device.ts";
import { NetworkDriver, plainFrame } from "./network_driver_fixture.ts";
import { FrameHeader, NEEDS_CHECKSUM, NetworkFeature, NetworkQueue } from "./network_protocol.ts";
import { DeviceStatus, Feature, MmioRegister } from "./registers.ts";
import { Place, queueBase, type RingFormat } from "./slot_driver_fixture.ts";

const MERGED = 1 << NetworkFeature.MERGED_BUFFERS;
const EVENTS = 1 << Feature.EVENT_INDEX;
const BURSTS = 1 << NetworkFeature.GUEST_CHECKSUM | 1 << NetworkFeature.GUEST_BURSTS_4;
/** What is left to do for a frame that stands for several. */
const BURST = {
  checksumStart: 34,
  checksumOffset: 16,
  segmentBytes: 1460,
  headerBytes: 54,
  version: 4,
} as const;

function started(features: number, format: RingFormat = "split"): NetworkDriver {
  const driver = new NetworkDriver({ format });
  driver.start(features, 8, NetworkQueue.COUNT);
  driver.card.serve(() => false);
  return driver;
}

/** Tests a card with split rings and with packed ones. */
function inBothFormats(name: string, check: (start: typeof started) => void): void {
  Deno.test(name, () => check(started));
  Deno.test(`${name}, with packed rings`, () => check((features) => started(features, "packed")));
}

inBothFormats("a frame of the guest's reaches the network, with what is left to do", (started) => {
  const driver = started(0);
  const { bytes } = plainFrame(100);
  driver.sendFrame(bytes);
  driver.sendFrame(bytes, NEEDS_CHECKSUM);
  assertEquals(driver.sent, [
    { frame: bytes, isComplete: true },
    { frame: bytes, isComplete: false },
  ]);
  assertEquals(driver.usedOf(NetworkQueue.TRANSMIT), 2);
  assert(driver.flushes >= 2);
});

inBothFormats(
  "a frame for the guest lies behind its header in a buffer, and waits for one",
  (started) => {
    const driver = started(EVENTS);
    const frame = plainFrame(200);
    const lent = frame.bytes.slice();
    driver.card.deliver({ ...frame, bytes: lent });
    lent.fill(0);
    driver.card.deliver(plainFrame(60, 9));
    assertEquals([driver.used, driver.interrupts], [0, 0]);
    driver.offerRoom(0, Place.DATA, 1600);
    driver.serve();
    assertEquals(driver.usedElement(0), { head: 0, written: FrameHeader.BYTES + 200 });
    assertEquals([driver.used, driver.interrupts], [1, 1]);
    assertEquals(driver.bytes(Place.DATA + FrameHeader.BYTES, 200), frame.bytes);
    const header = new DataView(driver.bytes(Place.DATA, FrameHeader.BYTES).slice().buffer);
    assertEquals(header.getUint16(FrameHeader.BUFFERS, true), 1);
    driver.offerRoom(1, Place.DATA + 0x1000, 1600);
    driver.serve();
    assertEquals(
      driver.bytes(Place.DATA + 0x1000 + FrameHeader.BYTES, 60),
      plainFrame(60, 9).bytes,
    );
  },
);

inBothFormats("a long frame takes several buffers, which are given back at once", (started) => {
  const driver = started(MERGED | BURSTS | EVENTS);
  const long = { ...plainFrame(5000), work: BURST };
  const lengths = [2048, 2048, 2048];
  lengths.slice(0, 2).forEach((length, at) =>
    driver.offerRoom(at, Place.DATA + at * 0x1000, length)
  );
  driver.card.deliver(long);
  assertEquals(driver.used, 0, "some buffers were used though there were too few");
  driver.offerRoom(2, Place.DATA + 0x2000, lengths[2]);
  driver.serve();
  assertEquals([driver.used, driver.interrupts], [3, 1]);
  const written = [0, 1, 2].map((at) => driver.usedElement(at).written);
  assertEquals(written, [2048, 2048, FrameHeader.BYTES + 5000 - 4096]);
  const all = written.flatMap((length, at) => [...driver.bytes(Place.DATA + at * 0x1000, length)]);
  assertEquals(Uint8Array.from(all.slice(FrameHeader.BYTES)), long.bytes);
  assertEquals(all.slice(0, FrameHeader.BYTES), [1, 1, 54, 0, 0xb4, 5, 34, 0, 16, 0, 3, 0]);
});

Deno.test("the driver is asked to ring for more where there were too few buffers", () => {
  const driver = started(MERGED | BURSTS | EVENTS);
  const event = (): number =>
    driver.view.getUint16(Place.DEVICE - Place.DESCRIPTORS + 4 + 64, true);
  driver.offerRoom(0, Place.DATA, 1024);
  driver.offerRoom(1, Place.DATA + 0x1000, 1024);
  driver.card.deliver({ ...plainFrame(4000), work: BURST });
  assertEquals(event(), 2);
});

Deno.test("what a driver has not agreed on is lost and counted, not given to it", () => {
  const driver = started(MERGED);
  driver.offerRoom(0, Place.DATA, 0x8000);
  driver.card.deliver({ ...plainFrame(5000), work: BURST });
  driver.card.deliver({ ...plainFrame(500), work: { ...BURST, segmentBytes: 0 } });
  driver.card.deliver(plainFrame(1600));
  assertEquals(driver.used, 0);
  assertEquals(driver.slot.struct.counters[NetworkCounter.DROPPED], 3);
});

inBothFormats("without merged buffers a frame that does not fit into one is lost", (started) => {
  const driver = started(0);
  driver.offerRoom(0, Place.DATA, 64);
  driver.card.deliver(plainFrame(1000));
  assertEquals([driver.used, driver.slot.struct.counters[NetworkCounter.DROPPED]], [0, 1]);
  driver.card.deliver(plainFrame(50));
  assertEquals(driver.used, 1);
});

Deno.test("what waits for buffers is bounded", () => {
  const driver = started(0);
  for (let count = 0; count < 2000; count++) driver.card.deliver(plainFrame(60));
  assertEquals(driver.slot.struct.counters[NetworkCounter.DROPPED], 2000 - 1024);
});

Deno.test("a card that stands stores nothing until it is served again", () => {
  const driver = started(0);
  driver.offerRoom(0, Place.DATA, 1600);
  driver.card.stand();
  driver.card.deliver(plainFrame(60));
  assertEquals(driver.used, 0);
  driver.card.serve(() => false);
  assertEquals(driver.used, 1);
});

inBothFormats(
  "a card that is reset gets nothing, and forgets what the old driver agreed on",
  (started) => {
    const driver = started(MERGED | BURSTS);
    driver.offerRoom(0, Place.DATA, 1600);
    driver.write(MmioRegister.STATUS, 0);
    driver.card.deliver(plainFrame(60));
    assertEquals(driver.bytes(Place.DATA, 72), new Uint8Array(72));
    assertEquals(driver.card.takesBursts(4), false);
    driver.start(0, 8, NetworkQueue.COUNT);
    driver.offerRoom(0, Place.DATA, 1600);
    driver.card.deliver(plainFrame(60));
    assertEquals(driver.used, 1);
  },
);

Deno.test("buffers that cannot be written, and frames without header, stop the card", () => {
  const wrong: ((driver: NetworkDriver) => void)[] = [
    (driver) => {
      driver.chain(0, [{ address: Place.DATA, length: 100 }]);
      driver.offer(0);
      driver.card.deliver(plainFrame(60));
    },
    (driver) => {
      driver.chain(0, [{ address: Place.DATA, length: 11 }], queueBase(1));
      driver.offer(0, NetworkQueue.TRANSMIT);
      driver.serve(NetworkQueue.TRANSMIT);
    },
  ];
  for (const attempt of wrong) {
    const driver = started(0);
    attempt(driver);
    assert((driver.status & DeviceStatus.NEEDS_RESET) !== 0);
  }
});

Deno.test("an answer that goes while its question is taken does not change the question", () => {
  const driver = started(0);
  driver.offerRoom(0, Place.DATA, 1600);
  let seen: Uint8Array | null = null;
  driver.onFrame = (frame) => {
    driver.card.deliver(plainFrame(300, 77));
    seen = frame.slice();
  };
  driver.sendFrame(plainFrame(120).bytes);
  assertEquals(seen, plainFrame(120).bytes);
  assertEquals(driver.used, 1);
});
