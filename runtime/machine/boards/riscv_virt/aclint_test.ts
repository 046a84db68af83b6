import { assertEquals } from "@std/assert";
import { Machine, Pending } from "../../../atomics/shared_layout.ts";
import { interruptLines, take } from "../../../atomics/pending.ts";
import { createMmioAccess } from "../../../devices/device.ts";
import { GuestClock, startClock, TICKS_PER_MS } from "../../clock.ts";
import { Aclint } from "./aclint.ts";

const SHARED_BYTES = 0x8_0000;
const SOFTWARE_LINE = 1 << 3;
const TIMER_LINE = 1 << 7;
const COMPARE = 0x4000;
const TIME = 0xbff8;

class Bench {
  hostMs = 1000;
  readonly words = new Int32Array(new SharedArrayBuffer(SHARED_BYTES));
  readonly aclint: Aclint;
  readonly access = createMmioAccess(0);

  constructor() {
    this.words[Machine.HART_COUNT.offset >> 2] = 2;
    startClock(this.words, { timeOrigin: 0, now: () => this.hostMs });
    this.aclint = new Aclint(
      this.words,
      2,
      new GuestClock(this.words, { timeOrigin: 0, now: () => this.hostMs }),
    );
  }

  read(offset: number, size = 4): [number, number] {
    Object.assign(this.access, { offset, size, low: 0, high: 0 });
    assertEquals(this.aclint.load(this.access), true);
    return [this.access.low, this.access.high];
  }

  write(offset: number, low: number, high = 0, size = 4): void {
    Object.assign(this.access, { offset, size, low, high });
    assertEquals(this.aclint.store(this.access), true);
  }
}

Deno.test("Aclint msip is the hart's software interrupt line", () => {
  const bench = new Bench();
  bench.write(4, -1);
  assertEquals(interruptLines(bench.words, 1), SOFTWARE_LINE);
  assertEquals(take(bench.words, 1), Pending.IRQ);
  assertEquals(bench.read(4), [1, 0]);
  assertEquals(bench.read(0), [0, 0]);
  bench.write(4, 0);
  assertEquals(interruptLines(bench.words, 1), 0);
});

Deno.test("Aclint sets the own timer at once and lets another hart set its own", () => {
  const bench = new Bench();
  bench.hostMs += 5;
  bench.write(COMPARE, TICKS_PER_MS, 0, 8);
  assertEquals(interruptLines(bench.words, 0), TIMER_LINE);
  bench.write(COMPARE, -1, -1, 8);
  assertEquals(interruptLines(bench.words, 0), 0);
  bench.write(COMPARE + 8, TICKS_PER_MS, 0, 8);
  assertEquals(interruptLines(bench.words, 1), 0);
  assertEquals(take(bench.words, 1), Pending.TIMER);
});

Deno.test("Aclint takes and gives compare values whole and by halves", () => {
  const bench = new Bench();
  assertEquals(bench.read(COMPARE + 8, 8), [-1, -1]);
  bench.write(COMPARE + 8, 0x1234);
  bench.write(COMPARE + 12, 0x56);
  assertEquals(bench.read(COMPARE + 8, 8), [0x1234, 0x56]);
  assertEquals(bench.read(COMPARE + 8), [0x1234, 0]);
  assertEquals(bench.read(COMPARE + 12), [0x56, 0]);
});

Deno.test("Aclint reads and sets the time", () => {
  const bench = new Bench();
  bench.hostMs += 3;
  assertEquals(bench.read(TIME, 8), [3 * TICKS_PER_MS, 0]);
  bench.write(TIME, 7, 9, 8);
  assertEquals(bench.read(TIME, 8), [7, 9]);
  assertEquals(bench.read(TIME + 4), [9, 0]);
  bench.write(TIME + 4, 2);
  assertEquals(bench.read(TIME, 8), [7, 2]);
  bench.write(TIME, 1);
  assertEquals(bench.read(TIME, 8), [1, 2]);
});

Deno.test("Aclint has no registers for harts that do not exist and no narrow ones", () => {
  const bench = new Bench();
  for (const offset of [8, COMPARE + 16, 0xc000]) {
    bench.write(offset, 1);
    assertEquals(bench.read(offset), [0, 0]);
  }
  for (const size of [1, 2]) {
    Object.assign(bench.access, { offset: 0, size });
    assertEquals(bench.aclint.load(bench.access), false);
    assertEquals(bench.aclint.store(bench.access), false);
  }
});
