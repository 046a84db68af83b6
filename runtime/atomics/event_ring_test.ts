import { assert, assertEquals } from "@std/assert";
import { checkValues, type ProducerStart } from "./event_producer_fixture.ts";
import {
  createEventBuffer,
  type EventList,
  EventPhase,
  EventRing,
  readEvents,
} from "./event_ring.ts";
import { EVENT_HEADER_BYTES, EVENT_SLOTS, EVENT_WORDS, EventField } from "./shared_layout.ts";

const firstDetails = ({ events }: EventList): number[] => events.map(({ details }) => details[0]);

Deno.test("events are read as they were recorded, oldest first, of their hart alone", () => {
  const buffer = createEventBuffer(2);
  const ring = new EventRing(buffer, 1);
  ring.record(EventPhase.BEGIN, 3, -1, 0x12, 4, -5);
  ring.record(EventPhase.END, 200, 0x8000_0000 | 0, -1, 0, 0);
  assertEquals(readEvents(buffer.words, 0), { events: [], lost: 0 });
  const { events, lost } = readEvents(buffer.words, 1);
  assertEquals(lost, 0);
  assertEquals(events.map(({ microseconds: _, ...rest }) => rest), [
    { phase: EventPhase.BEGIN, kind: 3, pc: 0x12_ffff_ffffn, details: [4, -5] },
    { phase: EventPhase.END, kind: 200, pc: 0xffff_ffff_8000_0000n, details: [0, 0] },
  ]);
  const [first, second] = events.map(({ microseconds }) => microseconds);
  assert(first >= 0 && second >= first && second < 60e6);
});

Deno.test("times are those since the begin of the trace, whatever clock the thread has", () => {
  const buffer = createEventBuffer(1);
  const ring = new EventRing({ ...buffer, epoch: buffer.epoch - 5_000_000 }, 0);
  ring.record(EventPhase.INSTANT, 1, 0, 0, 0, 0);
  const [{ microseconds }] = readEvents(buffer.words, 0).events;
  assert(microseconds >= 5e9 && microseconds < 5.06e9, `${microseconds}`);
});

Deno.test("a full ring overwrites its oldest events, and says how many", () => {
  const buffer = createEventBuffer(1);
  const ring = new EventRing(buffer, 0);
  for (let number = 0; number < EVENT_SLOTS + 3; number++) {
    ring.record(EventPhase.INSTANT, 1, 0, 0, number, 0);
  }
  const list = readEvents(buffer.words, 0);
  assertEquals(list.lost, 3);
  assertEquals(firstDetails(list), Array.from({ length: EVENT_SLOTS }, (_, index) => index + 3));
  assertEquals(firstDetails(readEvents(buffer.words, 0, 2)), [EVENT_SLOTS + 1, EVENT_SLOTS + 2]);
});

Deno.test("the next power cycle's ring goes on behind the last one's", () => {
  const buffer = createEventBuffer(1);
  for (const value of [1, 2]) {
    new EventRing(buffer, 0).record(EventPhase.INSTANT, 1, 0, 0, value, 0);
  }
  assertEquals(firstDetails(readEvents(buffer.words, 0)), [1, 2]);
});

Deno.test("an event whose slot is being written is lost, not torn", () => {
  const buffer = createEventBuffer(1);
  const ring = new EventRing(buffer, 0);
  for (const value of [1, 2, 3]) ring.record(EventPhase.INSTANT, 1, 0, 0, value, 0);
  const second = EVENT_HEADER_BYTES / 4 + 2 * EVENT_WORDS;
  buffer.words[second + EventField.NUMBER] = 0;
  const list = readEvents(buffer.words, 0);
  assertEquals([firstDetails(list), list.lost], [[1, 3], 1]);
});

Deno.test("a thread that writes and one that reads: no event is torn or doubled", async () => {
  const COUNT = 400_000;
  const buffer = createEventBuffer(1);
  const source = new URL("./event_producer_fixture.ts", import.meta.url);
  const worker = new Worker(source, { type: "module" });
  let hasEnded = false;
  const ended = new Promise<void>((resolve) => worker.onmessage = () => resolve());
  worker.postMessage({ buffer, hart: 0, count: COUNT } satisfies ProducerStart);
  const finished = ended.then(() => hasEnded = true);
  while (!hasEnded) {
    const list = readEvents(buffer.words, 0);
    let last = -1;
    for (const { kind, pc, details: [number, mixed] } of list.events) {
      assert(number > last, "in order, once");
      last = number;
      const [wantedKind, low, high, , second] = checkValues(number);
      assertEquals(kind, wantedKind);
      assertEquals(pc, BigInt(low >>> 0) | BigInt(high >>> 0) << 32n);
      assertEquals(mixed, second);
    }
    await Promise.race([finished, nextTurn()]);
  }
  await finished;
  worker.terminate();
  const { events, lost } = readEvents(buffer.words, 0);
  assertEquals([events.length, lost], [EVENT_SLOTS, COUNT - EVENT_SLOTS]);
});

/** One turn of the event loop. */
function nextTurn(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
