import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { createMmioAccess, type Device } from "../devices/device.ts";
import { CONFIGURATION_WORDS, Header, NO_ANSWER } from "./configuration_registers.ts";
import {
  ConfigurationWindow,
  HostBridge,
  interruptLineOf,
  MemorySpaceWindow,
  PCI_LINES,
  PortSpaceWindow,
} from "./host_bridge.ts";
import type { PciFunction } from "./pci_function.ts";
import { RootFunction } from "./root_function.ts";

const VERSIONS = 8;
const ROOT = 16;
const MEMORY = 0x4000_0000;

/** A function with plain words and one place in memory. */
class PlainFunction implements PciFunction {
  isPresent = true;
  isAsserting = false;
  repeats = false;
  readonly words = new Int32Array(CONFIGURATION_WORDS);
  readonly calls: string[] = [];

  constructor(readonly tag: number, readonly base: number, readonly bytes = 0x1000) {
    this.words[0] = tag;
  }

  readWord(index: number): number {
    return this.words[index];
  }

  writeWord(index: number, value: number, bits: number): boolean {
    if (this.repeats) return false;
    this.words[index] = (this.words[index] & ~bits) | (value & bits);
    return true;
  }

  offsetOf(address: number): number {
    return address >= this.base && address < this.base + this.bytes ? address - this.base : -1;
  }

  load(access: { low: number; high: number; offset: number }): void {
    access.low = this.tag + access.offset;
    access.high = 0;
  }

  store({ offset, low }: { offset: number; low: number }): void {
    this.calls.push(`${offset}=${low}`);
  }
}

class Bench {
  readonly words = new Int32Array(new SharedArrayBuffer(4096));
  readonly levels = [false, false, false, false];
  readonly bridge = new HostBridge({
    words: this.words,
    versions: VERSIONS,
    lines: this.levels.map((_, line) => ({
      setLevel: (asserted: boolean) => this.levels[line] = asserted,
    })),
  });
  readonly access = createMmioAccess(0);

  constructor() {
    this.bridge.attach(0, new RootFunction(this.words, ROOT));
  }

  use(device: Device, offset: number, size: number): [number, number] {
    Object.assign(this.access, { offset, size, low: 0x1234, high: 0x1234, retry: false });
    assertEquals(device.load(this.access), true);
    return [this.access.low, this.access.high];
  }

  configuration(offset: number, size: number): number {
    return this.use(new ConfigurationWindow(this.bridge), offset, size)[0];
  }

  configure(offset: number, size: number, low: number, high = 0): boolean {
    Object.assign(this.access, { offset, size, low, high, retry: false });
    assertEquals(new ConfigurationWindow(this.bridge).store(this.access), true);
    return this.access.retry;
  }
}

Deno.test("where no function is, all ones are read with each width, and writes are lost", () => {
  const bench = new Bench();
  const absent = new PlainFunction(7, MEMORY);
  absent.isPresent = false;
  bench.bridge.attach(4, absent);
  const places = [1 << 15, 4 << 15, 1 << 12, 7 << 12, 1 << 20, 0xff << 20, 0x100, 0xffc];
  for (const place of places) {
    const window = new ConfigurationWindow(bench.bridge);
    assertEquals(bench.use(window, place, 1), [0xff, 0]);
    assertEquals(bench.use(window, place, 2), [0xffff, 0]);
    assertEquals(bench.use(window, place, 4), [NO_ANSWER, 0]);
    assertEquals(bench.use(window, place, 8), [NO_ANSWER, NO_ANSWER]);
    assertEquals(bench.configure(place, 4, 0x55), false);
  }
  assertEquals(absent.words[0], 7);
  for (
    const window of [new PortSpaceWindow(), new MemorySpaceWindow(bench.bridge, MEMORY + 0x9000)]
  ) {
    assertEquals(bench.use(window, 0x10, 4), [NO_ANSWER, 0]);
    assertEquals(window.store(bench.access), true);
  }
});

Deno.test("the bridge is device 0: an identity, a class, and no memory", () => {
  const bench = new Bench();
  assertEquals(bench.configuration(Header.IDENTITY, 4), 0x0008_1b36);
  assertEquals(bench.configuration(Header.CLASS, 4), 0x0600_0000);
  for (let address = 0; address < 6; address++) {
    bench.configure(Header.BASE_ADDRESS + 4 * address, 4, -1);
    assertEquals(bench.configuration(Header.BASE_ADDRESS + 4 * address, 4), 0);
  }
});

Deno.test("narrow and wide accesses of a configuration space are parts of its words", () => {
  const access = fc.record({
    size: fc.constantFrom(1, 2, 4, 8),
    place: fc.nat({ max: 31 }),
    value: fc.option(fc.tuple(fc.integer(), fc.integer())),
  });
  fc.assert(
    fc.property(fc.array(access, { maxLength: 60 }), (accesses) => {
      const bench = new Bench();
      const plain = new PlainFunction(0, MEMORY);
      bench.bridge.attach(5, plain);
      const model = new DataView(new ArrayBuffer(256));
      for (const { size, place, value } of accesses) {
        const register = place * 8 % 256 + (size === 8 ? 0 : place % (8 / size) * size);
        const offset = (5 << 15) + register;
        if (value !== null) {
          const [low, high] = value;
          bench.configure(offset, size, low, high);
          if (size === 1) model.setUint8(register, low);
          if (size === 2) model.setUint16(register, low, true);
          if (size >= 4) model.setInt32(register, low, true);
          if (size === 8) model.setInt32(register + 4, high, true);
        }
        const [low, high] = bench.use(new ConfigurationWindow(bench.bridge), offset, size);
        const expected = [model.getUint8(register), model.getUint16(register & ~1, true)];
        if (size <= 2) assertEquals([low, high], [expected[size - 1], 0]);
        else assertEquals(low, model.getInt32(register, true));
        if (size === 8) assertEquals(high, model.getInt32(register + 4, true));
      }
    }),
  );
});

Deno.test("a function may ask for a write to be made again", () => {
  const bench = new Bench();
  const plain = new PlainFunction(0, MEMORY);
  bench.bridge.attach(2, plain);
  plain.repeats = true;
  assertEquals(bench.configure(2 << 15, 4, 1), true);
  plain.repeats = false;
  assertEquals(bench.configure(2 << 15, 4, 1), false);
  assertEquals(plain.words[0], 1);
});

Deno.test("memory is answered by the function that is there, by the first one where two are", () => {
  const bench = new Bench();
  const [one, other] = [new PlainFunction(100, MEMORY), new PlainFunction(900, MEMORY + 0x800)];
  bench.bridge.attach(9, one);
  bench.bridge.attach(3, other);
  const window = new MemorySpaceWindow(bench.bridge, MEMORY - 0x100);
  assertEquals(bench.use(window, 0x104, 4), [104, 0]);
  assertEquals(bench.use(window, 0x904, 4), [904, 0]);
  assertEquals(bench.use(window, 0x1900, 4), [NO_ANSWER, 0]);
  assertEquals(bench.use(window, 0x0fc, 4), [NO_ANSWER, 0]);
  Object.assign(bench.access, { offset: 0x904, size: 4, low: 5 });
  window.store(bench.access);
  assertEquals([one.calls, other.calls], [[], ["4=5"]]);
});

Deno.test("a line is up as long as one of the functions that share it asks", () => {
  const bench = new Bench();
  const devices = [1, 5, 2].map((device) => {
    const plain = new PlainFunction(device, MEMORY);
    bench.bridge.attach(device, plain);
    const set = (isAsserting: boolean) => {
      plain.isAsserting = isAsserting;
      bench.bridge.interruptChanged(device);
    };
    return set;
  });
  assertEquals([1, 5, 2].map(interruptLineOf), [1, 1, 2]);
  assertEquals(PCI_LINES, bench.levels.length);
  devices[0](true);
  assertEquals(bench.levels, [false, true, false, false]);
  devices[1](true);
  devices[2](true);
  devices[0](false);
  assertEquals(bench.levels, [false, true, true, false]);
  devices[1](false);
  assertEquals(bench.levels, [false, false, true, false]);
});
