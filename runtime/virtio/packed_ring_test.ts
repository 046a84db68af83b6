import { assert, assertEquals } from "@std/assert";
import { BlockRequest, BlockStatus } from "./block_protocol.ts";
import { DriverFixture, Place, RAM_BASE } from "./driver_fixture.ts";
import { NetworkDriver, plainFrame } from "./network_driver_fixture.ts";
import { NetworkFeature, NetworkQueue } from "./network_protocol.ts";
import { DescriptorFlag, DeviceStatus, EventMode, Feature, MmioRegister } from "./registers.ts";

const { WRITE, NEXT, INDIRECT, AVAILABLE, USED } = DescriptorFlag;
const FLUSH = 1 << 9;
const EVENTS = 1 << Feature.EVENT_INDEX;
const TABLES = 1 << Feature.INDIRECT_DESCRIPTORS;
const MERGED = 1 << NetworkFeature.MERGED_BUFFERS;
const BURSTS = 1 << NetworkFeature.GUEST_CHECKSUM | 1 << NetworkFeature.GUEST_BURSTS_4;
const WORK = {
  checksumStart: 34,
  checksumOffset: 16,
  segmentBytes: 1460,
  headerBytes: 54,
  version: 4,
} as const;
const FIRST_PASS = 0x8000;
const DESCRIPTOR_BYTES = 16;

function started(features = FLUSH, size = 8): DriverFixture {
  const driver = new DriverFixture({ format: "packed" });
  driver.start(features, size);
  return driver;
}

/** Writes one descriptor of the ring. */
function put(driver: DriverFixture, index: number, length: number, flags: number, id = 0): void {
  driver.describe(Place.DESCRIPTORS, index, { address: Place.DATA, length, flags, next: id });
}

/** What the device says about when it wants to be rung. */
function deviceEvent(driver: { view: DataView }): { position: number; mode: number } {
  const at = Place.DEVICE - RAM_BASE;
  return { position: driver.view.getUint16(at, true), mode: driver.view.getUint16(at + 2, true) };
}

function setDriverEvent(driver: DriverFixture, position: number, mode: number): void {
  driver.view.setUint16(Place.DRIVER - RAM_BASE, position, true);
  driver.view.setUint16(Place.DRIVER - RAM_BASE + 2, mode, true);
}

for (const size of [2, 3, 5, 8, 256]) {
  Deno.test(`a packed ring of ${size} descriptors goes round, also in the middle of a chain`, () => {
    const driver = started(FLUSH | EVENTS, size);
    for (let round = 1; round <= 3 * size + 5; round++) {
      assertEquals(driver.request(BlockRequest.FLUSH, 0), BlockStatus.OK);
      assertEquals([driver.used, driver.disk.calls.length], [round, round]);
    }
    assertEquals(driver.status & DeviceStatus.NEEDS_RESET, 0);
  });
}

Deno.test("the number of a buffer is that of its chain's last descriptor, and what was written is marked", () => {
  const driver = started();
  driver.header(BlockRequest.FLUSH, 0);
  driver.describe(Place.DESCRIPTORS, 0, {
    address: Place.HEADER,
    length: 16,
    flags: NEXT | AVAILABLE,
    next: 0x7777,
  });
  put(driver, 1, 1, WRITE | AVAILABLE, 0xbeef);
  driver.ring();
  const { view } = driver;
  assertEquals([view.getUint16(12, true), view.getUint32(8, true)], [0xbeef, 1]);
  assertEquals(view.getUint16(14, true), WRITE | AVAILABLE | USED);
  assertEquals(view.getUint16(DESCRIPTOR_BYTES + 14, true), WRITE | AVAILABLE);
});

Deno.test("a chain is there when its first descriptor is, and not before", () => {
  const driver = started();
  driver.header(BlockRequest.FLUSH, 0);
  const first = { address: Place.HEADER, length: 16, next: 1 };
  put(driver, 1, 1, WRITE | AVAILABLE, 1);
  for (const phase of [0, USED, AVAILABLE | USED]) {
    driver.describe(Place.DESCRIPTORS, 0, { ...first, flags: NEXT | phase });
    driver.ring();
    assertEquals(driver.disk.calls, []);
  }
  driver.describe(Place.DESCRIPTORS, 0, { ...first, flags: NEXT | AVAILABLE });
  driver.ring();
  assertEquals(driver.disk.calls, ["flush"]);
});

Deno.test("all of a table in a packed ring is the chain, whatever its flags say of a next one", () => {
  const driver = started(FLUSH | TABLES);
  driver.header(BlockRequest.OUT, 1);
  driver.bytes(Place.DATA, 512).fill(3);
  const table: [number, number, number][] = [
    [Place.HEADER, 16, 0],
    [Place.DATA, 512, NEXT],
    [Place.STATUS, 1, WRITE],
  ];
  table.forEach(([address, length, flags], index) =>
    driver.describe(Place.INDIRECT, index, { address, length, flags, next: 77 })
  );
  const length = table.length * DESCRIPTOR_BYTES;
  driver.chain(5, [{ address: Place.INDIRECT, length, flags: INDIRECT }]);
  driver.offer(5);
  driver.ring();
  assertEquals(driver.usedElement(0), { head: 5, written: 1 });
  assertEquals(driver.disk.content.slice(512, 1024), new Uint8Array(512).fill(3));
  assertEquals(driver.request(BlockRequest.FLUSH, 0), BlockStatus.OK);
});

Deno.test("the device asks to be rung at the position where it found nothing, in the phase of that pass", () => {
  const driver = started(FLUSH | EVENTS, 4);
  assertEquals(deviceEvent(driver), { position: 0, mode: EventMode.ALWAYS });
  const asked = [2, 0, 2, 0].map((position, pass) => {
    driver.request(BlockRequest.FLUSH, 0);
    const isFirst = pass === 0 || pass === 3;
    return { position: position | (isFirst ? FIRST_PASS : 0), mode: EventMode.POSITION };
  });
  assertEquals(deviceEvent(driver), asked[3]);
  driver.request(BlockRequest.FLUSH, 0);
  assertEquals(deviceEvent(driver), asked[0]);
  driver.request(BlockRequest.FLUSH, 0);
  assertEquals(deviceEvent(driver), asked[1]);
});

Deno.test("without events the device of a packed ring wants every ring", () => {
  const driver = started(FLUSH);
  driver.request(BlockRequest.FLUSH, 0);
  assertEquals(deviceEvent(driver), { position: 0, mode: EventMode.ALWAYS });
});

Deno.test("a card with too few buffers in a packed ring asks to be rung for one more than it has seen", () => {
  const driver = new NetworkDriver({ format: "packed" });
  driver.start(MERGED | BURSTS | EVENTS, 8, NetworkQueue.COUNT);
  driver.card.serve(() => false);
  driver.offerRoom(0, Place.DATA, 1024);
  driver.offerRoom(1, Place.DATA + 0x1000, 1024);
  driver.card.deliver({ ...plainFrame(4000), work: WORK });
  assertEquals(driver.used, 0);
  assertEquals(deviceEvent(driver), { position: 2 | FIRST_PASS, mode: EventMode.POSITION });
});

Deno.test("the driver of a packed ring is interrupted always, never, or behind the position it names", () => {
  const request = (driver: DriverFixture): boolean => {
    driver.write(MmioRegister.INTERRUPT_ACKNOWLEDGE, 1);
    driver.request(BlockRequest.FLUSH, 0);
    return driver.level;
  };
  const driver = started(FLUSH | EVENTS, 8);
  assert(request(driver));
  setDriverEvent(driver, 0, EventMode.NEVER);
  assert(!request(driver));
  // Two of eight descriptors each: the third request takes 4 and 5, the fourth 6 and 7.
  setDriverEvent(driver, 6 | FIRST_PASS, EventMode.POSITION);
  assertEquals([request(driver), request(driver)], [false, true]);
  // In the middle of a chain of the second pass, which is not the same place in the first.
  setDriverEvent(driver, 3, EventMode.POSITION);
  assertEquals([request(driver), request(driver), request(driver)], [false, true, false]);
  setDriverEvent(driver, 3 | FIRST_PASS, EventMode.POSITION);
  assertEquals([request(driver), request(driver), request(driver)], [false, false, true]);
  const plain = started(FLUSH, 8);
  setDriverEvent(plain, 7, EventMode.POSITION);
  assert(request(plain), "a mode that was not agreed on is not to be understood");
});

Deno.test("descriptors of a packed ring that cannot be stop the device until it is reset", () => {
  const cases: Record<string, (driver: DriverFixture) => void> = {
    "a chain without end": (driver) => {
      for (let index = 0; index < 8; index++) put(driver, index, 16, NEXT | AVAILABLE);
    },
    "a table that was not agreed on": (driver) => put(driver, 0, 16, INDIRECT | AVAILABLE),
    "a table within a chain": (driver) => {
      put(driver, 0, 16, NEXT | AVAILABLE);
      put(driver, 1, 16, INDIRECT | AVAILABLE);
    },
    "one that goes on into what was used": (driver) => {
      put(driver, 0, 16, NEXT | AVAILABLE);
      put(driver, 1, 1, WRITE | AVAILABLE | USED);
    },
    "one that goes on into the pass before": (driver) => {
      put(driver, 0, 16, NEXT | AVAILABLE);
      put(driver, 1, 1, WRITE);
    },
    "a descriptor of no bytes": (driver) => put(driver, 0, 0, AVAILABLE),
    "one to read behind one to write": (driver) => {
      put(driver, 0, 16, NEXT | WRITE | AVAILABLE);
      put(driver, 1, 16, AVAILABLE);
    },
  };
  for (const [name, breakRing] of Object.entries(cases)) {
    const driver = started();
    breakRing(driver);
    driver.ring();
    assert((driver.status & DeviceStatus.NEEDS_RESET) !== 0, name);
    assertEquals(driver.disk.calls, []);
    driver.start(FLUSH);
    assertEquals(driver.request(BlockRequest.FLUSH, 0), BlockStatus.OK);
  }
});

Deno.test("packed rings of a size, place or alignment that cannot be are refused", () => {
  const { QUEUE_SIZE, QUEUE_DESCRIPTORS_LOW, QUEUE_DRIVER_LOW, QUEUE_DEVICE_LOW } = MmioRegister;
  const cases: [number, number][] = [
    [QUEUE_SIZE, 0],
    [QUEUE_SIZE, 257],
    [QUEUE_DESCRIPTORS_LOW, Place.DESCRIPTORS + 8],
    [QUEUE_DRIVER_LOW, Place.DRIVER + 2],
    [QUEUE_DEVICE_LOW, Place.DEVICE + 2],
    [QUEUE_DEVICE_LOW, RAM_BASE - 4],
  ];
  for (const [register, value] of cases) {
    const driver = started();
    driver.write(MmioRegister.QUEUE_READY, 0);
    driver.write(register, value);
    driver.write(MmioRegister.QUEUE_READY, 1);
    driver.ring();
    assert((driver.status & DeviceStatus.NEEDS_RESET) !== 0, `${register.toString(16)}: ${value}`);
  }
});

Deno.test("what the device has taken of a packed ring it does not take again, whatever the driver writes there", () => {
  const driver = new NetworkDriver({ format: "packed" });
  driver.start(MERGED | BURSTS, 2, NetworkQueue.COUNT);
  driver.card.serve(() => false);
  const room = { address: Place.DATA, length: 512 };
  // While the first buffer is looked at, the driver makes it available again for the second pass.
  const again = { ...room, flags: WRITE | USED };
  driver.describe(Place.DESCRIPTORS, 0, { ...room, flags: WRITE | AVAILABLE });
  driver.describe(Place.DESCRIPTORS, 1, { ...room, flags: WRITE | AVAILABLE });
  const half = driver.ram.half.bind(driver.ram);
  driver.ram.half = (at) => {
    driver.describe(Place.DESCRIPTORS, 0, again);
    return half(at);
  };
  driver.card.deliver({ ...plainFrame(1400), work: WORK });
  assertEquals(driver.view.getUint16(14, true), again.flags, "a buffer was used twice");
  assertEquals(driver.status & DeviceStatus.NEEDS_RESET, 0);
});

Deno.test("a chain of a packed ring cannot go on into descriptors that were taken", () => {
  const driver = new NetworkDriver({ format: "packed" });
  driver.start(MERGED | BURSTS, 2, NetworkQueue.COUNT);
  driver.card.serve(() => false);
  const room = { address: Place.DATA, length: 512 };
  driver.describe(Place.DESCRIPTORS, 0, { ...room, flags: WRITE | AVAILABLE });
  driver.describe(Place.DESCRIPTORS, 1, { ...room, flags: WRITE | NEXT | AVAILABLE });
  driver.card.deliver({ ...plainFrame(1400), work: WORK });
  assert((driver.status & DeviceStatus.NEEDS_RESET) !== 0);
});
