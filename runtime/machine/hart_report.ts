/** What each hart of a machine does, in words for people who have to find out why it does not go on. */
import {
  type EventBuffer,
  EventPhase,
  readEvents,
  type TraceEvent,
} from "../atomics/event_ring.ts";
import {
  Activity,
  Machine,
  Pending,
  type SharedWord,
  Vcpu,
  VcpuState,
  vcpuWord,
} from "../atomics/shared_layout.ts";
import { HartCounter, hartCounters } from "../atomics/statistics_layout.ts";
import { activityName, bitNames, eventDetails, eventName, lockName } from "./event_names.ts";

/** Events of a hart that a report shows. */
const LAST_EVENTS = 8;
const WORD_SHIFT = 2;
const HEX = 16;
const HALF_RANGE = 0x1_0000_0000n;
const US_PER_MS = 1000;
const TIME_DIGITS = 3;
const PHASE_WORDS: Readonly<Record<number, string>> = {
  [EventPhase.BEGIN]: " (begins)",
  [EventPhase.END]: " (ends)",
};

/** A machine that is reported on. */
export interface ReportedMachine {
  /** Its memory. */
  readonly words: Int32Array;
  /** Number of its harts. */
  readonly hartCount: number;
  /** Its events; null when no trace is made. */
  readonly events: EventBuffer | null;
}

/** Several lines, without a line end after the last one. */
export function hartReport({ words, hartCount, events }: ReportedMachine): string {
  // ORDER: sc load of a value that may be old; partner: the claim in exclusive.ts.
  const owner = Atomics.load(words, Machine.EXCLUSIVE_OWNER.offset >> WORD_SHIFT);
  const lines = owner === 0 ? [] : [`  hart ${owner - 1} owns an exclusive section`];
  for (let hart = 0; hart < hartCount; hart++) {
    lines.push(hartLine(words, hart));
    if (events === null) continue;
    lines.push(...readEvents(events.words, hart, LAST_EVENTS).events.map(eventLine));
  }
  return lines.join("\n");
}

function hartLine(words: Int32Array, hart: number): string {
  // ORDER: sc loads of values that may be old, only to be shown; partner: the vCPU that stores them.
  const load = (word: SharedWord): number =>
    Atomics.load(words, vcpuWord(hart, word) >> WORD_SHIFT);
  const row = hartCounters(words.buffer, hart);
  const pc = BigInt(row[HartCounter.PC_HIGH]) * HALF_RANGE + BigInt(row[HartCounter.PC_LOW]);
  const activity = load(Vcpu.ACTIVITY);
  const isLock = activity === Activity.AWAITS_LOCK || activity === Activity.HOLDS_LOCK;
  const lock = isLock ? ` (${lockName(load(Vcpu.ACTIVITY_DETAIL))})` : "";
  return [
    `  hart ${hart}: ${activityName(activity)}${lock}`,
    load(Vcpu.STATE) === VcpuState.RUNNING ? "RUNNING" : "IDLE",
    `pending: ${bitNames(Pending, load(Vcpu.PENDING))}`,
    `last seen at pc 0x${pc.toString(HEX)} after ${row[HartCounter.INSTRUCTIONS]} instructions`,
  ].join(", ");
}

function eventLine(event: TraceEvent): string {
  const details = Object.entries(eventDetails(event)).map(([key, value]) => `, ${key} ${value}`);
  const ms = (event.microseconds / US_PER_MS).toFixed(TIME_DIGITS);
  return `    ${ms} ms: ${eventName(event)}${PHASE_WORDS[event.phase] ?? ""}${details.join("")}`;
}
