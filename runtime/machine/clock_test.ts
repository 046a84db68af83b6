import { assert, assertEquals } from "@std/assert";
import { Machine, Pending, Vcpu, vcpuWord } from "../atomics/shared_layout.ts";
import { interruptLines, take } from "../atomics/pending.ts";
import {
  fromHalves,
  GuestClock,
  highHalf,
  type HostClock,
  lowHalf,
  startClock,
  TICKS_PER_MS,
} from "./clock.ts";

const SHARED_BYTES = 0x8_0000;
const MACHINE_LINE = 1 << 7;
const SUPERVISOR_LINE = 1 << 5;
const START_MS = 1_700_000_000_000;

class Bench {
  hostMs = 0;
  readonly words = new Int32Array(new SharedArrayBuffer(SHARED_BYTES));
  readonly clock: GuestClock;

  constructor(hartCount = 2) {
    this.words[Machine.HART_COUNT.offset >> 2] = hartCount;
    startClock(this.words, this.hostClock(0));
    this.clock = this.createClock(0);
  }

  /** A clock as another worker has it, whose host clock differs by `skewMs`. */
  createClock(skewMs: number): GuestClock {
    return new GuestClock(this.words, this.hostClock(skewMs));
  }

  hostClock(skewMs: number): HostClock {
    return { timeOrigin: START_MS + skewMs, now: () => this.hostMs };
  }

  lines(hart: number): number {
    return interruptLines(this.words, hart);
  }

  kicks(): number {
    return this.words[Machine.CLOCK_KICK.offset >> 2] ?? 0;
  }
}

Deno.test("GuestClock counts ten ticks for each microsecond of host time", () => {
  const bench = new Bench();
  assertEquals(bench.clock.timeTicks(), 0);
  bench.hostMs += 2500;
  assertEquals(bench.clock.timeTicks(), 2500 * TICKS_PER_MS);
});

Deno.test("GuestClock does not step back for a worker whose host clock is behind", () => {
  const bench = new Bench();
  const behind = bench.createClock(-0.5);
  bench.hostMs += 10;
  const first = bench.clock.timeTicks();
  assertEquals(behind.timeTicks(), first);
  bench.hostMs += 0.25;
  assertEquals(behind.timeTicks(), first);
  bench.hostMs += 0.5;
  assert(behind.timeTicks() > first);
});

Deno.test("GuestClock goes on over the wrap of the shared low half", () => {
  const bench = new Bench();
  const behind = bench.createClock(-0.25);
  const wrapMs = 0x1_0000_0000 / TICKS_PER_MS;
  bench.hostMs = wrapMs - 1;
  bench.clock.timeTicks();
  bench.hostMs += 1.125;
  const after = bench.clock.timeTicks();
  assertEquals(after, Math.floor((wrapMs + 0.125) * TICKS_PER_MS));
  assertEquals(behind.timeTicks(), after);
});

Deno.test("GuestClock takes a long pause for what it is", () => {
  const bench = new Bench();
  bench.clock.timeTicks();
  bench.hostMs += 300_000;
  assertEquals(bench.clock.timeTicks(), 300_000 * TICKS_PER_MS);
});

Deno.test("updateTimerLines() makes the lines say whether the time has come", () => {
  const bench = new Bench();
  bench.clock.updateTimerLines(0);
  assertEquals(bench.lines(0), 0);
  bench.clock.setMachineTimer(0, TICKS_PER_MS, 0);
  bench.clock.setSupervisorTimer(0, 2 * TICKS_PER_MS, 0);
  bench.hostMs += 1;
  bench.clock.updateTimerLines(0);
  assertEquals(bench.lines(0), MACHINE_LINE);
  assertEquals(take(bench.words, 0), Pending.IRQ);
  bench.hostMs += 1;
  bench.clock.updateTimerLines(0);
  assertEquals(bench.lines(0), MACHINE_LINE | SUPERVISOR_LINE);
  bench.clock.setMachineTimer(0, -1, -1);
  bench.clock.updateTimerLines(0);
  assertEquals(bench.lines(0), SUPERVISOR_LINE);
  assertEquals(bench.lines(1), 0);
});

Deno.test("nextDeadlineMs() is the nearer timer whose line is not up, 0 when that is overdue", () => {
  const bench = new Bench();
  assertEquals(bench.clock.nextDeadlineMs(0), Infinity);
  bench.clock.setMachineTimer(0, 30 * TICKS_PER_MS, 0);
  bench.clock.setSupervisorTimer(0, 20 * TICKS_PER_MS, 0);
  assertEquals(bench.clock.nextDeadlineMs(0), 20);
  bench.hostMs += 25;
  assertEquals(bench.clock.nextDeadlineMs(0), 0);
  bench.clock.updateTimerLines(0);
  assertEquals(bench.clock.nextDeadlineMs(0), 5);
  bench.hostMs += 5;
  bench.clock.updateTimerLines(0);
  assertEquals(bench.clock.nextDeadlineMs(0), Infinity);
});

Deno.test("A compare value can be written by halves and read whole", () => {
  const bench = new Bench();
  bench.clock.setMachineTimerHalf(1, 1, 0x2);
  bench.clock.setMachineTimerHalf(1, 0, -2);
  assertEquals(bench.clock.machineTimer(1), 0x2_ffff_fffe);
  const halves = { low: 0, high: 0 };
  bench.clock.readMachineTimer(1, halves);
  assertEquals(halves, { low: -2, high: 2 });
  assertEquals(bench.words[vcpuWord(1, Vcpu.TIMER_SEQ) >> 2]! % 2, 0);
});

Deno.test("setTime() moves the clock both ways and lets every hart look at its timers", () => {
  const bench = new Bench();
  bench.hostMs += 1000;
  bench.clock.timeTicks();
  bench.clock.setTime(5, 0);
  assertEquals(bench.clock.timeTicks(), 5);
  bench.clock.setTime(1, 7);
  bench.hostMs += 1;
  const ahead = bench.createClock(0).timeTicks();
  assertEquals(ahead, fromHalves(1, 7) + TICKS_PER_MS);
  assertEquals([take(bench.words, 0), take(bench.words, 1)], [Pending.TIMER, Pending.TIMER]);
});

Deno.test("lowHalf(), highHalf() and fromHalves() are inverse", () => {
  for (const ticks of [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 2 ** 32, 2 ** 52 + 12345]) {
    assertEquals(fromHalves(lowHalf(ticks), highHalf(ticks)), ticks);
  }
});

Deno.test("GuestClock stands still while it is stopped and goes on from there", () => {
  const bench = new Bench();
  bench.hostMs += 5;
  bench.clock.stop();
  const stopped = bench.clock.timeTicks();
  assertEquals(stopped, 5 * TICKS_PER_MS);
  bench.hostMs += 1000;
  assertEquals(bench.clock.timeTicks(), stopped);
  assert(bench.clock.isStopped);
  bench.clock.start();
  assertEquals(bench.clock.timeTicks(), stopped);
  bench.hostMs += 2;
  assertEquals(bench.createClock(0.01).timeTicks(), stopped + 2.01 * TICKS_PER_MS);
  assert(!bench.clock.isStopped);
});

Deno.test("GuestClock keeps a time that was set over a stop", () => {
  const bench = new Bench();
  bench.clock.setTime(lowHalf(2 ** 40), highHalf(2 ** 40));
  bench.clock.stop();
  bench.hostMs += 77;
  bench.clock.start();
  assertEquals(bench.clock.timeTicks(), 2 ** 40);
});

Deno.test("GuestClock wakes the clock keeper when it goes on, if there is one", () => {
  const bench = new Bench();
  bench.clock.stop();
  bench.clock.start();
  assertEquals(bench.kicks(), 0);
  bench.clock.kickKeeper();
  bench.clock.stop();
  bench.clock.start();
  assertEquals(bench.kicks(), 2);
});
