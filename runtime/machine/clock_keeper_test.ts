import { assert, assertEquals } from "@std/assert";
import { Machine, RunState } from "../atomics/shared_layout.ts";
import { GuestClock, startClock, TICKS_PER_MS } from "./clock.ts";
import { ClockKeeper } from "./clock_keeper.ts";

const SHARED_BYTES = 0x8_0000;
/** Words of the device that a keeper in a worker serves: when it is due, how often it was. */
const DEADLINE = SHARED_BYTES / 4 - 1;
const EXPIRED = SHARED_BYTES / 4 - 2;
const LONG_MS = 60_000;

class Bench {
  hostMs = 5000;
  readonly words = new Int32Array(new SharedArrayBuffer(SHARED_BYTES));
  readonly clock: GuestClock;
  readonly keeper: ClockKeeper;
  readonly device = { left: Infinity, expired: 0 };

  constructor() {
    startClock(this.words, { timeOrigin: 0, now: () => this.hostMs });
    this.clock = new GuestClock(this.words, { timeOrigin: 0, now: () => this.hostMs });
    this.keeper = new ClockKeeper(this.words, this.clock, [{
      millisecondsLeft: () => this.device.left,
      expire: () => this.device.expired += this.device.left <= 0 ? 1 : 0,
    }]);
  }
}

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
  const clock = new GuestClock(words);
  const [deadline, expired] = [${DEADLINE}, ${EXPIRED}];
  new ClockKeeper(words, clock, [{
    millisecondsLeft: () => {
      const at = Atomics.load(words, deadline);
      return at === 0 ? Infinity : (at - clock.timeTicks()) / ${TICKS_PER_MS};
    },
    expire() {
      if (this.millisecondsLeft() > 0) return;
      Atomics.store(words, deadline, 0);
      Atomics.add(words, expired, 1);
      Atomics.notify(words, expired);
    },
  }]).run();
  self.postMessage("ended");
};
`;

function nextMessage(worker: Worker): Promise<string> {
  return new Promise((resolve) => worker.onmessage = (event) => resolve(event.data));
}

Deno.test("ClockKeeper.run() wakes for deadlines set while it sleeps, and ends with the machine", async () => {
  const words = new Int32Array(new SharedArrayBuffer(SHARED_BYTES));
  startClock(words);
  const clock = new GuestClock(words);
  const url = URL.createObjectURL(new Blob([KEEPER_WORKER], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  const ready = nextMessage(worker);
  worker.postMessage(words);
  assertEquals(await ready, "ready");
  for (let round = 0; round < 20; round++) {
    const deadline = clock.timeTicks() + (round % 4) * TICKS_PER_MS;
    Atomics.store(words, DEADLINE, deadline);
    clock.kickKeeper();
    const outcome = Atomics.waitAsync(words, EXPIRED, round, LONG_MS).value;
    assert((await outcome) !== "timed-out");
    assertEquals(Atomics.load(words, EXPIRED), round + 1);
    assert(clock.timeTicks() >= deadline);
  }
  const ended = nextMessage(worker);
  Atomics.store(words, Machine.RUN_STATE.offset >> 2, RunState.ENDED);
  clock.kickKeeper();
  assertEquals(await ended, "ended");
  worker.terminate();
  URL.revokeObjectURL(url);
});
