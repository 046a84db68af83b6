import { assert, assertEquals } from "@std/assert";
import { openForDecode } from "../atomics/code_guard.ts";
import { beginArming } from "../atomics/monitor.ts";
import {
  GUEST_RAM_OFFSET,
  MONITOR_LINES,
  PAGE_SHIFT,
  PAGE_STORES_BEGUN,
} from "../atomics/shared_layout.ts";
import { armCodePage } from "../atomics/code_guard.ts";
import { BlockRequest, BlockStatus } from "./block_protocol.ts";
import { DriverFixture, MemoryDisk, Place, RAM_BASE, RAM_BYTES } from "./driver_fixture.ts";
import {
  DescriptorFlag,
  DeviceStatus,
  Feature,
  InterruptCause,
  MmioRegister,
} from "./registers.ts";

const { WRITE, INDIRECT, NEXT } = DescriptorFlag;
const EVENTS = 1 << Feature.EVENT_INDEX;
const INDIRECT_FEATURE = 1 << Feature.INDIRECT_DESCRIPTORS;
const FLUSH = 1 << 9;

function started(features = FLUSH, options = {}): DriverFixture {
  const driver = new DriverFixture(options);
  driver.start(features);
  return driver;
}

/** Tests a disk with a split ring and with a packed one. */
function inBothFormats(name: string, check: (start: typeof started) => void): void {
  Deno.test(name, () => check(started));
  const startPacked: typeof started = (features, options) =>
    started(features, { ...options, format: "packed" });
  Deno.test(`${name}, with a packed ring`, () => check(startPacked));
}

inBothFormats("what is written to a disk is read back, and the driver hears of each", (started) => {
  const driver = started();
  const data = { address: Place.DATA, length: 1024 };
  driver.bytes(Place.DATA, 1024).fill(7);
  assertEquals(driver.request(BlockRequest.OUT, 3, data), BlockStatus.OK);
  assertEquals(driver.usedElement(0), { head: 0, written: 1 });
  driver.bytes(Place.DATA, 1024).fill(0);
  assertEquals(driver.request(BlockRequest.IN, 2, { ...data, flags: WRITE }), BlockStatus.OK);
  assertEquals(driver.usedElement(1), { head: 0, written: 1025 });
  assertEquals(driver.bytes(Place.DATA, 512), driver.disk.content.slice(1024, 1536));
  assertEquals(driver.bytes(Place.DATA + 512, 512), new Uint8Array(512).fill(7));
  assertEquals(driver.disk.calls, ["write 1536 1024", "read 1024 1024"]);
  assertEquals([driver.used, driver.level, driver.interrupts], [2, true, 1]);
});

inBothFormats("several requests are served for one ring, in the order of the queue", (started) => {
  const driver = started();
  for (const head of [0, 2, 4, 6]) {
    driver.chain(head, [driver.header(BlockRequest.FLUSH, 0), driver.statusByte]);
    driver.offer(head);
  }
  driver.ring();
  assertEquals([0, 1, 2, 3].map((index) => driver.usedElement(index).head), [0, 2, 4, 6]);
  assertEquals([driver.used, driver.disk.calls.length], [4, 4]);
});

inBothFormats("a request that is cut into pieces anywhere is the same request", (started) => {
  const driver = started();
  const data = driver.bytes(Place.DATA, 512);
  data.fill(9);
  driver.header(BlockRequest.OUT, 1);
  driver.chain(0, [
    { address: Place.HEADER, length: 5 },
    { address: Place.HEADER + 5, length: 11 },
    { address: Place.DATA, length: 1 },
    { address: Place.DATA + 1, length: 511 },
    driver.statusByte,
  ]);
  driver.offer(0);
  driver.ring();
  assertEquals([driver.result, driver.disk.content.slice(512, 1024)], [
    BlockStatus.OK,
    data.slice(),
  ]);
});

Deno.test("serial number, flush, discard, zeros and unknown requests", () => {
  const driver = started();
  const serial = { address: Place.DATA, length: 20, flags: WRITE };
  assertEquals(driver.request(BlockRequest.GET_ID, 0, serial), BlockStatus.OK);
  assertEquals(
    new TextDecoder().decode(driver.bytes(Place.DATA, 20).slice()),
    "serial-1".padEnd(20, "\0"),
  );
  assertEquals(driver.request(BlockRequest.FLUSH, 0), BlockStatus.OK);
  const range = { address: Place.DATA, length: 16 };
  driver.view.setBigUint64(Place.DATA - RAM_BASE, 4n, true);
  driver.view.setUint32(Place.DATA - RAM_BASE + 8, 2, true);
  driver.view.setUint32(Place.DATA - RAM_BASE + 12, 0, true);
  assertEquals(driver.request(BlockRequest.DISCARD, 0, range), BlockStatus.OK);
  assertEquals(driver.request(BlockRequest.WRITE_ZEROES, 0, range), BlockStatus.OK);
  assertEquals(driver.disk.content.slice(2048, 3072), new Uint8Array(1024));
  driver.view.setUint32(Place.DATA - RAM_BASE + 12, 1, true);
  assertEquals(driver.request(BlockRequest.DISCARD, 0, range), BlockStatus.UNSUPPORTED);
  assertEquals(driver.request(BlockRequest.WRITE_ZEROES, 0, range), BlockStatus.OK);
  assertEquals(driver.request(77, 0), BlockStatus.UNSUPPORTED);
  const expected = ["flush", "discard 2048 1024", "zeros 2048 1024", "zeros 2048 1024 discard"];
  assertEquals(driver.disk.calls, expected);
});

Deno.test("what does not fit on the disk, or may not be written, fails and changes nothing", () => {
  const driver = started();
  const [sectors, data] = [driver.disk.bytes / 512, { address: Place.DATA, length: 1024 }];
  for (const sector of [sectors - 1, sectors, 2 ** 40, 2 ** 53]) {
    assertEquals(driver.request(BlockRequest.OUT, sector, data), BlockStatus.IO_ERROR);
  }
  assertEquals(driver.request(BlockRequest.OUT, 0, { ...data, length: 100 }), BlockStatus.IO_ERROR);
  const readonly = started(FLUSH, { isReadonly: true });
  assertEquals(readonly.request(BlockRequest.OUT, 0, data), BlockStatus.IO_ERROR);
  assertEquals([driver.disk.calls, readonly.disk.calls], [[], []]);
});

Deno.test("a disk that fails is an error of the request, and of nothing else", () => {
  const driver = started();
  driver.disk.before = () => {
    throw new Error("no space");
  };
  const data = { address: Place.DATA, length: 512 };
  assertEquals(driver.request(BlockRequest.OUT, 0, data), BlockStatus.IO_ERROR);
  driver.disk.before = () => {};
  assertEquals(driver.request(BlockRequest.OUT, 0, data), BlockStatus.OK);
});

const NO_SPACE_ERROR = Object.assign(new Error("full"), { code: "ENOSPC" });

inBothFormats(
  "a request for which the host has no room is made again after a pause, and none before it",
  (started) => {
    const driver = started();
    const data = { address: Place.DATA, length: 512 };
    driver.bytes(Place.DATA, 512).fill(7);
    driver.disk.before = () => {
      throw NO_SPACE_ERROR;
    };
    driver.request(BlockRequest.OUT, 2, data);
    assertEquals([driver.used, driver.disk.calls], [0, []]);
    const told = { slot: 0, operation: "write", cause: "full", isNoSpace: true, stops: true };
    assertEquals(driver.failures, [told] as typeof driver.failures);
    driver.server.serve(() => false);
    assertEquals(driver.failures.length, 1);
    driver.server.resumed();
    driver.server.serve(() => false);
    assertEquals([driver.used, driver.failures.length], [0, 2]);
    driver.disk.before = () => {};
    driver.server.resumed();
    driver.server.serve(() => false);
    assertEquals([driver.used, driver.result], [1, BlockStatus.OK]);
    assertEquals(driver.usedElement(0), { head: 0, written: 1 });
    assertEquals(driver.disk.content.slice(1024, 1536), new Uint8Array(512).fill(7));
  },
);

inBothFormats(
  "a request that waits for a pause is forgotten when its device is reset",
  (started) => {
    const driver = started();
    driver.disk.before = () => {
      throw NO_SPACE_ERROR;
    };
    driver.request(BlockRequest.OUT, 2, { address: Place.DATA, length: 512 });
    driver.disk.before = () => {};
    driver.start(FLUSH);
    driver.server.resumed();
    assertEquals(driver.request(BlockRequest.FLUSH, 0), BlockStatus.OK);
    assertEquals(driver.disk.calls, ["flush"]);
  },
);

Deno.test("other errors of the host are what werror and rerror say", () => {
  const outcomes = (options: object, code: string): number[] => {
    const driver = started(FLUSH, options);
    driver.disk.before = () => {
      throw Object.assign(new Error("host"), { code });
    };
    const data = { address: Place.DATA, length: 512 };
    return [
      driver.request(BlockRequest.OUT, 0, data),
      driver.request(BlockRequest.IN, 0, { ...data, flags: WRITE }),
      driver.used,
      driver.failures.length,
    ];
  };
  const { OK, IO_ERROR } = BlockStatus;
  const waits = 0xee;
  assertEquals(outcomes({}, "EIO"), [IO_ERROR, IO_ERROR, 2, 0]);
  assertEquals(outcomes({ werror: "report" }, "ENOSPC"), [IO_ERROR, IO_ERROR, 2, 0]);
  assertEquals(outcomes({ werror: "ignore", rerror: "ignore" }, "EIO"), [OK, OK, 2, 0]);
  assertEquals(outcomes({ werror: "stop" }, "EIO"), [waits, waits, 0, 1]);
  assertEquals(outcomes({ rerror: "stop" }, "EIO"), [IO_ERROR, waits, 1, 1]);
});

Deno.test("discards are left out where they are ignored, and zeros are found where they are looked for", () => {
  const data = { address: Place.DATA, length: 512 };
  const callsOf = (options: object): string[] => {
    const driver = started(FLUSH, options);
    driver.request(BlockRequest.OUT, 0, data);
    driver.view.setUint32(Place.DATA - RAM_BASE + 8, 1, true);
    driver.request(BlockRequest.DISCARD, 0, { address: Place.DATA, length: 16 });
    return driver.disk.calls;
  };
  assertEquals(callsOf({ discards: false }), ["write 0 512"]);
  assertEquals(callsOf({ detectZeroes: "on" }), ["zeros 0 512", "discard 0 512"]);
  assertEquals(callsOf({ detectZeroes: "unmap" }), ["zeros 0 512 discard", "discard 0 512"]);
});

Deno.test("without flushes to ask for, each write is flushed; with cache=writethrough too, with cache=unsafe none is", () => {
  const data = { address: Place.DATA, length: 512 };
  const through = started(0);
  through.request(BlockRequest.OUT, 0, data);
  assertEquals(through.disk.calls, ["write 0 512", "flush"]);
  const asked = started(FLUSH, { cache: "writethrough" });
  asked.request(BlockRequest.OUT, 0, data);
  assertEquals(asked.disk.calls, ["write 0 512", "flush"]);
  const unsafe = started(0, { cache: "unsafe" });
  unsafe.request(BlockRequest.OUT, 0, data);
  assertEquals(unsafe.request(BlockRequest.FLUSH, 0), BlockStatus.OK);
  assertEquals(unsafe.disk.calls, ["write 0 512"]);
});

Deno.test("an indirect table holds the chain, where that was agreed on", () => {
  const driver = started(FLUSH | INDIRECT_FEATURE);
  const chain = [
    driver.header(BlockRequest.IN, 0),
    { address: Place.DATA, length: 512, flags: WRITE },
    driver.statusByte,
  ];
  driver.chain(0, chain, Place.INDIRECT);
  driver.describe(Place.DESCRIPTORS, 3, { address: Place.INDIRECT, length: 48, flags: INDIRECT });
  driver.offer(3);
  driver.ring();
  assertEquals([driver.result, driver.usedElement(0).head], [BlockStatus.OK, 3]);
  const other = started(FLUSH);
  other.chain(0, chain, Place.INDIRECT);
  other.describe(Place.DESCRIPTORS, 3, { address: Place.INDIRECT, length: 48, flags: INDIRECT });
  other.offer(3);
  other.ring();
  assertEquals(other.status & DeviceStatus.NEEDS_RESET, DeviceStatus.NEEDS_RESET);
});

Deno.test("with an event index the driver is interrupted where it asks, and rung where the device asks", () => {
  const driver = started(FLUSH | EVENTS);
  const usedEvent = Place.DRIVER - RAM_BASE + 4 + 8 * 2;
  const availableEvent = Place.DEVICE - RAM_BASE + 4 + 8 * 8;
  driver.view.setUint16(usedEvent, 1, true);
  driver.request(BlockRequest.FLUSH, 0);
  assertEquals([driver.level, driver.view.getUint16(availableEvent, true)], [false, 1]);
  driver.request(BlockRequest.FLUSH, 0);
  assertEquals([driver.level, driver.view.getUint16(availableEvent, true)], [true, 2]);
});

Deno.test("a driver without event index says by a bit that it wants no interrupt", () => {
  const driver = started();
  driver.view.setUint16(Place.DRIVER - RAM_BASE, 1, true);
  driver.request(BlockRequest.FLUSH, 0);
  assertEquals([driver.used, driver.level], [1, false]);
});

/** Ways to break a ring, each on a device that is up. */
const FAULTS: Readonly<Record<string, (driver: DriverFixture) => void>> = {
  "a loop": (driver) => {
    driver.describe(Place.DESCRIPTORS, 0, {
      address: Place.DATA,
      length: 16,
      flags: NEXT,
      next: 1,
    });
    driver.describe(Place.DESCRIPTORS, 1, {
      address: Place.DATA,
      length: 16,
      flags: NEXT,
      next: 0,
    });
    driver.offer(0);
  },
  "a head that does not exist": (driver) => driver.offer(8),
  "a next that does not exist": (driver) => {
    driver.describe(Place.DESCRIPTORS, 0, {
      address: Place.DATA,
      length: 16,
      flags: NEXT,
      next: 9,
    });
    driver.offer(0);
  },
  "more chains than descriptors": (driver) => driver.setAvailableIndex(9),
  "an address below RAM": (driver) => offerOne(driver, RAM_BASE - 1, 16),
  "an end behind RAM": (driver) => offerOne(driver, RAM_BASE + RAM_BYTES - 15, 16),
  "an address of 64 bits": (driver) => offerOne(driver, 0xffff_ffff_8000_0000n, 16),
  "a length that wraps": (driver) => offerOne(driver, RAM_BASE, 0xffff_ffff),
  "no bytes": (driver) => offerOne(driver, Place.DATA, 0),
  "no header": (driver) => offerOne(driver, Place.DATA, 15),
  "no status": (driver) => offerOne(driver, Place.DATA, 16),
  "to read behind to write": (driver) => {
    const data = { address: Place.DATA, length: 16 };
    driver.chain(0, [{ ...data, flags: WRITE }, data]);
    driver.offer(0);
  },
};

function offerOne(driver: DriverFixture, address: number | bigint, length: number): void {
  driver.describe(Place.DESCRIPTORS, 0, { address, length });
  driver.offer(0);
}

for (const [name, breakRing] of Object.entries(FAULTS)) {
  Deno.test(`a ring with ${name} stops its device until it is reset`, () => {
    const driver = started();
    breakRing(driver);
    driver.ring();
    const { NEEDS_RESET } = DeviceStatus;
    assertEquals(driver.status & NEEDS_RESET, NEEDS_RESET);
    assertEquals(driver.read(MmioRegister.INTERRUPT_STATUS), InterruptCause.CONFIGURATION);
    assertEquals(driver.used, 0);
    driver.ring();
    driver.start(FLUSH);
    assertEquals(driver.status & NEEDS_RESET, 0);
    assertEquals(driver.request(BlockRequest.FLUSH, 0), BlockStatus.OK);
  });
}

Deno.test("rings of a size, place or alignment that cannot be are refused", () => {
  const { QUEUE_SIZE, QUEUE_DESCRIPTORS_LOW, QUEUE_DRIVER_LOW, QUEUE_DEVICE_HIGH } = MmioRegister;
  const cases: [number, number][] = [
    [QUEUE_SIZE, 0],
    [QUEUE_SIZE, 3],
    [QUEUE_SIZE, 512],
    [QUEUE_SIZE, -8],
    [QUEUE_DESCRIPTORS_LOW, RAM_BASE + 8],
    [QUEUE_DESCRIPTORS_LOW, RAM_BASE + RAM_BYTES - 64],
    [QUEUE_DRIVER_LOW, 0],
    [QUEUE_DEVICE_HIGH, 1],
  ];
  for (const [register, value] of cases) {
    const driver = started();
    driver.write(MmioRegister.QUEUE_READY, 0);
    driver.write(register, value);
    driver.write(MmioRegister.QUEUE_READY, 1);
    driver.setAvailableIndex(1);
    driver.ring();
    assertEquals(driver.status & DeviceStatus.NEEDS_RESET, DeviceStatus.NEEDS_RESET, `${value}`);
  }
});

inBothFormats(
  "a device that is reset in the middle of a request stores nothing more",
  (started) => {
    for (const type of [BlockRequest.IN, BlockRequest.OUT]) {
      const driver = started();
      const flags = type === BlockRequest.IN ? WRITE : 0;
      driver.disk.before = () => {
        driver.write(MmioRegister.STATUS, 0);
        driver.bytes(RAM_BASE, RAM_BYTES).fill(0x5a);
      };
      driver.chain(0, [
        driver.header(type, 0),
        { address: Place.DATA, length: 1024, flags },
        driver.statusByte,
      ]);
      driver.offer(0);
      driver.ring();
      assertEquals(driver.disk.calls.filter((call) => call !== "flush").length, 1);
      assert(driver.bytes(RAM_BASE, RAM_BYTES).every((byte) => byte === 0x5a));
      assertEquals([driver.level, driver.status], [false, 0]);
      driver.disk.before = () => {};
      driver.start(FLUSH);
      assertEquals(driver.request(BlockRequest.FLUSH, 0), BlockStatus.OK);
    }
  },
);

inBothFormats("what was copied while the device was reset is not written", (started) => {
  const driver = started(FLUSH, { disk: new MemoryDisk(0x10_0000) });
  const length = 0x4_0000 + 512; // two pieces
  driver.disk.before = () => {
    if (driver.disk.calls.length === 0) driver.write(MmioRegister.STATUS, 0);
  };
  driver.request(BlockRequest.OUT, 0, { address: Place.DATA, length });
  assertEquals(driver.disk.calls, [`write 0 ${0x4_0000}`]);
});

Deno.test("input into code and into monitored lines is seen as a store is", () => {
  const driver = started();
  const hostOffset = GUEST_RAM_OFFSET + Place.DATA - RAM_BASE;
  const page = hostOffset >>> PAGE_SHIFT;
  armCodePage(driver.words, 0, page);
  openForDecode(driver.words, hostOffset + 64, 4);
  const generation = driver.words[(PAGE_STORES_BEGUN >> 2) + page];
  beginArming(driver.words, page + 1);
  const line = new BigInt64Array(driver.words.buffer, MONITOR_LINES)[
    ((hostOffset + 4096) >>> 6) & 0x7fff
  ];
  driver.request(BlockRequest.IN, 0, { address: Place.DATA, length: 8192, flags: WRITE });
  assertEquals(driver.bytes(Place.DATA, 8192), driver.disk.content.slice(0, 8192));
  assertEquals(driver.words[(PAGE_STORES_BEGUN >> 2) + page], generation + 1);
  const lines = new BigInt64Array(driver.words.buffer, MONITOR_LINES);
  assertEquals(lines[((hostOffset + 4096) >>> 6) & 0x7fff], line + 2n);
});

inBothFormats(
  "a request that was interrupted is followed by the others when the worker comes back",
  (started) => {
    const driver = started();
    for (const head of [0, 2, 4]) {
      driver.chain(head, [driver.header(BlockRequest.FLUSH, 0), driver.statusByte]);
      driver.offer(head);
    }
    driver.write(MmioRegister.QUEUE_NOTIFY, 0);
    driver.server.serve(() => true);
    assertEquals(driver.used, 1);
    driver.server.serve(() => false);
    assertEquals(driver.used, 3);
  },
);

inBothFormats("indices of a queue wrap", (started) => {
  const driver = started();
  for (let count = 0; count < 0x1_0004; count++) driver.request(BlockRequest.FLUSH, 0);
  assertEquals([driver.used, driver.status & DeviceStatus.NEEDS_RESET], [4, 0]);
});
