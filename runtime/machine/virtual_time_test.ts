// Counted time by itself and under the machine's clock.

import { assertEquals } from "@std/assert";
import { GuestClock, startClock } from "./clock.ts";
import { VirtualTime } from "./virtual_time.ts";

const NO_TIME = { timeOrigin: 0, now: () => 0 };

function clockOver(time: VirtualTime): GuestClock {
  const words = new Int32Array(new SharedArrayBuffer(0x20_0000));
  startClock(words, NO_TIME);
  return new GuestClock(words, time);
}

Deno.test("time is the instructions of the hart whose turn it is, and of all turns before", () => {
  const time = new VirtualTime(3);
  const [first, second] = [{ count: 1000 }, { count: 7 }];
  time.beginTurn({ retired: () => first.count });
  first.count += 10;
  assertEquals(time.nanoseconds, 80);
  time.endTurn();
  time.beginTurn({ retired: () => second.count });
  second.count += 5;
  assertEquals(time.nanoseconds, 120);
  time.endTurn();
  time.advance(30);
  assertEquals(time.nanoseconds, 150);
});

Deno.test("the clock over it is exact to the tick, however late", () => {
  for (const ticks of [0, 1, 2, 3, 9_999, 10_001, 123_456_789, 2 ** 43 + 1]) {
    const time = new VirtualTime(0);
    const clock = clockOver(time);
    time.advance(ticks * 100);
    assertEquals(clock.timeTicks(), ticks);
    time.advance(99);
    assertEquals(clock.timeTicks(), ticks);
    time.advance(1);
    assertEquals(clock.timeTicks(), ticks + 1);
  }
});

Deno.test("a deadline is due after exactly the instructions that were told", () => {
  for (let shift = 0; shift <= 10; shift++) {
    const time = new VirtualTime(shift);
    const clock = clockOver(time);
    time.advance(12_345);
    clock.setSupervisorTimer(0, 1000, 0);
    const nanoseconds = time.nanosecondsTo(clock.ticksToDeadline(0));
    const instructions = time.instructionsIn(nanoseconds);
    time.advance((instructions - 1) * 2 ** shift);
    assertEquals(clock.timeTicks() >= 1000, false, `shift ${shift}: too late`);
    time.advance(2 ** shift);
    assertEquals(clock.ticksToDeadline(0), 0, `shift ${shift}: too early`);
  }
});

Deno.test("a time that the guest sets goes on from there", () => {
  const time = new VirtualTime(0);
  const clock = clockOver(time);
  time.advance(500);
  clock.setTime(1_000_000, 0);
  assertEquals(clock.timeTicks(), 1_000_000);
  time.advance(100);
  assertEquals(clock.timeTicks(), 1_000_001);
});
