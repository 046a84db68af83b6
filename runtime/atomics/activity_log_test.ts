import { assert, assertEquals, assertFalse } from "@std/assert";
import { ActivityLog } from "./activity_log.ts";
import { createEventBuffer, EventPhase, EventRing, readEvents } from "./event_ring.ts";
import { Activity, DEVICE_BLOCK, Happening, Vcpu, vcpuWord } from "./shared_layout.ts";

const HART = 1;
const { BEGIN, END, INSTANT } = EventPhase;

function scene() {
  const words = new Int32Array(new SharedArrayBuffer(DEVICE_BLOCK));
  const buffer = createEventBuffer(HART + 1);
  const log = new ActivityLog(words, HART, new EventRing(buffer, HART), { pcLow: 7, pcHigh: 0 });
  const shown = (): [number, number] => [
    words[vcpuWord(HART, Vcpu.ACTIVITY) >> 2],
    words[vcpuWord(HART, Vcpu.ACTIVITY_DETAIL) >> 2],
  ];
  const events = () =>
    readEvents(buffer.words, HART).events.map(({ phase, kind, details }) => [
      phase,
      kind,
      details[0],
    ]);
  return { log, shown, events, words };
}

Deno.test("activities nest: what is shown is the innermost one that has not ended", () => {
  const { log, shown, events } = scene();
  assertEquals(shown(), [Activity.EXECUTES, 0]);
  log.begin(Activity.WORKS_ALONE);
  log.begin(Activity.HOLDS_LOCK, 1);
  assertEquals(shown(), [Activity.HOLDS_LOCK, 1]);
  log.end();
  assertEquals(shown(), [Activity.WORKS_ALONE, 0]);
  log.end();
  assertEquals(shown(), [Activity.EXECUTES, 0]);
  assertEquals(events(), [
    [BEGIN, Activity.WORKS_ALONE, 0],
    [BEGIN, Activity.HOLDS_LOCK, 1],
    [END, Activity.HOLDS_LOCK, 1],
    [END, Activity.WORKS_ALONE, 0],
  ]);
});

Deno.test("a wait is one event however often it is looked at, and others happen in it", () => {
  const { log, shown, events } = scene();
  assertFalse(log.settle(Activity.EXECUTES));
  assert(log.settle(Activity.SLEEPS));
  assertFalse(log.settle(Activity.SLEEPS));
  log.note(Happening.SERVES, 4);
  log.begin(Activity.PARKS);
  log.end();
  assertEquals(shown(), [Activity.SLEEPS, 0]);
  assert(log.settle(Activity.STANDS_STILL));
  assert(log.settle(Activity.EXECUTES));
  assertEquals(shown(), [Activity.EXECUTES, 0]);
  assertEquals(events(), [
    [BEGIN, Activity.SLEEPS, 0],
    [INSTANT, Happening.SERVES, 4],
    [BEGIN, Activity.PARKS, 0],
    [END, Activity.PARKS, 0],
    [END, Activity.SLEEPS, 0],
    [BEGIN, Activity.STANDS_STILL, 0],
    [END, Activity.STANDS_STILL, 0],
  ]);
});

Deno.test("without a trace the activity is shown all the same", () => {
  const { words, shown } = scene();
  const log = new ActivityLog(words, HART, null, { pcLow: 0, pcHigh: 0 });
  log.begin(Activity.INSTALLS);
  log.note(Happening.INTERRUPT, 7);
  assertEquals(shown(), [Activity.INSTALLS, 0]);
});
