/**
 * What each hart did last, for people who have to find out why a machine is slow or hangs: for each hart a ring of
 * events in a memory that exists only when a trace is made.
 *
 * REQUIREMENT. A vCPU never waits for a reader, allocates nothing, and its newest events are there whenever somebody
 * looks, also when its thread hangs. A reader gets no event torn, and knows how many it did not get.
 *
 * SOLUTION. The vCPU alone writes its ring and overwrites the oldest event. A slot begins with the number of its event,
 * from 1 on: 0 while the slot is written. A reader takes the number, the words, and the number again; unless both are
 * the one it looks for, the event was overwritten meanwhile, and is counted as lost.
 *
 * All words are written and read sequentially consistent. Plain stores would be faster, but nothing keeps a plain store
 * behind an earlier store on hosts with a weak memory model: a new word could be seen in a slot with its old number.
 *
 * LIMITATION. Numbers wrap at 2^32 events of one hart; the event that has number 0 then is taken for lost.
 */
import {
  EVENT_HEADER_BYTES,
  EVENT_SLOTS,
  EVENT_WORDS,
  EventField,
  EventWord,
  type SharedWord,
} from "./shared_layout.ts";

/** Does an event take time? */
export const EventPhase = {
  INSTANT: 0,
  BEGIN: 1,
  END: 2,
} as const;

/** One of {@linkcode EventPhase}. */
export type EventPhase = (typeof EventPhase)[keyof typeof EventPhase];

/** Where events go. */
export interface EventBuffer {
  /** The rings of all harts. */
  readonly words: Int32Array<SharedArrayBuffer>;
  /** When the trace began: `performance.timeOrigin + performance.now()`, in milliseconds. */
  readonly epoch: number;
}

/** An event as it is read. */
export interface TraceEvent {
  /** One of {@linkcode EventPhase}. */
  readonly phase: number;
  /** What happens, by number. */
  readonly kind: number;
  /** Since the trace began. */
  readonly microseconds: number;
  /** The guest's program counter. */
  readonly pc: bigint;
  /** What the kind has to say. */
  readonly details: readonly [number, number];
}

/** A hart's events as far as they are there. */
export interface EventList {
  /** Oldest first. */
  readonly events: readonly TraceEvent[];
  /** Events before and between them that were overwritten. */
  readonly lost: number;
}

const WORD_BYTES = Int32Array.BYTES_PER_ELEMENT;
const PART_WORDS = EVENT_HEADER_BYTES / WORD_BYTES + EVENT_SLOTS * EVENT_WORDS;
const PHASE_SHIFT = 8;
const KIND_MASK = (1 << PHASE_SHIFT) - 1;
const NANOSECONDS_PER_MS = 1e6;
const NANOSECONDS_PER_US = 1e3;
const HALF_RANGE = 0x1_0000_0000;
const HALF_BITS = 32n;

/** Empty rings for so many harts; the trace begins now. */
export function createEventBuffer(hartCount: number): EventBuffer {
  const words = new Int32Array(new SharedArrayBuffer(hartCount * PART_WORDS * WORD_BYTES));
  return { words, epoch: performance.timeOrigin + performance.now() };
}

/** The ring of one hart, for its vCPU. */
export class EventRing {
  readonly #words: Int32Array;
  readonly #part: number;
  readonly #head: number;
  /** Milliseconds from the trace's begin to this thread's zero of `performance.now`. */
  readonly #origin: number;

  /** Goes on behind what an earlier power cycle recorded. */
  constructor({ words, epoch }: EventBuffer, hart: number) {
    this.#words = words;
    this.#part = hart * PART_WORDS + EVENT_HEADER_BYTES / WORD_BYTES;
    this.#head = wordOf(hart, EventWord.HEAD);
    this.#origin = performance.timeOrigin - epoch;
  }

  /** Records an event. */
  record(
    phase: number,
    kind: number,
    pcLow: number,
    pcHigh: number,
    first: number,
    second: number,
  ): void {
    const words = this.#words;
    const nanoseconds = Math.floor((this.#origin + performance.now()) * NANOSECONDS_PER_MS);
    // ORDER: own word of the single writer.
    const number = (Atomics.load(words, this.#head) + 1) | 0;
    const slot = this.#part + (number & (EVENT_SLOTS - 1)) * EVENT_WORDS;
    // ORDER: sc stores: no number, the words, the number; partner: the loads in readEvent(), number first and last.
    Atomics.store(words, slot + EventField.NUMBER, 0);
    Atomics.store(words, slot + EventField.KIND, phase << PHASE_SHIFT | kind);
    Atomics.store(words, slot + EventField.TIME, nanoseconds | 0);
    Atomics.store(words, slot + EventField.TIME + 1, Math.floor(nanoseconds / HALF_RANGE));
    Atomics.store(words, slot + EventField.PC, pcLow);
    Atomics.store(words, slot + EventField.PC + 1, pcHigh);
    Atomics.store(words, slot + EventField.DETAILS, first);
    Atomics.store(words, slot + EventField.DETAILS + 1, second);
    Atomics.store(words, slot + EventField.NUMBER, number);
    // ORDER: sc store after the slot; partner: the load in readEvents().
    Atomics.store(words, this.#head, number);
  }
}

/**
 * The events of a hart, while its vCPU goes on or not.
 * @param atMost so many of the newest
 */
export function readEvents(
  words: Int32Array,
  hart: number,
  atMost: number = EVENT_SLOTS,
): EventList {
  // ORDER: sc load before the slots; partner: the last store in EventRing.record().
  const newest = Atomics.load(words, wordOf(hart, EventWord.HEAD));
  const wanted = Math.min(atMost, EVENT_SLOTS, newest >>> 0);
  const events: TraceEvent[] = [];
  for (let age = wanted - 1; age >= 0; age--) {
    const event = readEvent(words, hart, (newest - age) | 0);
    if (event !== null) events.push(event);
  }
  return { events, lost: (newest >>> 0) - events.length };
}

/** @returns null when the slot holds another event, or gets one */
function readEvent(words: Int32Array, hart: number, number: number): TraceEvent | null {
  const slot = hart * PART_WORDS + EVENT_HEADER_BYTES / WORD_BYTES +
    (number & (EVENT_SLOTS - 1)) * EVENT_WORDS;
  // ORDER: sc loads: the number, the words, the number; partner: the stores in EventRing.record().
  const load = (field: number): number => Atomics.load(words, slot + field);
  if (load(EventField.NUMBER) !== number) return null;
  const kind = load(EventField.KIND);
  const nanoseconds = (load(EventField.TIME) >>> 0) + load(EventField.TIME + 1) * HALF_RANGE;
  const pc = BigInt(load(EventField.PC) >>> 0) |
    BigInt(load(EventField.PC + 1) >>> 0) << HALF_BITS;
  const details = [load(EventField.DETAILS), load(EventField.DETAILS + 1)] as const;
  if (load(EventField.NUMBER) !== number) return null;
  return {
    phase: kind >> PHASE_SHIFT,
    kind: kind & KIND_MASK,
    microseconds: nanoseconds / NANOSECONDS_PER_US,
    pc,
    details,
  };
}

function wordOf(hart: number, word: SharedWord): number {
  return hart * PART_WORDS + word.offset / WORD_BYTES;
}
