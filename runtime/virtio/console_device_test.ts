import { assert, assertEquals } from "@std/assert";
import { ConsoleDriver } from "./console_driver_fixture.ts";
import { ConsoleConfig, ConsoleFeature, ConsoleQueue, ControlEvent } from "./console_protocol.ts";
import { CREDIT_BYTES } from "./port_channel.ts";
import { DeviceStatus, Feature, InterruptCause, MmioRegister } from "./registers.ts";
import { Place } from "./slot_driver_fixture.ts";

const MULTIPORT = 1 << ConsoleFeature.MULTIPORT;
const SIZE = 1 << ConsoleFeature.SIZE;
const EVENTS = 1 << Feature.EVENT_INDEX;
const encoder = new TextEncoder();
const PORT_NAME = "org.weft.test";
const PORTS = [
  { number: 0, isConsole: true, name: "" },
  { number: 1, isConsole: false, name: PORT_NAME },
];
/** Queues of the second port. */
const SECOND = { RECEIVE: 4, TRANSMIT: 5 } as const;

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 7 + (at >> 8)) & 0xff);
}

/** A driver that knows both ports, with room for six messages more. */
function startedPorts(): ConsoleDriver {
  const driver = new ConsoleDriver({ ports: PORTS, maxPorts: 2 });
  driver.begin(MULTIPORT);
  for (let room = 0; room < 8; room++) driver.offerControlRoom(room);
  driver.tell(0, ControlEvent.DEVICE_READY, 1);
  return driver;
}

Deno.test("what a guest writes arrives, and its chains are given back", async () => {
  await using driver = new ConsoleDriver();
  const [host] = driver.hosts;
  driver.begin();
  driver.send(ConsoleQueue.TRANSMIT, encoder.encode("hello "));
  driver.send(ConsoleQueue.TRANSMIT, encoder.encode("host"));
  await host.until(() => host.received.length === 10);
  assertEquals(host.text, "hello host");
  assertEquals(driver.usedOf(ConsoleQueue.TRANSMIT), 2);
});

Deno.test("what the host writes waits for buffers, and is cut to fit them", async () => {
  await using driver = new ConsoleDriver();
  const [host] = driver.hosts;
  driver.begin(EVENTS);
  host.channel.send(encoder.encode("abcdef"));
  await driver.woken();
  driver.serve();
  assertEquals([driver.used, driver.interrupts], [0, 0]);
  driver.offerRoom(ConsoleQueue.RECEIVE, 0, Place.DATA, 4);
  driver.offerRoom(ConsoleQueue.RECEIVE, 1, Place.DATA + 0x100, 100);
  driver.ring(ConsoleQueue.RECEIVE);
  assertEquals([0, 1].map((at) => driver.usedElement(at).written), [4, 2]);
  assertEquals(driver.bytes(Place.DATA, 4), encoder.encode("abcd"));
  assertEquals(driver.bytes(Place.DATA + 0x100, 2), encoder.encode("ef"));
  await host.until(() => host.taken === 6);
});

Deno.test("a guest is held up by a host that takes nothing, and loses nothing", async () => {
  await using driver = new ConsoleDriver();
  const [host] = driver.hosts;
  host.takes = false;
  driver.begin();
  const long = pattern(CREDIT_BYTES * 2 + 100);
  driver.send(ConsoleQueue.TRANSMIT, long, 0, Place.DATA);
  await host.until(() => host.received.length === CREDIT_BYTES);
  driver.serve();
  assertEquals(driver.usedOf(ConsoleQueue.TRANSMIT), 0);
  for (let turns = 1; turns <= 2; turns++) {
    host.channel.giveBack(CREDIT_BYTES);
    await driver.woken();
    driver.serve();
  }
  await host.until(() => host.received.length === long.length);
  assertEquals(Uint8Array.from(host.received), long);
  assertEquals(driver.usedOf(ConsoleQueue.TRANSMIT), 1);
});

Deno.test("a chain of a driver that was reset is not gone on with in the next one's", async () => {
  await using driver = new ConsoleDriver();
  const [host] = driver.hosts;
  host.takes = false;
  driver.begin();
  driver.send(ConsoleQueue.TRANSMIT, pattern(CREDIT_BYTES + 100), 0, Place.DATA);
  await host.until(() => host.received.length === CREDIT_BYTES);
  driver.begin();
  host.channel.giveBack(CREDIT_BYTES);
  await driver.woken();
  driver.send(ConsoleQueue.TRANSMIT, encoder.encode("again"));
  await host.until(() => host.received.length > CREDIT_BYTES);
  assertEquals(host.text.slice(-5), "again");
  assertEquals(host.received.length, CREDIT_BYTES + 5);
});

Deno.test("at the end main gets what was given to the device, though it had no room", async () => {
  const driver = new ConsoleDriver();
  const [host] = driver.hosts;
  host.takes = false;
  driver.begin();
  const long = pattern(CREDIT_BYTES * 2);
  driver.send(ConsoleQueue.TRANSMIT, long, 0, Place.DATA);
  await driver.console.finish();
  assert(host.hasEnded);
  assertEquals(Uint8Array.from(host.received), long);
  host.channel.close();
});

Deno.test("what is written where nobody is connected is dropped, and holds nobody up", async () => {
  const ports = [{ number: 0, isConsole: true, name: "", state: { isConnected: false } }];
  await using driver = new ConsoleDriver({ ports });
  const [host] = driver.hosts;
  driver.begin();
  driver.send(ConsoleQueue.TRANSMIT, pattern(CREDIT_BYTES * 2), 0, Place.DATA);
  assertEquals(driver.usedOf(ConsoleQueue.TRANSMIT), 1);
  host.channel.tell({ isConnected: true, size: undefined });
  await driver.woken();
  driver.send(ConsoleQueue.TRANSMIT, encoder.encode("heard"));
  await host.until(() => host.received.length > 0);
  assertEquals(host.text, "heard");
});

Deno.test("the size of a terminal is in the configuration, and a driver at work is told of it", async () => {
  const size = { columns: 80, rows: 24 };
  const ports = [{ number: 0, isConsole: true, name: "", state: { size } }];
  await using driver = new ConsoleDriver({ ports });
  const [host] = driver.hosts;
  const columns = (): number => driver.slot.struct.config.getUint16(ConsoleConfig.COLUMNS, true);
  const rows = (): number => driver.slot.struct.config.getUint16(ConsoleConfig.ROWS, true);
  driver.serve();
  assertEquals(driver.interrupts, 0, "a driver that is not there was told");
  driver.begin(SIZE);
  driver.serve();
  assertEquals([columns(), rows()], [80, 24]);
  assertEquals(driver.slot.acknowledge(InterruptCause.CONFIGURATION), InterruptCause.CONFIGURATION);
  const before = driver.read(MmioRegister.CONFIG_GENERATION);
  host.channel.tell({ isConnected: true, size: { columns: 132, rows: 50 } });
  await driver.woken();
  driver.serve();
  assertEquals([columns(), rows(), driver.interrupts], [132, 50, 2]);
  assert(driver.read(MmioRegister.CONFIG_GENERATION) !== before);
  driver.serve();
  assertEquals(driver.interrupts, 2, "told again without news");
});

for (const bus of ["mmio", "pci"] as const) {
  Deno.test(`characters can be written before there are queues: ${bus}`, async () => {
    await using driver = new ConsoleDriver({ bus });
    const [host] = driver.hosts;
    driver.bus.prepare();
    const at = MmioRegister.CONFIG + ConsoleConfig.EMERGENCY;
    assertEquals(driver.write(at, 0x21), false);
    assertEquals(driver.write(at, 0x22), true, "one that was not taken was overwritten");
    driver.serve();
    assertEquals(driver.write(at, 0x23), false);
    driver.serve();
    await host.until(() => host.received.length === 2);
    assertEquals(host.received, [0x21, 0x23]);
    assertEquals(driver.write(MmioRegister.CONFIG + ConsoleConfig.COLUMNS, 7), false);
    driver.serve();
    assertEquals(driver.slot.struct.config.getUint16(ConsoleConfig.COLUMNS, true), 0);
  });
}

Deno.test("a driver of several ports is told of each: what it is, its name, and who is there", async () => {
  await using driver = startedPorts();
  const added = driver.messages();
  assertEquals(added.map(({ port, event }) => [port, event]), [
    [0, ControlEvent.PORT_ADD],
    [1, ControlEvent.PORT_ADD],
  ]);
  driver.tell(0, ControlEvent.PORT_READY, 1);
  driver.tell(1, ControlEvent.PORT_READY, 1);
  const told = driver.messages();
  assertEquals(told.map(({ port, event, value }) => [port, event, value]), [
    [0, ControlEvent.CONSOLE_PORT, 1],
    [0, ControlEvent.PORT_OPEN, 1],
    [1, ControlEvent.PORT_NAME, 1],
    [1, ControlEvent.PORT_OPEN, 1],
  ]);
  assertEquals(new TextDecoder().decode(told[2].rest), PORT_NAME);
});

Deno.test("sizes of consoles among several ports come as messages: columns, then rows", async () => {
  await using driver = startedPorts();
  const [host] = driver.hosts;
  driver.tell(0, ControlEvent.PORT_READY, 1);
  driver.messages();
  host.channel.tell({ isConnected: true, size: { columns: 132, rows: 50 } });
  await driver.woken();
  driver.serve();
  const [{ port, event, rest }] = driver.messages();
  assertEquals([port, event], [0, ControlEvent.RESIZE]);
  assertEquals([...rest], [132, 0, 50, 0]);
});

Deno.test("a port for programs gets nothing before one has opened it, and hears who goes", async () => {
  await using driver = startedPorts();
  const [, host] = driver.hosts;
  driver.tell(1, ControlEvent.PORT_READY, 1);
  driver.messages();
  driver.offerRoom(SECOND.RECEIVE, 0, Place.DATA, 100);
  host.channel.send(encoder.encode("early"));
  await driver.woken();
  driver.ring(SECOND.RECEIVE);
  assertEquals(driver.usedOf(SECOND.RECEIVE), 0);
  driver.tell(1, ControlEvent.PORT_OPEN, 1);
  assertEquals(driver.usedElement(0, SECOND.RECEIVE), { head: 0, written: 5 });
  host.channel.tell({ isConnected: false, size: undefined });
  await driver.woken();
  driver.serve();
  const [{ port, event, value }] = driver.messages();
  assertEquals([port, event, value], [1, ControlEvent.PORT_OPEN, 0]);
});

Deno.test("what there is to say waits for buffers, once, however often a driver asks", async () => {
  await using driver = new ConsoleDriver({ ports: PORTS, maxPorts: 2 });
  driver.begin(MULTIPORT);
  for (let asked = 0; asked < 100; asked++) driver.tell(0, ControlEvent.DEVICE_READY, 1);
  for (let room = 0; room < 8; room++) driver.offerControlRoom(room);
  driver.ring(ConsoleQueue.CONTROL_RECEIVE);
  assertEquals(driver.messages().length, 2);
});

Deno.test("a driver that was reset is told nothing before it asks", async () => {
  await using driver = startedPorts();
  driver.tell(0, ControlEvent.PORT_READY, 1);
  driver.begin(MULTIPORT);
  for (let room = 0; room < 8; room++) driver.offerControlRoom(room);
  driver.ring(ConsoleQueue.CONTROL_RECEIVE);
  driver.hosts[0].channel.tell({ isConnected: false, size: undefined });
  await driver.woken();
  driver.serve();
  assertEquals(driver.messages(), []);
  driver.tell(0, ControlEvent.DEVICE_READY, 1);
  assertEquals(driver.messages().length, 2);
});

Deno.test("messages about ports that are not there, and short ones, change nothing", async () => {
  await using driver = startedPorts();
  driver.messages();
  for (const port of [2, 15, 31, 0xffff_ffff]) {
    driver.tell(port, ControlEvent.PORT_READY, 1);
    driver.tell(port, ControlEvent.PORT_OPEN, 1);
  }
  driver.tell(1, 0xffff, 1);
  driver.tell(1, ControlEvent.PORT_READY, 0);
  driver.send(
    ConsoleQueue.CONTROL_TRANSMIT,
    Uint8Array.of(1, 0, 0, 0, ControlEvent.PORT_READY, 0, 1),
  );
  assertEquals(driver.messages(), []);
  assertEquals(driver.status & DeviceStatus.NEEDS_RESET, 0);
  driver.tell(1, ControlEvent.PORT_READY, 1);
  assertEquals(driver.messages().length, 2);
});

Deno.test("a driver that knows of one port alone has the first one", async () => {
  await using driver = new ConsoleDriver({ ports: PORTS, maxPorts: 2 });
  const [host] = driver.hosts;
  driver.begin(0);
  driver.send(ConsoleQueue.TRANSMIT, encoder.encode("plain"));
  await host.until(() => host.received.length === 5);
  driver.offerRoom(ConsoleQueue.RECEIVE, 0, Place.DATA, 16);
  host.channel.send(encoder.encode("in"));
  await driver.servedUntil(() => driver.used === 1);
  assertEquals(driver.usedElement(0), { head: 0, written: 2 });
});
