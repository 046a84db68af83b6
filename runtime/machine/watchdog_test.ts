import { assertEquals } from "@std/assert";
import { post, take } from "../atomics/pending.ts";
import { Activity, DEVICE_BLOCK, Pending, Vcpu, vcpuWord } from "../atomics/shared_layout.ts";
import { HartCounter, hartCounters } from "../atomics/statistics_layout.ts";
import { LOOKS, Watchdog } from "./watchdog.ts";

const HARTS = 3;

function scene() {
  const words = new Int32Array(new SharedArrayBuffer(DEVICE_BLOCK));
  const hangs: (readonly number[])[] = [];
  const watchdog = new Watchdog(words, HARTS, (harts) => hangs.push(harts));
  const does = (hart: number, activity: number): void => {
    words[vcpuWord(hart, Vcpu.ACTIVITY) >> 2] = activity;
  };
  /** Looks so often; before each look the harts that are named begin a budget. */
  const look = (times: number, ...busy: number[]): void => {
    for (let time = 0; time < times; time++) {
      for (const hart of busy) hartCounters(words.buffer, hart)[HartCounter.BUDGETS]++;
      watchdog.look();
    }
  };
  return { words, hangs, does, look };
}

Deno.test("harts that begin budgets do not hang", () => {
  const { hangs, look } = scene();
  look(10 * LOOKS, 0, 1, 2);
  assertEquals(hangs, []);
});

Deno.test("a hart that begins no budget and does not wait hangs, after so many looks", () => {
  const { hangs, look } = scene();
  look(1, 0, 1, 2);
  look(LOOKS - 1, 0, 2);
  assertEquals(hangs, []);
  look(1, 0, 2);
  assertEquals(hangs, [[1]]);
});

Deno.test("one sign of life begins the count anew", () => {
  const { hangs, look } = scene();
  look(1, 0, 1, 2);
  for (let round = 0; round < 3; round++) {
    look(LOOKS - 1, 0, 2);
    look(1, 0, 1, 2);
  }
  assertEquals(hangs, []);
});

Deno.test("a hart that waits for what need not come does not hang, unless it came", () => {
  for (const activity of [Activity.SLEEPS, Activity.OFF, Activity.STANDS_STILL, Activity.STALLS]) {
    const { words, hangs, does, look } = scene();
    does(1, activity);
    look(3 * LOOKS, 0, 2);
    assertEquals(hangs, []);
    post(words, 1, Pending.IRQ);
    look(LOOKS - 1, 0, 2);
    take(words, 1);
    look(1, 0, 2);
    assertEquals(hangs, [], "it was taken in time");
    post(words, 1, Pending.IRQ);
    look(LOOKS, 0, 2);
    assertEquals(hangs, [[1]]);
  }
});

Deno.test("a hart that waits for others, or for a lock, hangs with them", () => {
  const { hangs, does, look } = scene();
  does(0, Activity.AWAITS_HARTS);
  does(1, Activity.AWAITS_LOCK);
  does(2, Activity.SLEEPS);
  look(LOOKS + 1);
  assertEquals(hangs, [[0, 1]]);
});
