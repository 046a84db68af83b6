import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { drainOutput, putInput } from "../../../atomics/console_ring.ts";
import {
  DEVICE_BLOCK,
  DEVICE_BLOCK_BYTES,
  EndReason,
  Machine,
  PAGE_ATTRIBUTES,
} from "../../../atomics/shared_layout.ts";
import { interruptLines } from "../../../atomics/pending.ts";
import { createMmioAccess, type MmioAccess } from "../../../devices/device.ts";
import { GuestClock, type HostClock, startClock } from "../../clock.ts";
import { createVirtBoard, type VirtBoard } from "./board.ts";
import { VIRTIO_SLOTS, VirtMap } from "./memory_map.ts";
import { virtDeviceTree } from "./virt_device_tree.ts";

const SUPERVISOR_LINE = 1 << 9;
const HARTS = 2;
const UART_REGISTERS = 8;
const WALL_CLOCK_MS = 1_700_000_000_000;

/** Two workers' views of one board. */
class Bench {
  readonly words = new Int32Array(new SharedArrayBuffer(PAGE_ATTRIBUTES));
  readonly access: MmioAccess = createMmioAccess(0);

  readonly #hostClock: HostClock;

  /** @param stoppedAt where the host's clock stands still, if it does */
  constructor(stoppedAt?: number) {
    this.#hostClock = stoppedAt === undefined
      ? performance
      : { timeOrigin: 0, now: () => stoppedAt };
    this.words[Machine.HART_COUNT.offset >> 2] = HARTS;
    startClock(this.words, this.#hostClock);
  }

  createWorker(): VirtBoard {
    return createVirtBoard({
      words: this.words,
      hartCount: HARTS,
      clock: new GuestClock(this.words, this.#hostClock),
      wallClock: () => WALL_CLOCK_MS,
    });
  }

  read(board: VirtBoard, address: number, size = 4): number {
    this.access.size = size;
    assertEquals(board.bus.load(address | 0, 0, this.access), true);
    return this.access.low;
  }

  write(board: VirtBoard, address: number, value: number, size = 4): void {
    Object.assign(this.access, { size, low: value, high: 0 });
    assertEquals(board.bus.store(address | 0, 0, this.access), true);
  }
}

Deno.test("Workers of one virt board share their devices: console input interrupts the hart", () => {
  const bench = new Bench();
  const hart = bench.createWorker();
  const feeder = bench.createWorker();
  const plic = VirtMap.PLIC.base;
  bench.write(hart, plic + 10 * 4, 1);
  bench.write(hart, plic + 0x2000 + 3 * 0x80, 1 << 10);
  bench.write(hart, VirtMap.UART.base + 1, 1, 1);
  putInput(bench.words, 0x61);
  feeder.uart.inputArrived();
  assertEquals(interruptLines(bench.words, 1), SUPERVISOR_LINE);
  const claim = plic + 0x20_0004 + 3 * 0x1000;
  assertEquals(bench.read(hart, claim), 10);
  assertEquals(bench.read(hart, VirtMap.UART.base, 1), 0x61);
  bench.write(hart, claim, 10);
  assertEquals(interruptLines(bench.words, 1), 0);
});

Deno.test("The virt board prints, tells the time and powers off", () => {
  const bench = new Bench();
  const board = bench.createWorker();
  bench.write(board, VirtMap.UART.base, 0x41, 1);
  const sent = new Uint8Array(4);
  assertEquals([drainOutput(bench.words, sent), sent[0]], [1, 0x41]);
  const low = bench.read(board, VirtMap.RTC.base) >>> 0;
  const high = bench.read(board, VirtMap.RTC.base + 4) >>> 0;
  assertEquals((BigInt(high) << 32n) | BigInt(low), BigInt(WALL_CLOCK_MS) * 1_000_000n);
  bench.write(board, VirtMap.TEST.base, 0x5555);
  assertEquals(bench.words[Machine.END_REASON.offset >> 2], EndReason.POWER_OFF);
});

Deno.test("The virt board's ROM is seen by every worker", () => {
  const bench = new Bench();
  const images = { firmware: "none", deviceTree: 0x87e0_0000 } as const;
  bench.createWorker().installBootRom(images);
  assertEquals(bench.read(bench.createWorker(), VirtMap.BOOT_ROM.base + 0x20), 0x87e0_0000 | 0);
  assertEquals(bench.read(bench.createWorker(), VirtMap.BOOT_ROM.base + 0x800), 0);
});

Deno.test("Every device that the virt tree names answers on the bus", () => {
  const bench = new Bench();
  const board = bench.createWorker();
  const tree = virtDeviceTree({
    hartCount: HARTS,
    ramBytes: 0x800_0000,
    extensions: ["i"],
    mmuType: "riscv,sv39",
  });
  const devices = tree.child("soc")?.children ?? [];
  assertEquals(devices.length, 6 + VIRTIO_SLOTS);
  for (const device of devices) {
    const [, base = 0, , bytes = 0] = device.cells("reg");
    const window = board.bus.windows.find((window) => window.base === base);
    assertEquals(window?.bytes, bytes, device.name);
    assertEquals(window?.device.name, device.name.split("@")[0]);
  }
});

/** Devices whose registers a guest may use in any order. */
const REGISTER_WINDOWS = [
  VirtMap.RTC,
  VirtMap.CLINT,
  VirtMap.PLIC,
  VirtMap.UART,
  VirtMap.PCI_CONFIGURATION,
];
const PROBED_REGISTERS = 16;

/** A use of a device, or a byte that is typed. */
const USE = fc.record({
  window: fc.constantFrom(...REGISTER_WINDOWS),
  register: fc.nat({ max: PROBED_REGISTERS - 1 }),
  value: fc.option(fc.integer()),
  typed: fc.option(fc.nat({ max: 0xff }), { freq: 20 }),
});

type Use = typeof USE extends fc.Arbitrary<infer T> ? T : never;

/** Uses devices, each time through the view that `viewOf` gives. @returns what was read */
function useAll(bench: Bench, uses: readonly Use[], viewOf: () => VirtBoard): number[] {
  const seen: number[] = [];
  for (const { window, register, value, typed } of uses) {
    const size = window === VirtMap.UART ? 1 : 4;
    const address = window.base +
      register % (size === 1 ? UART_REGISTERS : PROBED_REGISTERS) * size;
    if (value === null) seen.push(bench.read(viewOf(), address, size));
    else bench.write(viewOf(), address, value, size);
    if (typed !== null) putInput(bench.words, typed);
  }
  return seen;
}

Deno.test("devices have no state but their structs, so that a snapshot of those is one of theirs", () => {
  const structsOf = ({ words }: Bench): Int32Array =>
    words.slice(DEVICE_BLOCK >> 2, (DEVICE_BLOCK + DEVICE_BLOCK_BYTES) >> 2);
  const uses = fc.array(USE, { minLength: 100, maxLength: 300 });
  fc.assert(
    fc.property(uses, (all) => {
      const [one, other] = [new Bench(0), new Bench(0)];
      const view = one.createWorker();
      const seen = useAll(one, all, () => view);
      assertEquals(useAll(other, all, () => other.createWorker()), seen);
      assertEquals(structsOf(other), structsOf(one));
    }),
    { numRuns: 20 },
  );
});
