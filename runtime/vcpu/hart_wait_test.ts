import { assertEquals } from "@std/assert";
import { hartStart, markHart, tryStartHart } from "../atomics/hart_start.ts";
import { Activity, HartStart, Machine } from "../atomics/shared_layout.ts";
import { GuestClock, startClock, TICKS_PER_MS } from "../machine/clock.ts";
import { RollingHash } from "../replay/mixing_hash.ts";
import { Attention, SHORTEST_SLEEP_MS } from "./departure.ts";
import type { Restart } from "./firmware_services.ts";
import { HartWait } from "./hart_wait.ts";

const SHARED_BYTES = 0x8_0000;
const HART = 1;
const THERE: Restart = { pc: [0x8000_0000 | 0, 0], argument: [7, 0] };

class Bench {
  hostMs = 1000;
  hasInterrupt = false;
  readonly starts: Restart[] = [];
  readonly words = new Int32Array(new SharedArrayBuffer(SHARED_BYTES));
  readonly clock: GuestClock;
  readonly wait: HartWait;

  constructor() {
    this.words[Machine.HART_COUNT.offset >> 2] = 2;
    const host = { timeOrigin: 0, now: () => this.hostMs };
    startClock(this.words, host);
    this.clock = new GuestClock(this.words, host);
    this.wait = new HartWait({
      ...{ words: this.words, hart: HART, clock: this.clock },
      hasInterrupt: () => this.hasInterrupt,
      startAt: (restart) => this.starts.push(restart),
    });
  }

  start(): boolean {
    const { pc, argument } = THERE;
    return tryStartHart(this.words, HART, pc[0], pc[1], argument[0], argument[1]);
  }

  hash(): string {
    const hash = new RollingHash();
    this.wait.addTo(hash);
    return hash.text;
  }
}

Deno.test("a hart that sleeps waits as long as its timer says, and until an interrupt is there", () => {
  const { wait, clock, ...bench } = new Bench();
  markHart(bench.words, HART, HartStart.STARTED);
  wait.begin();
  assertEquals(wait.look(false), Attention.RUNS);
  wait.forInterrupt();
  assertEquals(wait.activity, Activity.SLEEPS);
  assertEquals(wait.look(true), Infinity);
  clock.setSupervisorTimer(HART, 5 * TICKS_PER_MS, 0);
  assertEquals(wait.look(false), 5);
});

Deno.test("an interrupt ends a sleep, news alone does not", () => {
  const bench = new Bench();
  bench.wait.forInterrupt();
  assertEquals(bench.wait.look(true), Infinity);
  bench.hasInterrupt = true;
  assertEquals(bench.wait.look(false), Attention.RUNS);
  bench.hasInterrupt = false;
  assertEquals(bench.wait.look(false), Attention.RUNS);
  assertEquals(bench.starts, []);
});

Deno.test("a hart that was not started waits for its start, whatever its interrupts", () => {
  const bench = new Bench();
  bench.wait.stop();
  bench.hasInterrupt = true;
  assertEquals([bench.wait.look(true), bench.wait.activity], [Infinity, Activity.OFF]);
  assertEquals(bench.start(), true);
  assertEquals(bench.wait.look(true), Attention.RUNS);
  assertEquals(bench.starts, [THERE]);
  assertEquals(hartStart(bench.words, HART), HartStart.STARTED);
});

Deno.test("a suspended hart says so, and goes on where its call said, once", () => {
  const bench = new Bench();
  bench.wait.suspend(THERE);
  assertEquals(hartStart(bench.words, HART), HartStart.SUSPENDED);
  bench.hasInterrupt = true;
  assertEquals(bench.wait.look(false), Attention.RUNS);
  assertEquals(hartStart(bench.words, HART), HartStart.STARTED);
  bench.wait.forInterrupt();
  bench.wait.look(false);
  assertEquals(bench.starts, [THERE]);
});

Deno.test("a hart without room for its output tries again after any news", () => {
  const { wait } = new Bench();
  wait.forNews();
  assertEquals([wait.look(false), wait.activity], [Infinity, Activity.STALLS]);
  assertEquals(wait.look(true), Attention.RUNS);
});

Deno.test("one spin hint in 64 is a rest, which news end", () => {
  const { wait } = new Bench();
  const rests = (hasNews: boolean): number[] =>
    Array.from({ length: 128 }, () => {
      wait.restNowAndThen();
      return wait.look(hasNews);
    });
  assertEquals(rests(false).filter((ms) => ms === SHORTEST_SLEEP_MS).length, 2);
  assertEquals(rests(true).every((ms) => ms === Attention.RUNS), true);
});

Deno.test("what is waited for is brought back, and is part of the state's hash", () => {
  const bench = new Bench();
  bench.wait.suspend(THERE);
  const restore = bench.wait.save();
  const before = bench.hash();
  bench.hasInterrupt = true;
  bench.wait.look(false);
  assertEquals(bench.hash() === before, false);
  restore();
  assertEquals(bench.hash(), before);
});
