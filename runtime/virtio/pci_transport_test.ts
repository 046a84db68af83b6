import { assert, assertEquals } from "@std/assert";
import { toIdle, toRunning } from "../atomics/agent_state.ts";
import { ioAgent } from "../atomics/agents.ts";
import { Pending, Vcpu, vcpuWord } from "../atomics/shared_layout.ts";
import { Command, Header, NO_ANSWER, Status } from "../pci/configuration_registers.ts";
import { BlockRequest, BlockStatus } from "./block_protocol.ts";
import { QueueWord } from "./device_struct.ts";
import { PciDriverBus } from "./driver_bus_fixture.ts";
import { DriverFixture, Place } from "./driver_fixture.ts";
import { NetworkDriver, plainFrame } from "./network_driver_fixture.ts";
import { AccessWindow, MEMORY_BASE_HIGH, MEMORY_BASE_LOW } from "./pci_configuration.ts";
import { CommonRegister, MEMORY_BYTES, MemoryPart, PciCapability } from "./pci_registers.ts";
import { DescriptorFlag, DeviceStatus, InterruptCause, MmioRegister } from "./registers.ts";

const AGREED = DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK;
const ENABLED = Command.MEMORY_SPACE | Command.BUS_MASTER;

class PciFixture extends DriverFixture {
  constructor() {
    super({ bus: "pci" });
  }
}

Deno.test("a device says what it is, and a slot without one is no function", () => {
  const { pci } = new PciFixture();
  assertEquals(pci.configuration(Header.IDENTITY), 0x1042_1af4);
  assertEquals(pci.configuration(Header.CLASS), 0x0100_0001);
  assertEquals(pci.configuration(Header.SUBSYSTEM), 0x1100_1af4);
  assertEquals(pci.configuration(Header.INTERRUPT), 0x0100);
  const card = new NetworkDriver({ bus: "pci" }).pci;
  assertEquals(card.configuration(Header.IDENTITY), 0x1041_1af4);
  assertEquals(card.configuration(Header.CLASS), 0x0200_0001);
  const words = new Int32Array(new SharedArrayBuffer(0x4000));
  const empty = new PciDriverBus(words, 0, { setLevel: () => {} });
  assertEquals(empty.transport.isPresent, false);
});

/** The capabilities of the list, as a driver finds them. */
function capabilities(
  pci: PciDriverBus,
): Map<number, { bar: number; offset: number; length: number }> {
  assert((pci.configuration(Header.COMMAND) & Status.CAPABILITIES) !== 0);
  const found = new Map();
  let at = pci.configuration(Header.CAPABILITIES) & 0xff;
  for (let count = 0; at !== 0; at = (pci.configuration(at) >>> 8) & 0xff) {
    assert(count++ < 16 && at % 4 === 0);
    const head = pci.configuration(at);
    assertEquals(head & 0xff, 9);
    found.set(head >>> 24, {
      bar: pci.configuration(at + 4) & 0xff,
      offset: pci.configuration(at + 8),
      length: pci.configuration(at + 12),
    });
  }
  return found;
}

Deno.test("the parts of its memory are found by the list of capabilities", () => {
  const { pci } = new PciFixture();
  const found = capabilities(pci);
  const parts = [
    [PciCapability.COMMON, MemoryPart.COMMON],
    [PciCapability.NOTIFY, MemoryPart.NOTIFY],
    [PciCapability.INTERRUPT_STATUS, MemoryPart.INTERRUPT_STATUS],
    [PciCapability.CONFIG, MemoryPart.CONFIG],
  ];
  for (const [kind, offset] of parts) {
    assertEquals(found.get(kind), { bar: 4, offset, length: 0x1000 });
  }
  assert(found.has(PciCapability.ACCESS));
});

Deno.test("the base address tells its size, is moved, and answers only where memory is on", () => {
  const { pci } = new PciFixture();
  pci.configure(MEMORY_BASE_LOW, NO_ANSWER);
  pci.configure(MEMORY_BASE_HIGH, NO_ANSWER);
  assertEquals(pci.configuration(MEMORY_BASE_LOW), (~(MEMORY_BYTES - 1) | 0xc) >>> 0);
  assertEquals(pci.configuration(MEMORY_BASE_HIGH), 0xffff_ffff);
  const { transport } = pci;
  const home = 0x4_1234_4000;
  pci.configure(MEMORY_BASE_LOW, home | 0);
  pci.configure(MEMORY_BASE_HIGH, 4);
  assertEquals(transport.offsetOf(home + MEMORY_BYTES - 1), MEMORY_BYTES - 1);
  assertEquals([home - 1, home + MEMORY_BYTES, 0x1234_4000].map((at) => transport.offsetOf(at)), [
    -1,
    -1,
    -1,
  ]);
  pci.configure(Header.COMMAND, Command.BUS_MASTER);
  assertEquals(transport.offsetOf(home), -1);
});

Deno.test("features are agreed on by halves, and read back", () => {
  const driver = new PciFixture();
  const { pci } = driver;
  const offered = [0, 1, 2].map((select) => {
    pci.writeMemory(CommonRegister.DEVICE_FEATURES_SELECT, select, 4);
    return pci.readMemory(CommonRegister.DEVICE_FEATURES, 4);
  });
  assertEquals(offered, [0x3000_6244, 1, 0]);
  pci.writeMemory(CommonRegister.DRIVER_FEATURES_SELECT, 1, 4);
  pci.writeMemory(CommonRegister.DRIVER_FEATURES, 3, 4);
  pci.writeMemory(CommonRegister.STATUS, AGREED, 1);
  assertEquals(pci.readMemory(CommonRegister.STATUS, 1), AGREED & ~DeviceStatus.FEATURES_OK);
  pci.writeMemory(CommonRegister.DRIVER_FEATURES, 1, 4);
  pci.writeMemory(CommonRegister.STATUS, AGREED, 1);
  assertEquals(pci.readMemory(CommonRegister.STATUS, 1), AGREED);
  assertEquals(pci.readMemory(CommonRegister.DRIVER_FEATURES, 4), 1);
});

Deno.test("registers of a queue hold what was written until it is enabled, which is for good", () => {
  const { pci, slot } = new PciFixture();
  assertEquals(pci.readMemory(CommonRegister.QUEUES, 2), 1);
  assertEquals(pci.readMemory(CommonRegister.QUEUE_SIZE, 2), 256);
  pci.writeMemory(CommonRegister.QUEUE_SIZE, 16, 2);
  pci.writeMemory(CommonRegister.QUEUE_DRIVER_LOW, 0x8000_1000, 4);
  pci.writeMemory(CommonRegister.QUEUE_DRIVER_HIGH, 1, 4);
  pci.writeMemory(CommonRegister.QUEUE_ENABLE, 1, 2);
  pci.writeMemory(CommonRegister.QUEUE_SIZE, 8, 2);
  pci.writeMemory(CommonRegister.QUEUE_ENABLE, 0, 2);
  assertEquals(pci.readMemory(CommonRegister.QUEUE_SIZE, 2), 16);
  assertEquals(pci.readMemory(CommonRegister.QUEUE_ENABLE, 2), 1);
  assertEquals(pci.readMemory(CommonRegister.QUEUE_DRIVER_LOW, 4), 0x8000_1000);
  assertEquals(slot.struct.queue(0, QueueWord.DRIVER_HIGH), 1);
  pci.writeMemory(CommonRegister.QUEUE_SELECT, 1, 2);
  const registers = [
    CommonRegister.QUEUE_SIZE,
    CommonRegister.QUEUE_ENABLE,
    CommonRegister.QUEUE_NOTIFY_OFFSET,
  ];
  assertEquals(registers.map((register) => pci.readMemory(register, 2)), [0, 0, 0]);
  assertEquals(pci.readMemory(CommonRegister.CONFIG_VECTOR, 2), 0xffff);
});

Deno.test("a queue that was given no size has the largest", () => {
  const { pci, slot } = new PciFixture();
  pci.writeMemory(CommonRegister.QUEUE_ENABLE, 1, 2);
  assertEquals(slot.struct.queue(0, QueueWord.SIZE), 256);
});

Deno.test("each queue has a doorbell of its own, and the value is none of its business", () => {
  const driver = new NetworkDriver({ bus: "pci" });
  const { pci: bus, slot, words } = driver;
  driver.start(0, 8, 2);
  bus.writeMemory(CommonRegister.QUEUE_SELECT, 1, 2);
  const offset = MemoryPart.NOTIFY + 4 * bus.readMemory(CommonRegister.QUEUE_NOTIFY_OFFSET, 2);
  bus.writeMemory(offset, 1, 2);
  bus.writeMemory(offset, 77, 4);
  bus.writeMemory(MemoryPart.NOTIFY + 0xffc, 1, 2);
  assertEquals([0, 1].map((queue) => slot.struct.queue(queue, QueueWord.DOORBELL)), [0, 2]);
  assertEquals(words[vcpuWord(ioAgent(0), Vcpu.PENDING) >> 2], Pending.WORK);
});

Deno.test("reading the interrupt status takes it, and the command register silences the pin", () => {
  const driver = new PciFixture();
  const { pci } = driver;
  driver.slot.interrupt(InterruptCause.USED_BUFFER);
  driver.slot.interrupt(InterruptCause.CONFIGURATION);
  assertEquals(driver.level, true);
  assert((pci.configuration(Header.COMMAND) & Status.INTERRUPT) !== 0);
  pci.configure(Header.COMMAND, ENABLED | Command.INTERRUPT_DISABLE);
  assertEquals(driver.level, false);
  assert((pci.configuration(Header.COMMAND) & Status.INTERRUPT) !== 0);
  pci.configure(Header.COMMAND, ENABLED);
  assertEquals(driver.level, true);
  assertEquals(pci.readMemory(MemoryPart.INTERRUPT_STATUS + 1, 1), 0);
  assertEquals(pci.readMemory(MemoryPart.INTERRUPT_STATUS, 1), 3);
  assertEquals(driver.level, false);
  assertEquals(pci.configuration(Header.COMMAND) & Status.INTERRUPT, 0);
  assertEquals(pci.readMemory(MemoryPart.INTERRUPT_STATUS, 1), 0);
});

Deno.test("the device's configuration is read with any width", () => {
  const driver = new PciFixture();
  const capacity = driver.disk.bytes / 512;
  for (const size of [1, 2, 4, 8]) {
    assertEquals(driver.pci.readMemory(MemoryPart.CONFIG, size), capacity);
  }
  driver.pci.writeMemory(MemoryPart.CONFIG, 99, 4);
  assertEquals(driver.pci.readMemory(MemoryPart.CONFIG, 4), capacity);
});

function readSector(driver: DriverFixture): number {
  const data = { address: Place.DATA, length: 512, flags: DescriptorFlag.WRITE };
  driver.chain(0, [driver.header(BlockRequest.IN, 0), data, driver.statusByte]);
  driver.offer(0);
  driver.ring();
  return driver.result;
}

Deno.test("a disk on the bus is read", () => {
  const driver = new PciFixture();
  driver.start(0);
  assertEquals(readSector(driver), BlockStatus.OK);
  assertEquals(driver.bytes(Place.DATA, 512), driver.disk.content.subarray(0, 512));
  assertEquals([driver.level, driver.used], [true, 1]);
});

Deno.test("a reset waits for the worker to have stored", () => {
  const driver = new PciFixture();
  driver.start(0);
  toRunning(driver.words, ioAgent(0), () => {});
  assertEquals(driver.pci.writeMemory(CommonRegister.STATUS, 0, 1), true);
  assertEquals(driver.status & DeviceStatus.DRIVER_OK, DeviceStatus.DRIVER_OK);
  toIdle(driver.words, ioAgent(0));
  assertEquals(driver.pci.writeMemory(CommonRegister.STATUS, 0, 1), false);
  assertEquals(driver.status, 0);
  assertEquals(driver.read(MmioRegister.QUEUE_READY), 0);
});

Deno.test("a wide access is two, each of which may have to be made again", () => {
  const driver = new PciFixture();
  driver.start(0);
  const { pci } = driver;
  const before = driver.status;
  toRunning(driver.words, ioAgent(0), () => {});
  assertEquals(pci.writeMemory(CommonRegister.STATUS & ~7, 0, 8), true);
  assertEquals(driver.status, before);
  toIdle(driver.words, ioAgent(0));
  assertEquals(pci.writeMemory(CommonRegister.STATUS & ~7, 0, 8), false);
  assertEquals(driver.status, 0);
});

Deno.test("a device that is not bus master stores nothing, and its driver begins anew", () => {
  const driver = new PciFixture();
  const { pci } = driver;
  driver.start(0);
  driver.disk.before = () =>
    assertEquals(pci.configure(Header.COMMAND, Command.MEMORY_SPACE), false);
  assertEquals(readSector(driver), 0xee);
  assertEquals([driver.used, driver.level, driver.status & DeviceStatus.DRIVER_OK], [0, false, 0]);
  driver.disk.before = () => {};
  pci.configure(Header.COMMAND, ENABLED);
  driver.start(0);
  assertEquals(readSector(driver), BlockStatus.OK);
});

Deno.test("taking its way to memory waits for a store that is being made", () => {
  const driver = new PciFixture();
  const { pci } = driver;
  driver.start(0);
  toRunning(driver.words, ioAgent(0), () => {});
  assertEquals(pci.configure(Header.COMMAND, Command.MEMORY_SPACE), true);
  assert((driver.status & DeviceStatus.DRIVER_OK) !== 0);
  toIdle(driver.words, ioAgent(0));
  assertEquals(pci.configure(Header.COMMAND, Command.MEMORY_SPACE), false);
  assertEquals(driver.status & DeviceStatus.DRIVER_OK, 0);
});

Deno.test("a card that is not bus master gives its driver no frame", () => {
  const driver = new NetworkDriver({ bus: "pci" });
  driver.start(0, 8, 2);
  const { status } = driver;
  driver.pci.configure(Header.COMMAND, Command.MEMORY_SPACE);
  driver.pci.writeMemory(CommonRegister.STATUS, status, 1);
  assertEquals(driver.status, status);
  driver.offerRoom(0, Place.DATA, 0x800);
  driver.serve();
  driver.card.deliver(plainFrame(100));
  assertEquals(driver.used, 0);
});

Deno.test("the window in the configuration space reaches what the memory does", () => {
  const driver = new PciFixture();
  const { pci } = driver;
  pci.configure(Header.COMMAND, 0);
  pci.configure(AccessWindow.BASE_ADDRESS, 4);
  const aim = (offset: number, length: number): void => {
    pci.configure(AccessWindow.OFFSET, offset);
    pci.configure(AccessWindow.LENGTH, length);
  };
  aim(CommonRegister.STATUS, 1);
  pci.configure(AccessWindow.DATA, DeviceStatus.ACKNOWLEDGE);
  assertEquals(pci.configuration(AccessWindow.DATA), DeviceStatus.ACKNOWLEDGE);
  aim(MemoryPart.CONFIG, 4);
  assertEquals(pci.configuration(AccessWindow.DATA), driver.disk.bytes / 512);
  for (const [offset, length] of [[1, 2], [0, 3], [0, 0], [MEMORY_BYTES, 4], [-4, 4]]) {
    aim(offset, length);
    assertEquals(pci.configure(AccessWindow.DATA, -1), false);
    assertEquals(pci.configuration(AccessWindow.DATA), 0);
  }
  aim(MemoryPart.CONFIG, 4);
  pci.configure(AccessWindow.BASE_ADDRESS, 0);
  assertEquals(pci.configuration(AccessWindow.DATA), 0);
  assertEquals(driver.slot.struct.get(8), DeviceStatus.ACKNOWLEDGE);
});
