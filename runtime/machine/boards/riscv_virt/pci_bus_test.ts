/** The PCI bus among the board's other devices: what a hostile guest may do to base addresses, and what it may not. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ioAgent } from "../../../atomics/agents.ts";
import { interruptLines } from "../../../atomics/pending.ts";
import { Machine, PAGE_ATTRIBUTES } from "../../../atomics/shared_layout.ts";
import { createMmioAccess } from "../../../devices/device.ts";
import { Command, Header, NO_ANSWER } from "../../../pci/configuration_registers.ts";
import { ENTROPY_FEATURES } from "../../../virtio/entropy_device.ts";
import { MEMORY_BASE_HIGH, MEMORY_BASE_LOW } from "../../../virtio/pci_configuration.ts";
import { CommonRegister, MEMORY_BYTES } from "../../../virtio/pci_registers.ts";
import { DeviceId, InterruptCause } from "../../../virtio/registers.ts";
import { GuestClock, type HostClock, startClock } from "../../clock.ts";
import { slotNumber } from "../../slot_assignment.ts";
import { createVirtBoard, type VirtBoard } from "./board.ts";
import { RAM_BASE, VirtInterrupt, virtioWindow, VirtMap } from "./memory_map.ts";

const HALF_RANGE = 0x1_0000_0000;
const DEVICES = [1, 3, 5, 31];
const FIXED_CLOCK: HostClock = { timeOrigin: 0, now: () => 0 };

/** One worker's view of a board with a source of entropy in some places of the bus. */
class Bench {
  readonly words = new Int32Array(new SharedArrayBuffer(PAGE_ATTRIBUTES));
  readonly board: VirtBoard;
  readonly access = createMmioAccess(0);

  constructor() {
    this.words[Machine.HART_COUNT.offset >> 2] = 1;
    this.words[Machine.IO_WORKER_COUNT.offset >> 2] = 1;
    startClock(this.words, FIXED_CLOCK);
    const { words } = this;
    const clock = new GuestClock(words, FIXED_CLOCK);
    this.board = createVirtBoard({ words, hartCount: 1, clock, wallClock: () => 0 });
    for (const device of DEVICES) {
      this.board.virtioSlots[slotNumber({ bus: "pci", slot: device })].install({
        id: DeviceId.ENTROPY,
        agents: [ioAgent(0)],
        features: ENTROPY_FEATURES,
        queues: 1,
        config: new Uint8Array(0),
      });
    }
  }

  load(address: number, size = 4): boolean {
    this.access.size = size;
    return this.board.bus.load(address | 0, Math.floor(address / HALF_RANGE), this.access);
  }

  read(address: number, size = 4): number {
    assertEquals(this.load(address, size), true);
    return this.access.low;
  }

  write(address: number, value: number, size = 4): boolean {
    Object.assign(this.access, { size, low: value, high: 0 });
    return this.board.bus.store(address | 0, Math.floor(address / HALF_RANGE), this.access);
  }

  configure(device: number, offset: number, value: number, size = 4): void {
    assert(this.write(VirtMap.PCI_CONFIGURATION.base + (device << 15) + offset, value, size));
  }

  place(device: number, address: number): void {
    this.configure(device, MEMORY_BASE_LOW, address | 0);
    this.configure(device, MEMORY_BASE_HIGH, Math.floor(address / HALF_RANGE));
    this.configure(device, Header.COMMAND, Command.MEMORY_SPACE | Command.BUS_MASTER);
  }
}

Deno.test("devices are found by their configuration spaces, and nothing where none was plugged in", () => {
  const bench = new Bench();
  const identities = Array.from(
    { length: 32 },
    (_, device) => bench.read(VirtMap.PCI_CONFIGURATION.base + (device << 15)),
  );
  identities.forEach((identity, device) => {
    const expected = DEVICES.includes(device) ? 0x1044_1af4 : NO_ANSWER;
    assertEquals(identity, device === 0 ? 0x0008_1b36 : expected, `${device}`);
  });
});

Deno.test("a device answers wherever in both windows its driver places it, and nowhere else", () => {
  const bench = new Bench();
  const [low, high] = [VirtMap.PCI_MEMORY, VirtMap.PCI_WIDE_MEMORY];
  const places = [low.base, low.base + low.bytes - MEMORY_BYTES, high.base, 0x7_ffff_c000];
  for (const place of places) {
    bench.place(3, place);
    bench.write(place + CommonRegister.DRIVER_FEATURES_SELECT, place / MEMORY_BYTES);
    for (const other of places) {
      const expected = other === place ? place / MEMORY_BYTES : NO_ANSWER;
      assertEquals(bench.read(other + CommonRegister.DRIVER_FEATURES_SELECT), expected | 0);
    }
  }
});

Deno.test("devices share the four interrupt sources in turns", () => {
  const bench = new Bench();
  const { PLIC } = VirtMap;
  for (let source = VirtInterrupt.PCI; source < VirtInterrupt.PCI + 4; source++) {
    bench.write(PLIC.base + 4 * source, 1);
  }
  bench.write(PLIC.base + 0x2080 + 4, 0xf);
  for (const device of DEVICES) {
    bench.place(device, VirtMap.PCI_MEMORY.base + device * MEMORY_BYTES);
    bench.board.virtioSlots[slotNumber({ bus: "pci", slot: device })]
      .interrupt(InterruptCause.USED_BUFFER);
    assert(interruptLines(bench.words, 0) !== 0);
    const source = bench.read(PLIC.base + 0x20_1004);
    assertEquals(source, VirtInterrupt.PCI + device % 4);
    assertEquals(bench.read(VirtMap.PCI_MEMORY.base + device * MEMORY_BYTES + 0x1000, 1), 1);
    bench.write(PLIC.base + 0x20_1004, source);
    assertEquals(interruptLines(bench.words, 0), 0);
  }
});

/** Where a hostile guest would like to have a device: on RAM, on other devices, at the ends. */
const PLACE = fc.oneof(
  fc.constantFrom(
    RAM_BASE,
    RAM_BASE - MEMORY_BYTES,
    VirtMap.UART.base,
    VirtMap.PLIC.base,
    VirtMap.CLINT.base,
    VirtMap.PCI_CONFIGURATION.base,
    VirtMap.PCI_MEMORY.base,
    VirtMap.PCI_MEMORY.base + VirtMap.PCI_MEMORY.bytes - MEMORY_BYTES,
    VirtMap.PCI_WIDE_MEMORY.base,
    virtioWindow(0).base,
    0,
    HALF_RANGE,
  ),
  fc.double({ min: 0, max: 2 ** 53, noNaN: true }).map(Math.floor),
);

const ACT = fc.oneof(
  fc.record({
    kind: fc.constant("place" as const),
    device: fc.constantFrom(...DEVICES),
    at: PLACE,
    value: fc.integer(),
    size: fc.constantFrom(1, 2, 4, 8),
  }),
  fc.record({
    kind: fc.constant("configure" as const),
    device: fc.nat({ max: 31 }),
    at: fc.nat({ max: 0xfff }),
    value: fc.integer(),
    size: fc.constantFrom(1, 2, 4, 8),
  }),
);

Deno.test("whatever a guest writes to configuration spaces, RAM and the other devices stay where they are", () => {
  const fixed = [
    VirtMap.UART.base + 5,
    virtioWindow(0).base,
    VirtMap.PLIC.base + 4,
    VirtMap.RTC.base + 0x10,
  ];
  fc.assert(
    fc.property(fc.array(ACT, { maxLength: 30 }), (acts) => {
      const bench = new Bench();
      const sizeOf = (address: number): number => address === fixed[0] ? 1 : 4;
      const before = fixed.map((address) => bench.read(address, sizeOf(address)));
      for (const { kind, device, at, value, size } of acts) {
        if (kind === "place") bench.place(device, at);
        else bench.configure(device, at & -size, value, size);
        assertEquals(fixed.map((address) => bench.read(address, sizeOf(address))), before);
        assertEquals(bench.load(RAM_BASE), false);
        assertEquals(bench.load(RAM_BASE + 0x1000), false);
        assertEquals(bench.read(VirtMap.PCI_CONFIGURATION.base), 0x0008_1b36);
        for (const window of [VirtMap.PCI_MEMORY, VirtMap.PCI_WIDE_MEMORY]) {
          bench.read(window.base + (value >>> 3) * 8 % MEMORY_BYTES, 8);
          bench.write(window.base + (value >>> 3) * 8 % MEMORY_BYTES, value, 8);
        }
      }
    }),
    { numRuns: 60 },
  );
});
