import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createEventBuffer, EventPhase, EventRing } from "../atomics/event_ring.ts";
import { Activity, EVENT_SLOTS, Happening, Pending } from "../atomics/shared_layout.ts";
import { CountedLock } from "../atomics/statistics_layout.ts";
import { traceFile } from "./trace_file.ts";

interface Line {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  readonly args: Record<string, unknown>;
}

const { BEGIN, END, INSTANT } = EventPhase;

function linesOf(text: string): Line[] {
  const file = JSON.parse(text);
  assertEquals(file.displayTimeUnit, "ms");
  return file.traceEvents;
}

Deno.test("each hart has a track, what takes time is a slice, what does not a mark", () => {
  const buffer = createEventBuffer(2);
  const ring = new EventRing(buffer, 1);
  ring.record(BEGIN, Activity.WORKS_ALONE, 0x10, 0, 0, 0);
  ring.record(BEGIN, Activity.HOLDS_LOCK, 0x10, 0, CountedLock.HTIF, 0);
  ring.record(INSTANT, Happening.INTERRUPT, 0x20, 0, 7, 0);
  ring.record(END, Activity.HOLDS_LOCK, 0x10, 0, CountedLock.HTIF, 0);
  ring.record(END, Activity.WORKS_ALONE, 0x10, 0, 0, 0);
  new EventRing(buffer, 0).record(INSTANT, Happening.ATTENDS, 0, 0, Pending.IRQ | Pending.STOP, 0);
  const lines = linesOf(traceFile(buffer, 2));
  const named = lines.filter(({ ph, name }) => ph === "M" && name === "thread_name");
  assertEquals(named.map(({ tid, args }) => [tid, args.name]), [[0, "hart 0"], [1, "hart 1"]]);
  const timed = lines.filter(({ ph }) => ph !== "M");
  assertEquals(timed.map(({ ts }) => ts), timed.map(({ ts }) => ts).toSorted((a, b) => a - b));
  const own = timed.filter(({ tid }) => tid === 1);
  assertEquals(own.map(({ name, ph }) => [name, ph]), [
    ["is in an exclusive section", "X"],
    ["holds a lock", "X"],
    ["interrupt", "i"],
  ]);
  const [outer, inner, mark] = own;
  assertEquals(inner.args.lock, "htif");
  assertEquals(mark.args, { cause: 7, pc: "0x20" });
  assert(outer.ts <= inner.ts && inner.ts <= mark.ts);
  assert(mark.ts <= inner.ts + inner.dur && inner.ts + inner.dur <= outer.ts + outer.dur);
  assertEquals(timed.find(({ tid }) => tid === 0)?.args.wanted, "irq, stop");
});

Deno.test("what has no end goes on to the present, what has no begin starts with the track", () => {
  const buffer = createEventBuffer(1);
  const ring = new EventRing(buffer, 0);
  ring.record(BEGIN, Activity.SLEEPS, 0, 0, 0, 0);
  for (let count = 0; count < EVENT_SLOTS; count++) {
    ring.record(INSTANT, Happening.ATTENDS, 0, 0, Pending.IRQ, 0);
  }
  ring.record(END, Activity.SLEEPS, 0, 0, 0, 0);
  ring.record(BEGIN, Activity.STANDS_STILL, 0, 0, 0, 0);
  const later = performance.now() + 2;
  while (performance.now() < later);
  const text = traceFile(buffer, 1);
  assertStringIncludes(text, `"hart 0, without 3 events"`);
  const slices = linesOf(text).filter(({ ph }) => ph === "X");
  const marks = linesOf(text).filter(({ ph }) => ph === "i");
  assertEquals(slices.map(({ name }) => name), [
    "sleeps until an interrupt",
    "stands still in a pause",
  ]);
  assertEquals(slices[0].ts, marks[0].ts);
  assert(slices[1].dur >= 2000, `${slices[1].dur}`);
});
