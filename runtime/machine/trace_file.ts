/**
 * The events of all harts as one timeline, in the Trace Event Format that Perfetto and `chrome://tracing` open: a
 * track for each hart, a slice for whatever takes time, a mark for what does not.
 *
 * A ring overwrites its oldest events, so an end may have lost its beginning: its slice then begins with the hart's
 * first event that is left. A beginning without an end is what the hart does when the trace is read, and ends there.
 */
import {
  type EventBuffer,
  EventPhase,
  readEvents,
  type TraceEvent,
} from "../atomics/event_ring.ts";
import { eventDetails, eventName } from "./event_names.ts";

interface Metadata {
  readonly name: string;
  readonly ph: "M";
  readonly pid: number;
  readonly tid: number;
  readonly args: { readonly name: string };
}

/** Times in microseconds. */
interface TimedEvent {
  readonly name: string;
  readonly ph: "X" | "i";
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  /** The mark's height: that of its track. */
  readonly s?: "t";
  readonly args: object;
}

const PROCESS = 1;
const HEX = 16;
const US_PER_MS = 1000;
const NS_PER_US = 1000;

/** The text of the file. */
export function traceFile(buffer: EventBuffer, hartCount: number): string {
  const now = (performance.timeOrigin + performance.now() - buffer.epoch) * US_PER_MS;
  const harts = Array.from({ length: hartCount }, (_, hart) => readEvents(buffer.words, hart));
  const names = harts.map(({ lost }, hart) =>
    metadata(
      "thread_name",
      hart,
      lost === 0 ? `hart ${hart}` : `hart ${hart}, without ${lost} events`,
    )
  );
  const timeline = harts.flatMap(({ events }, hart) => track(events, hart, now));
  timeline.sort((one, other) => one.ts - other.ts);
  const lines = [metadata("process_name", 0, "weft"), ...names, ...timeline];
  const text = lines.map((line) => JSON.stringify(line)).join(",\n");
  return `{"displayTimeUnit":"ms","traceEvents":[\n${text}\n]}\n`;
}

function metadata(name: string, hart: number, text: string): Metadata {
  return { name, ph: "M", pid: PROCESS, tid: hart, args: { name: text } };
}

function track(events: readonly TraceEvent[], hart: number, now: number): TimedEvent[] {
  const lines: TimedEvent[] = [];
  const open: TraceEvent[] = [];
  for (const event of events) {
    if (event.phase === EventPhase.INSTANT) lines.push(mark(event, hart));
    else if (event.phase === EventPhase.BEGIN) open.push(event);
    else {
      const isWhole = open.at(-1)?.kind === event.kind;
      const begin = (isWhole ? open.pop() : undefined) ?? events[0];
      lines.push(slice(event, hart, begin.microseconds, event.microseconds));
    }
  }
  return [...lines, ...open.map((event) => slice(event, hart, event.microseconds, now))];
}

function mark(event: TraceEvent, hart: number): TimedEvent {
  return { ...named(event, hart), ph: "i", ts: event.microseconds, s: "t" };
}

/** The end of an event has the same name and details as its begin. */
function slice(event: TraceEvent, hart: number, begin: number, end: number): TimedEvent {
  const nanoseconds = Math.max(0, Math.round((end - begin) * NS_PER_US));
  return { ...named(event, hart), ph: "X", ts: begin, dur: nanoseconds / NS_PER_US };
}

function named(event: TraceEvent, hart: number): Pick<TimedEvent, "name" | "pid" | "tid" | "args"> {
  const args = { ...eventDetails(event), pc: `0x${event.pc.toString(HEX)}` };
  return { name: eventName(event), pid: PROCESS, tid: hart, args };
}
