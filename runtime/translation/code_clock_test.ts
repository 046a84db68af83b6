import { assertEquals } from "@std/assert";
import { CodeClock } from "./code_clock.ts";

/** Bytes of a test's modules; the clock keeps four of them. */
const BYTES = 100;
const CODE_BYTES = 4 * BYTES * 5;
const heard = (): boolean => true;

/** A clock with modules of two regions each: module 1 has slots 10 and 11, and so on. */
function clockWith(modules: number): CodeClock {
  const clock = new CodeClock(CODE_BYTES);
  for (let module = 1; module <= modules; module++) clock.add(slotsOf(module), BYTES);
  return clock;
}

function slotsOf(...modules: readonly number[]): number[] {
  return modules.flatMap((module) => [module * 10, module * 10 + 1]);
}

Deno.test("the oldest modules are suspended before there is too much code", () => {
  assertEquals(clockWith(3).suspend(1), []);
  assertEquals(clockWith(4).suspend(1), slotsOf(1));
  assertEquals(clockWith(5).suspend(1), slotsOf(1, 2));
});

Deno.test("nothing is given up until there is too much, then what was suspended first", () => {
  const clock = clockWith(4);
  clock.suspend(1);
  assertEquals(clock.overdue(0, heard), []);
  clock.add(slotsOf(5), BYTES);
  assertEquals(clock.overdue(0, heard), slotsOf(1));
});

Deno.test("a module with a region in use has its second chance", () => {
  const clock = clockWith(5);
  assertEquals(clock.suspend(1), slotsOf(1, 2));
  clock.touch(11);
  assertEquals(clock.overdue(0, heard), slotsOf(2));
  clock.forget(slotsOf(2));
  clock.add(slotsOf(6), BYTES);
  assertEquals(clock.suspend(2), slotsOf(3, 4));
  assertEquals(clock.overdue(0, heard), slotsOf(3));
});

Deno.test("what has not been told to every vCPU is given up only when it is urgent", () => {
  const clock = clockWith(5);
  clock.suspend(1);
  assertEquals(clock.overdue(0, () => false), []);
  clock.add(slotsOf(6), BYTES);
  assertEquals(clock.overdue(0, () => false), slotsOf(1));
});

Deno.test("when it is urgent, modules in use are given up too", () => {
  const clock = clockWith(6);
  assertEquals(clock.overdue(0, heard), slotsOf(1));
});

Deno.test("what is given up makes room for a module that is to come, never for itself", () => {
  const clock = clockWith(4);
  clock.suspend(1);
  assertEquals(clock.overdue(BYTES, heard), slotsOf(1));
  assertEquals(clock.overdue(9 * BYTES, heard), slotsOf(1, 2, 3, 4));
  assertEquals(new CodeClock(CODE_BYTES).overdue(9 * BYTES, heard), []);
});

Deno.test("the host's code of a module goes with its last region", () => {
  const clock = clockWith(3);
  clock.forget([10, 20]);
  assertEquals(clock.bytes, 3 * BYTES);
  clock.forget([21]);
  assertEquals(clock.bytes, 2 * BYTES);
  clock.add(slotsOf(4), BYTES);
  clock.add(slotsOf(5), BYTES);
  assertEquals(clock.suspend(1), [11]);
  clock.forget([11]);
  assertEquals(clock.bytes, 3 * BYTES);
  assertEquals(clock.overdue(0, heard), []);
});
