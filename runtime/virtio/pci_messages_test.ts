import { assertEquals } from "@std/assert";
import { DEVICE_BLOCK } from "../atomics/shared_layout.ts";
import {
  Command,
  Header,
  MESSAGE_CAPABILITY,
  MessageControl,
} from "../pci/configuration_registers.ts";
import { createMmioAccess } from "../devices/device.ts";
import { PENDING_OFFSET, TABLE_BYTES } from "../pci/message_table.ts";
import { QueueWord, SlotWord } from "./device_struct.ts";
import { MEMORY_BASE_LOW, Messages, TABLE_BASE } from "./pci_configuration.ts";
import { CommonRegister, NO_VECTOR, usualVectors } from "./pci_registers.ts";
import { PCI_SLOT_WORDS, PciTransport } from "./pci_transport.ts";
import { DeviceId, DeviceStatus, InterruptCause } from "./registers.ts";

const VECTORS = 3;
const QUEUES = 2;
const MEMORY = 0x4000_0000;
const TABLE = 0x4100_0000;
const FILE = 0x2800_1000;
const PRESENT = 16;

class Bench {
  readonly sent: [address: number, data: number][] = [];
  readonly transport: PciTransport;
  readonly access = createMmioAccess(0);
  changes = 0;

  constructor({ vectors = VECTORS, hasPost = true } = {}) {
    const words = new Int32Array(new SharedArrayBuffer(DEVICE_BLOCK + PCI_SLOT_WORDS * 4));
    const post = {
      send: (address: number, data: number) => void this.sent.push([address, data]),
    };
    this.transport = new PciTransport(
      words,
      DEVICE_BLOCK >> 2,
      () => this.changes++,
      hasPost ? post : null,
    );
    this.transport.slot.install({
      id: DeviceId.BLOCK,
      agents: [1],
      features: { low: 0, high: 1 },
      queues: QUEUES,
      config: new Uint8Array(0),
      vectors,
    });
    this.configure(MEMORY_BASE_LOW, MEMORY);
    this.configure(TABLE_BASE, TABLE);
    this.configure(Header.COMMAND, Command.MEMORY_SPACE | Command.BUS_MASTER);
  }

  configuration(offset: number): number {
    return this.transport.readWord(offset >> 2);
  }

  configure(offset: number, value: number): void {
    this.transport.writeWord(offset >> 2, value, -1);
  }

  read(address: number, size: number): number {
    Object.assign(this.access, { size, offset: this.transport.offsetOf(address) });
    this.transport.load(this.access);
    return this.access.low;
  }

  write(address: number, low: number, size: number): void {
    Object.assign(this.access, { size, low, offset: this.transport.offsetOf(address) });
    this.transport.store(this.access);
  }

  /** Has queues and configuration tell by vectors, which send their own numbers. */
  setUp(): void {
    for (let vector = 0; vector < VECTORS; vector++) {
      [FILE, 0, vector + 1, 0].forEach((word, index) =>
        this.write(TABLE + vector * 16 + index * 4, word, 4)
      );
    }
    this.configure(Messages.CONTROL, MessageControl.ENABLED);
    this.write(MEMORY + CommonRegister.CONFIG_VECTOR, 0, 2);
    for (let queue = 0; queue < QUEUES; queue++) {
      this.write(MEMORY + CommonRegister.QUEUE_SELECT, queue, 2);
      this.write(MEMORY + CommonRegister.QUEUE_VECTOR, queue + 1, 2);
    }
  }
}

Deno.test("a device with vectors has the capability for them, and a base address for their table", () => {
  const bench = new Bench();
  assertEquals(bench.configuration(Header.CAPABILITIES), Messages.CONTROL);
  assertEquals(bench.configuration(Messages.CONTROL), 2 << 16 | 0x8400 | MESSAGE_CAPABILITY);
  assertEquals([Messages.TABLE, Messages.PENDING].map((at) => bench.configuration(at)), [1, 0x801]);
  bench.configure(TABLE_BASE, -1);
  assertEquals(bench.configuration(TABLE_BASE), ~(TABLE_BYTES - 1));
  bench.configure(Messages.CONTROL, -1);
  assertEquals(bench.configuration(Messages.CONTROL) >>> 16, 0xc002);
});

Deno.test("without vectors, or without anywhere to send to, there is neither", () => {
  for (const options of [{ vectors: 0 }, { hasPost: false }]) {
    const bench = new Bench(options);
    assertEquals(bench.configuration(Header.CAPABILITIES), 0x84);
    bench.configure(TABLE_BASE, -1);
    bench.configure(Messages.CONTROL, -1);
    assertEquals([TABLE_BASE, Messages.CONTROL].map((at) => bench.configuration(at)), [0, 0]);
    assertEquals(bench.transport.offsetOf(TABLE), -1);
    bench.transport.slot.queueUsed(0);
    assertEquals([bench.sent, bench.transport.isAsserting], [[], true]);
  }
});

Deno.test("queues and configuration send their own vectors, and the pin is silent", () => {
  const bench = new Bench();
  bench.setUp();
  const { slot } = bench.transport;
  slot.queueUsed(0);
  slot.queueUsed(1);
  assertEquals(bench.sent, [[FILE, 2], [FILE, 3]]);
  assertEquals(slot.struct.get(SlotWord.INTERRUPT_STATUS), 0);
  slot.struct.set(SlotWord.STATUS, DeviceStatus.DRIVER_OK);
  slot.configurationChanged();
  assertEquals(bench.sent.at(-1), [FILE, 1]);
  assertEquals(slot.struct.get(SlotWord.INTERRUPT_STATUS), InterruptCause.CONFIGURATION);
  assertEquals(bench.transport.isAsserting, false);
  const before = bench.changes;
  bench.configure(Messages.CONTROL, 0);
  assertEquals([bench.transport.isAsserting, bench.changes > before], [true, true]);
});

Deno.test("a vector that the device does not have is none, and a reset forgets all", () => {
  const bench = new Bench();
  bench.setUp();
  const { slot } = bench.transport;
  bench.write(MEMORY + CommonRegister.QUEUE_VECTOR, VECTORS, 2);
  assertEquals(bench.read(MEMORY + CommonRegister.QUEUE_VECTOR, 2), NO_VECTOR);
  slot.queueUsed(1);
  assertEquals(bench.sent, []);
  // Also of a queue that is in use.
  slot.struct.setQueue(1, QueueWord.READY, 1);
  bench.write(MEMORY + CommonRegister.QUEUE_VECTOR, 2, 2);
  assertEquals(bench.read(MEMORY + CommonRegister.QUEUE_VECTOR, 2), 2);
  bench.write(MEMORY + CommonRegister.STATUS, 0, 1);
  const shown = [CommonRegister.CONFIG_VECTOR, CommonRegister.QUEUE_VECTOR]
    .map((register) => bench.read(MEMORY + register, 2));
  assertEquals(shown, [NO_VECTOR, NO_VECTOR]);
});

Deno.test("what is masked, or may not reach memory, waits in the pending bits", () => {
  const bench = new Bench();
  bench.setUp();
  bench.configure(Messages.CONTROL, MessageControl.ENABLED | MessageControl.MASKED);
  bench.transport.slot.queueUsed(0);
  assertEquals([bench.sent, bench.read(TABLE + PENDING_OFFSET, 4)], [[], 2]);
  bench.configure(Header.COMMAND, Command.MEMORY_SPACE);
  bench.configure(Messages.CONTROL, MessageControl.ENABLED);
  assertEquals(bench.sent, []);
  bench.configure(Header.COMMAND, Command.MEMORY_SPACE | Command.BUS_MASTER);
  assertEquals([bench.sent, bench.read(TABLE + PENDING_OFFSET, 4)], [[[FILE, 2]], 0]);
});

Deno.test("devices have as many vectors as QEMU's", () => {
  const kinds = [[DeviceId.BLOCK, 4], [DeviceId.NETWORK, 2], [DeviceId.ENTROPY, 1]];
  assertEquals(kinds.map(([kind, queues]) => usualVectors(kind, queues)), [5, 4, 2]);
  assertEquals(usualVectors(DeviceId.CONSOLE, PRESENT), 2);
});
