import { assert, assertEquals } from "@std/assert";
import { Machine, Pending, RunState, Vcpu, vcpuWord } from "../atomics/shared_layout.ts";
import { take } from "../atomics/pending.ts";
import { GuestClock, startClock, TICKS_PER_MS } from "./clock.ts";
import { ClockKeeper } from "./clock_keeper.ts";

const SHARED_BYTES = 0x8_0000;

class Bench {
  hostMs = 5000;
  readonly words = new Int32Array(new SharedArrayBuffer(SHARED_BYTES));
  readonly clock: GuestClock;
  readonly keeper: ClockKeeper;
  readonly device = { left: Infinity, expired: 0 };

  constructor() {
    this.words[Machine.HART_COUNT.offset >> 2] = 2;
    startClock(this.words, { timeOrigin: 0, now: () => this.hostMs });
    this.clock = new GuestClock(this.words, { timeOrigin: 0, now: () => this.hostMs });
    this.keeper = new ClockKeeper(this.words, this.clock, [{
      millisecondsLeft: () => this.device.left,
      expire: () => this.device.expired += this.device.left <= 0 ? 1 : 0,
    }]);
  }

  posted(): [number, number] {
    return [take(this.words, 0), take(this.words, 1)];
  }
}

Deno.test("ClockKeeper sleeps until the nearest deadline and posts it to its hart", () => {
  const bench = new Bench();
  bench.clock.setMachineTimer(0, 40 * TICKS_PER_MS, 0);
  bench.clock.setSupervisorTimer(1, 15 * TICKS_PER_MS, 0);
  assertEquals(bench.keeper.round(), 15);
  assertEquals(bench.posted(), [0, 0]);
  bench.hostMs += 15;
  assertEquals(bench.keeper.round(), 25);
  assertEquals(bench.posted(), [0, Pending.TIMER]);
  bench.hostMs += 25;
  bench.keeper.round();
  assertEquals(bench.posted(), [Pending.TIMER, 0]);
});

Deno.test("ClockKeeper posts a deadline once until it changes", () => {
  const bench = new Bench();
  bench.clock.setSupervisorTimer(0, TICKS_PER_MS, 0);
  bench.hostMs += 2;
  bench.keeper.round();
  bench.keeper.round();
  assertEquals(bench.posted(), [Pending.TIMER, 0]);
  bench.keeper.round();
  assertEquals(bench.posted(), [0, 0]);
  bench.clock.setSupervisorTimer(0, 3 * TICKS_PER_MS, 0);
  bench.keeper.round();
  assertEquals(bench.posted(), [0, 0]);
  bench.hostMs += 1;
  bench.keeper.round();
  assertEquals(bench.posted(), [Pending.TIMER, 0]);
});

Deno.test("ClockKeeper posts the same compare value again after the time was set back", () => {
  const bench = new Bench();
  bench.clock.setSupervisorTimer(0, TICKS_PER_MS, 0);
  bench.hostMs += 1;
  bench.keeper.round();
  bench.clock.setTime(0, 0);
  bench.posted();
  assertEquals(bench.keeper.round(), 1);
  bench.hostMs += 1;
  bench.keeper.round();
  assertEquals(bench.posted(), [Pending.TIMER, 0]);
});

Deno.test("ClockKeeper lets devices expire and wakes for them", () => {
  const bench = new Bench();
  bench.device.left = 3;
  assertEquals(bench.keeper.round(), 3);
  assertEquals(bench.device.expired, 0);
  bench.device.left = 0;
  bench.keeper.round();
  assert(bench.device.expired > 0);
});

Deno.test("ClockKeeper bounds its sleep when there is no deadline", () => {
  assertEquals(new Bench().keeper.round(), 30_000);
});

const KEEPER_WORKER = `
import { GuestClock } from "${new URL("./clock.ts", import.meta.url)}";
import { ClockKeeper } from "${new URL("./clock_keeper.ts", import.meta.url)}";
self.onmessage = ({ data: words }) => {
  self.postMessage("ready");
  new ClockKeeper(words, new GuestClock(words), []).run();
  self.postMessage("ended");
};
`;

function nextMessage(worker: Worker): Promise<string> {
  return new Promise((resolve) => worker.onmessage = (event) => resolve(event.data));
}

Deno.test("ClockKeeper.run() wakes for deadlines set while it sleeps, and ends with the machine", async () => {
  const words = new Int32Array(new SharedArrayBuffer(SHARED_BYTES));
  words[Machine.HART_COUNT.offset >> 2] = 1;
  startClock(words);
  const clock = new GuestClock(words);
  const url = URL.createObjectURL(new Blob([KEEPER_WORKER], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  const ready = nextMessage(worker);
  worker.postMessage(words);
  assertEquals(await ready, "ready");
  for (let round = 0; round < 20; round++) {
    const deadline = clock.timeTicks() + (round % 4) * TICKS_PER_MS;
    clock.setSupervisorTimer(0, deadline | 0, Math.floor(deadline / 2 ** 32));
    const outcome = Atomics.waitAsync(words, pendingIndex(), 0, 10_000).value;
    assert((await outcome) !== "timed-out");
    assertEquals(take(words, 0), Pending.TIMER);
    assert(clock.timeTicks() >= deadline);
  }
  const ended = nextMessage(worker);
  Atomics.store(words, Machine.RUN_STATE.offset >> 2, RunState.ENDED);
  clock.kickKeeper();
  assertEquals(await ended, "ended");
  worker.terminate();
  URL.revokeObjectURL(url);
});

function pendingIndex(): number {
  return vcpuWord(0, Vcpu.PENDING) >> 2;
}

Deno.test("ClockKeeper posts a deadline again that it had seen passed by a time from around a stop", () => {
  const bench = new Bench();
  bench.clock.setSupervisorTimer(0, 3 * TICKS_PER_MS, 0);
  bench.hostMs += 2;
  const main = new GuestClock(bench.words, { timeOrigin: 0, now: () => bench.hostMs - 2 });
  bench.hostMs += 2;
  bench.keeper.round(); // the keeper's time is past the deadline, main's is not
  assertEquals(bench.posted(), [Pending.TIMER, 0]);
  bench.words[Machine.TIME_LATEST.offset >> 2] = 0;
  main.stop();
  main.start();
  bench.hostMs += 5;
  bench.keeper.round();
  assertEquals(bench.posted(), [Pending.TIMER, 0]);
});
