import { assertEquals } from "@std/assert";
import { post } from "../atomics/pending.ts";
import { ioAgent } from "../atomics/agents.ts";
import { toIdle, toRunning } from "../atomics/agent_state.ts";
import { Machine, PAGE_ATTRIBUTES, Pending, Vcpu, vcpuWord } from "../atomics/shared_layout.ts";
import { createMmioAccess } from "../devices/device.ts";
import { QueueWord } from "./device_struct.ts";
import { DriverFixture } from "./driver_fixture.ts";
import { MmioSlot } from "./mmio_slot.ts";
import { DeviceStatus, InterruptCause, MmioRegister } from "./registers.ts";

const AGREED = DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK;

Deno.test("a slot without a device has magic number, version and vendor, and is zero else", () => {
  const words = new Int32Array(new SharedArrayBuffer(PAGE_ATTRIBUTES));
  words[Machine.HART_COUNT.offset >> 2] = 1;
  const slot = new MmioSlot(words, 0x8_0000 >> 2, { setLevel: () => {} });
  const access = createMmioAccess(0);
  const found: [number, number][] = [];
  for (let offset = 0; offset < 0x200; offset += 4) {
    Object.assign(access, { offset, size: 4, low: -1 });
    assertEquals(slot.store(access), true);
    assertEquals(access.retry, false);
    assertEquals(slot.load(access), true);
    if (access.low !== 0) found.push([offset, access.low]);
  }
  assertEquals(found, [[0, 0x7472_6976], [4, 2], [0xc, 0x554d_4551]]);
});

Deno.test("features are agreed on: only what is offered, and version 1 always", () => {
  const cases: [number, number, boolean][] = [
    [0, 1, true],
    [0x3000_0000, 1, true],
    [0, 0, false],
    [1 << 5, 1, false], // a disk that can be written does not offer to be read only
    [0, 3, false],
  ];
  for (const [low, high, isAgreed] of cases) {
    const driver = new DriverFixture();
    driver.write(MmioRegister.STATUS, DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER);
    driver.write(MmioRegister.DRIVER_FEATURES_SELECT, 0);
    driver.write(MmioRegister.DRIVER_FEATURES, low);
    driver.write(MmioRegister.DRIVER_FEATURES_SELECT, 1);
    driver.write(MmioRegister.DRIVER_FEATURES, high);
    driver.write(MmioRegister.STATUS, AGREED);
    assertEquals(driver.status, isAgreed ? AGREED : AGREED & ~DeviceStatus.FEATURES_OK);
  }
});

Deno.test("features cannot be changed behind the agreement", () => {
  const driver = new DriverFixture();
  driver.start(0);
  driver.write(MmioRegister.DRIVER_FEATURES_SELECT, 0);
  driver.write(MmioRegister.DRIVER_FEATURES, 1 << 28);
  assertEquals(driver.slot.struct.hasFeature(28), false);
});

Deno.test("offered features are read by halves, and there is no third one", () => {
  const driver = new DriverFixture();
  const offered = [0, 1, 2].map((select) => {
    driver.write(MmioRegister.DEVICE_FEATURES_SELECT, select);
    return driver.read(MmioRegister.DEVICE_FEATURES);
  });
  assertEquals(offered, [0x3000_6244, 1, 0]);
});

Deno.test("a queue that is ready keeps its place, and one that does not exist has none", () => {
  const driver = new DriverFixture();
  driver.start(0);
  driver.write(MmioRegister.QUEUE_SIZE, 2);
  assertEquals(driver.slot.struct.queue(0, 0), 8);
  assertEquals(driver.read(MmioRegister.QUEUE_SIZE_MAX), 256);
  assertEquals(driver.read(MmioRegister.QUEUE_READY), 1);
  driver.write(MmioRegister.QUEUE_SELECT, 1);
  assertEquals(driver.read(MmioRegister.QUEUE_SIZE_MAX), 0);
  driver.write(MmioRegister.QUEUE_READY, 1);
  assertEquals(driver.read(MmioRegister.QUEUE_READY), 0);
});

Deno.test("the configuration is read with any width and cannot be written", () => {
  const driver = new DriverFixture();
  const capacity = driver.disk.bytes / 512;
  driver.write(MmioRegister.CONFIG, 0x55);
  for (const size of [1, 2, 4, 8]) {
    assertEquals(driver.read(MmioRegister.CONFIG, size), capacity);
  }
  assertEquals(driver.read(0xffc, 4), 0);
});

Deno.test("the doorbell is a count and a bit for the worker, and silent before the driver is ready", () => {
  const driver = new DriverFixture();
  const pending = vcpuWord(ioAgent(0), Vcpu.PENDING) >> 2;
  driver.write(MmioRegister.QUEUE_NOTIFY, 0);
  assertEquals([driver.slot.struct.doorbells(), driver.words[pending]], [0, 0]);
  driver.start(0);
  driver.write(MmioRegister.QUEUE_NOTIFY, 0);
  driver.write(MmioRegister.QUEUE_NOTIFY, 0);
  driver.write(MmioRegister.QUEUE_NOTIFY, 1);
  assertEquals([driver.slot.struct.doorbells(), driver.words[pending]], [2, Pending.WORK]);
});

Deno.test("the interrupt stays until the driver has acknowledged each cause", () => {
  const driver = new DriverFixture();
  driver.start(0);
  driver.slot.interrupt(InterruptCause.USED_BUFFER);
  driver.slot.interrupt(InterruptCause.CONFIGURATION);
  assertEquals([driver.level, driver.read(MmioRegister.INTERRUPT_STATUS)], [true, 3]);
  driver.write(MmioRegister.INTERRUPT_ACKNOWLEDGE, InterruptCause.USED_BUFFER);
  assertEquals([driver.level, driver.read(MmioRegister.INTERRUPT_STATUS)], [true, 2]);
  driver.write(MmioRegister.INTERRUPT_ACKNOWLEDGE, InterruptCause.CONFIGURATION);
  assertEquals([driver.level, driver.read(MmioRegister.INTERRUPT_STATUS)], [false, 0]);
});

Deno.test("a reset waits for the worker to have stored, and leaves nothing behind", () => {
  const driver = new DriverFixture();
  driver.start(0);
  driver.slot.interrupt(InterruptCause.USED_BUFFER);
  toRunning(driver.words, ioAgent(0), () => {});
  assertEquals(driver.write(MmioRegister.STATUS, 0), true);
  assertEquals(driver.status & DeviceStatus.DRIVER_OK, DeviceStatus.DRIVER_OK);
  toIdle(driver.words, ioAgent(0));
  assertEquals(driver.write(MmioRegister.STATUS, 0), false);
  assertEquals([driver.status, driver.level], [0, false]);
  assertEquals(driver.read(MmioRegister.QUEUE_READY), 0);
  post(driver.words, ioAgent(0), Pending.WORK);
  driver.server.serve(() => false);
  assertEquals(driver.status, 0);
});

Deno.test("a queue is not ready any more when its life ends: a worker that looks then finds nothing", () => {
  for (
    const end of [
      (driver: DriverFixture) => driver.write(MmioRegister.STATUS, 0),
      (driver: DriverFixture) => driver.write(MmioRegister.QUEUE_READY, 0),
    ]
  ) {
    const driver = new DriverFixture();
    driver.start(0);
    const { struct } = driver.slot;
    const readyAtEnd: number[] = [];
    const renew = struct.renewQueue.bind(struct);
    struct.renewQueue = (queue: number) => {
      renew(queue);
      readyAtEnd.push(struct.queue(queue, QueueWord.READY));
    };
    end(driver);
    assertEquals(readyAtEnd, [0]);
  }
});
