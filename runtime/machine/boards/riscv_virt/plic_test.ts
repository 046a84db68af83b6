import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DEVICE_BLOCK } from "../../../atomics/shared_layout.ts";
import { interruptLines } from "../../../atomics/pending.ts";
import { createMmioAccess } from "../../../devices/device.ts";
import { Plic, PLIC_LAST_SOURCE, plicWords } from "./plic.ts";

const MACHINE_LINE = 1 << 11;
const SUPERVISOR_LINE = 1 << 9;
const BASE = DEVICE_BLOCK >> 2;

const machineContext = (hart: number): number => hart * 2;
const supervisorContext = (hart: number): number => hart * 2 + 1;
const enableOf = (context: number, word = 0): number => 0x2000 + context * 0x80 + word * 4;
const thresholdOf = (context: number): number => 0x20_0000 + context * 0x1000;
const claimOf = (context: number): number => thresholdOf(context) + 4;

class Bench {
  readonly words: Int32Array;
  readonly plic: Plic;
  readonly access = createMmioAccess(0);

  constructor(hartCount: number) {
    const bytes = DEVICE_BLOCK + plicWords(hartCount) * 4;
    this.words = new Int32Array(new SharedArrayBuffer(bytes));
    this.plic = new Plic(this.words, BASE, hartCount);
  }

  read(offset: number): number {
    this.access.offset = offset;
    this.access.size = 4;
    assertEquals(this.plic.load(this.access), true);
    return this.access.low;
  }

  write(offset: number, value: number): void {
    this.access.offset = offset;
    this.access.low = value;
    this.access.size = 4;
    assertEquals(this.plic.store(this.access), true);
  }

  enable(context: number, source: number, priority: number): void {
    this.write(source * 4, priority);
    const offset = enableOf(context, source >> 5);
    this.write(offset, this.read(offset) | (1 << (source & 31)));
  }

  lines(hart: number): number {
    return interruptLines(this.words, hart);
  }
}

Deno.test("Plic delivers, claims and completes a level interrupt", () => {
  const bench = new Bench(2);
  bench.enable(supervisorContext(1), 10, 1);
  const uart = bench.plic.line(10);
  uart.setLevel(true);
  assertEquals([bench.lines(0), bench.lines(1)], [0, SUPERVISOR_LINE]);
  assertEquals(bench.read(0x1000), 1 << 10);
  assertEquals(bench.read(claimOf(supervisorContext(1))), 10);
  assertEquals(bench.lines(1), 0);
  assertEquals(bench.read(0x1000), 0);
  assertEquals(bench.read(claimOf(supervisorContext(1))), 0);
  bench.write(claimOf(supervisorContext(1)), 10);
  assertEquals(bench.lines(1), SUPERVISOR_LINE);
  assertEquals(bench.read(claimOf(supervisorContext(1))), 10);
  uart.setLevel(false);
  bench.write(claimOf(supervisorContext(1)), 10);
  assertEquals(bench.lines(1), 0);
});

Deno.test("Plic orders by priority, then by number; the claim ignores the threshold", () => {
  const bench = new Bench(1);
  const context = machineContext(0);
  for (const [source, priority] of [[40, 3], [8, 2], [33, 3], [95, 1]] as const) {
    bench.enable(context, source, priority);
    bench.plic.line(source).setLevel(true);
  }
  bench.write(thresholdOf(context), 2);
  assertEquals(bench.lines(0), MACHINE_LINE);
  assertEquals(bench.read(claimOf(context)), 33);
  assertEquals(bench.read(claimOf(context)), 40);
  assertEquals(bench.lines(0), 0);
  assertEquals(bench.read(claimOf(context)), 8);
  bench.write(thresholdOf(context), 0);
  assertEquals(bench.lines(0), MACHINE_LINE);
  assertEquals(bench.read(claimOf(context)), 95);
  assertEquals(bench.read(claimOf(context)), 0);
});

Deno.test("Plic never delivers priority 0 or a disabled source", () => {
  const bench = new Bench(1);
  bench.enable(machineContext(0), 5, 0);
  bench.plic.line(5).setLevel(true);
  bench.write(6 * 4, 7);
  bench.plic.line(6).setLevel(true);
  assertEquals(bench.lines(0), 0);
  assertEquals(bench.read(claimOf(machineContext(0))), 0);
  assertEquals(bench.read(0x1000), (1 << 5) | (1 << 6));
  bench.write(5 * 4, 1);
  assertEquals(bench.lines(0), MACHINE_LINE);
});

Deno.test("Plic ignores the completion of a source that is not enabled for the context", () => {
  const bench = new Bench(1);
  bench.enable(machineContext(0), 3, 1);
  bench.plic.line(3).setLevel(true);
  assertEquals(bench.read(claimOf(machineContext(0))), 3);
  bench.write(claimOf(supervisorContext(0)), 3);
  assertEquals(bench.lines(0), 0);
  for (const bogus of [0, PLIC_LAST_SOURCE + 1, -1]) {
    bench.write(claimOf(machineContext(0)), bogus);
  }
  assertEquals(bench.lines(0), 0);
  bench.write(claimOf(machineContext(0)), 3);
  assertEquals(bench.lines(0), MACHINE_LINE);
});

Deno.test("Plic interrupts every enabled context, the first claim takes it from all", () => {
  const bench = new Bench(2);
  bench.enable(supervisorContext(0), 10, 1);
  bench.enable(supervisorContext(1), 10, 1);
  bench.plic.line(10).setLevel(true);
  assertEquals([bench.lines(0), bench.lines(1)], [SUPERVISOR_LINE, SUPERVISOR_LINE]);
  assertEquals(bench.read(claimOf(supervisorContext(1))), 10);
  assertEquals([bench.lines(0), bench.lines(1)], [0, 0]);
  assertEquals(bench.read(claimOf(supervisorContext(0))), 0);
});

Deno.test("Plic keeps its registers to the bits that exist", () => {
  const bench = new Bench(1);
  bench.write(0, 5);
  assertEquals(bench.read(0), 0);
  bench.write(4, -1);
  assertEquals(bench.read(4), 7);
  bench.write(thresholdOf(0), -1);
  assertEquals(bench.read(thresholdOf(0)), 7);
  bench.write(enableOf(0), -1);
  assertEquals(bench.read(enableOf(0)), -2);
  bench.write(enableOf(0, 3), -1);
  assertEquals(bench.read(enableOf(0, 3)), 0);
  bench.write(0x1000, -1);
  assertEquals(bench.read(0x1000), 0);
  for (const offset of [enableOf(2), thresholdOf(2), claimOf(2), thresholdOf(0) + 8, 96 * 4]) {
    bench.write(offset, -1);
    assertEquals(bench.read(offset), 0);
  }
  for (const size of [1, 2, 8]) {
    Object.assign(bench.access, { offset: 4, size });
    assertEquals(bench.plic.load(bench.access), false);
    assertEquals(bench.plic.store(bench.access), false);
  }
  assertThrows(() => bench.plic.line(0), RangeError);
  assertThrows(() => bench.plic.line(96), RangeError);
});

const step = fc.oneof(
  fc.record({
    kind: fc.constant("level"),
    source: fc.integer({ min: 1, max: 6 }),
    value: fc.nat(1),
  }),
  fc.record({
    kind: fc.constant("priority"),
    source: fc.integer({ min: 1, max: 6 }),
    value: fc.nat(3),
  }),
  fc.record({ kind: fc.constant("enable"), source: fc.nat(3), value: fc.nat(127) }),
  fc.record({ kind: fc.constant("threshold"), source: fc.nat(3), value: fc.nat(3) }),
  fc.record({ kind: fc.constant("claim"), source: fc.nat(3), value: fc.constant(0) }),
  fc.record({ kind: fc.constant("complete"), source: fc.nat(3), value: fc.nat(7) }),
);

Deno.test("Plic lines always say whether a context has a request above its threshold", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const bench = new Bench(2);
    for (const { kind, source, value } of steps) {
      if (kind === "level") bench.plic.line(source).setLevel(value === 1);
      if (kind === "priority") bench.write(source * 4, value);
      if (kind === "enable") bench.write(enableOf(source), value);
      if (kind === "threshold") bench.write(thresholdOf(source), value);
      if (kind === "claim") checkClaim(bench, source);
      if (kind === "complete") bench.write(claimOf(source), value);
      for (let context = 0; context < 4; context++) checkLine(bench, context);
    }
  }));
});

function candidates(bench: Bench, context: number): number[] {
  const ready = bench.read(0x1000) & bench.read(enableOf(context));
  return [1, 2, 3, 4, 5, 6].filter((source) => (ready >> source) & 1);
}

function checkLine(bench: Bench, context: number): void {
  const threshold = bench.read(thresholdOf(context));
  const wanted = candidates(bench, context).some((source) => bench.read(source * 4) > threshold);
  const line = context % 2 === 0 ? MACHINE_LINE : SUPERVISOR_LINE;
  assertEquals((bench.lines(context >> 1) & line) !== 0, wanted);
}

function checkClaim(bench: Bench, context: number): void {
  const priorities = candidates(bench, context).map((source) => [source, bench.read(source * 4)]);
  const best = Math.max(0, ...priorities.map(([, priority]) => priority ?? 0));
  const expected = best === 0 ? 0 : priorities.find(([, priority]) => priority === best)?.[0];
  assertEquals(bench.read(claimOf(context)), expected);
  assert(expected === 0 || (bench.read(0x1000) >> (expected ?? 0) & 1) === 0);
}
