// The speed of counted time follows that of real time.

import { assert, assertEquals } from "@std/assert";
import { AdaptiveShift, FIRST_ADAPTIVE_SHIFT } from "./adaptive_shift.ts";
import { VirtualTime } from "./virtual_time.ts";

const STEP_MS = 100;

/** Runs a host of a speed for a while. @returns lead of counted time over real time, in ms, and the last shift */
function run(instructionsPerMs: number, steps: number, time: VirtualTime): [number, number] {
  let real = 0;
  const speed = new AdaptiveShift(time, () => real);
  for (let step = 0; step < steps; step++) {
    real += STEP_MS;
    time.advance(STEP_MS * instructionsPerMs * 2 ** time.shift);
    speed.adjust();
  }
  return [time.nanoseconds / 1e6 - real, time.shift];
}

Deno.test("counted time keeps near real time on hosts of different speeds", () => {
  for (const instructionsPerMs of [2_000, 20_000, 100_000, 125_000, 500_000, 900_000]) {
    const [lead] = run(instructionsPerMs, 600, new VirtualTime(FIRST_ADAPTIVE_SHIFT));
    assert(Math.abs(lead) < 5000, `${instructionsPerMs} per ms: ${lead} ms after a minute`);
  }
});

Deno.test("where counted time agrees nothing changes", () => {
  const [, shift] = run(125_000, 100, new VirtualTime(FIRST_ADAPTIVE_SHIFT));
  assertEquals(shift, FIRST_ADAPTIVE_SHIFT);
});

Deno.test("a pause is not caught up", () => {
  let real = 0;
  const time = new VirtualTime(FIRST_ADAPTIVE_SHIFT);
  const speed = new AdaptiveShift(time, () => real);
  real = 60_000;
  for (let step = 0; step < 20; step++) {
    speed.adjust();
    real += STEP_MS;
    time.advance(STEP_MS * 1e6);
  }
  assertEquals(time.shift, FIRST_ADAPTIVE_SHIFT);
});
