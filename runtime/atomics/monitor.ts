/**
 * Monitored pages: reservations that see every store to their line.
 *
 * REQUIREMENT. A store-conditional fails if anyone but its own hart has stored to the reservation set since
 * the load-reserved, also if the old value is back (`"Zalrsc" Extension for Load-Reserved/Store-Conditional
 * Instructions`). Stores to pages without reservations pay nothing.
 *
 * SOLUTION. Each line of 64 bytes has a version, odd while a store to it is being made. A load-reserved reads
 * the version, then the value; the store-conditional makes its store only if it can lock the line with that
 * version. So no store of others lies between the two, provided that all of them lock the line: a page must be
 * *armed* before anything on it is reserved. Arming sets MONITORED in the page's attribute, which TLB fills
 * turn into a guarded write entry, then makes all other vCPUs drop the write entries that they had
 * (`remote_work.ts`), and then sets ARMED. A guarded store reads the attribute anew, and locks its line if it
 * finds MONITORED; it cannot have read it before MONITORED and store after ARMED, because its vCPU
 * acknowledges nothing in between.
 * Disarming happens in an exclusive section, where no vCPU is between load-reserved and anything else that
 * counts on ARMED, and gives the page's lines new versions, so that reservations from before fail.
 *
 * `model/monitor_model.ts` explores this; the Wasm side is in `guarded_store_functions.ts` and
 * `reservation_functions.ts`.
 *
 * LIMITATION. Lines whose numbers are equal modulo the table fail each other's store-conditionals. Arming costs
 * a round trip to every running vCPU, so pages stay armed until a sweep finds that nothing was reserved on
 * them lately. Whoever stores to guest memory and is no vCPU must come through `guest_store.ts`, and while it
 * may store its thread must take part in the round trips.
 */

import {
  Machine,
  MONITOR_INDEX_BITS,
  MONITOR_LINE_SHIFT,
  MONITOR_LINES,
  MONITOR_PAGE_LIMIT,
  MONITOR_PAGES,
  PAGE_ATTRIBUTES,
  PAGE_BYTES,
  PAGE_SHIFT,
  PageAttribute,
} from "./shared_layout.ts";

const ATTRIBUTES = PAGE_ATTRIBUTES >> 2;
const PAGES = MONITOR_PAGES >> 2;
const PAGE_COUNT = Machine.MONITOR_PAGE_COUNT.offset >> 2;
const LINES = MONITOR_LINES >> 3;
const LINE_MASK = (1 << MONITOR_INDEX_BITS) - 1;
const LOCKED = 1n;
/** What a store adds to a version. */
const VERSION_STEP = 2n;

/** Is there no room to arm another page? Then a sweep comes first. */
export function isMonitorFull(words: Int32Array): boolean {
  // ORDER: sc load; partner: the add in beginArming(). A few pages too many have room: see the limit.
  return Atomics.load(words, PAGE_COUNT) >= MONITOR_PAGE_LIMIT - MAX_ARMING_AT_ONCE;
}

/** Every hart can be arming a page after it has found room. */
const MAX_ARMING_AT_ONCE = 64;

/** First half of arming: from now on TLB fills are guarded. The caller then makes all vCPUs drop write entries. */
export function beginArming(words: Int32Array, page: number): void {
  // ORDER: sc or before the round trip is asked for; partner: the attribute load of every TLB fill.
  const before = Atomics.or(words, ATTRIBUTES + page, PageAttribute.MONITORED);
  if ((before & PageAttribute.MONITORED) !== 0) return;
  // ORDER: sc add, so that each place is taken once; partner: the sweep, in its exclusive section.
  const place = Atomics.add(words, PAGE_COUNT, 1);
  // ORDER: sc store; partner: the sweep, which does not begin before this vCPU is in its trampoline again.
  Atomics.store(words, PAGES + place, page + 1);
}

/** Second half, after all vCPUs have dropped their write entries; without effect if the page was disarmed. */
export function finishArming(words: Int32Array, page: number): void {
  for (;;) {
    // ORDER: sc load; the cmpxchg decides.
    const before = Atomics.load(words, ATTRIBUTES + page);
    if ((before & PageAttribute.MONITORED) === 0) return;
    const armed = before | PageAttribute.ARMED | PageAttribute.RESERVED_LATELY;
    // ORDER: sc cmpxchg after the round trip; partner: the attribute load of a load-reserved.
    if (Atomics.compareExchange(words, ATTRIBUTES + page, before, armed) === before) return;
  }
}

/**
 * Disarms the pages on which nothing was reserved since the last sweep, or all of them. Only in an exclusive
 * section.
 */
export function sweepMonitor(words: Int32Array, isForAll: boolean): void {
  const lines = new BigInt64Array(words.buffer);
  // ORDER: alone: all other vCPUs are IDLE until the section ends.
  const count = Atomics.load(words, PAGE_COUNT);
  let kept = 0;
  for (let place = 0; place < count; place++) {
    const page = Atomics.load(words, PAGES + place) - 1;
    if (isForAll || !wasReservedLately(words, page)) disarm(words, lines, page);
    else Atomics.store(words, PAGES + kept++, page + 1);
  }
  // ORDER: alone, as above; partner: the end of the section.
  Atomics.store(words, PAGE_COUNT, kept);
}

function wasReservedLately(words: Int32Array, page: number): boolean {
  const { RESERVED_LATELY } = PageAttribute;
  // ORDER: alone: all other vCPUs are IDLE.
  return (Atomics.and(words, ATTRIBUTES + page, ~RESERVED_LATELY) & RESERVED_LATELY) !== 0;
}

function disarm(words: Int32Array, lines: BigInt64Array, page: number): void {
  for (let at = 0; at < PAGE_BYTES; at += 1 << MONITOR_LINE_SHIFT) {
    // ORDER: alone; no line is locked, because who locks one does not become IDLE before it is free.
    Atomics.add(lines, lineIndex(page * PAGE_BYTES + at), VERSION_STEP);
  }
  const { MONITORED, ARMED, RESERVED_LATELY } = PageAttribute;
  // ORDER: alone, after the versions; partner: TLB fills after the section.
  Atomics.and(words, ATTRIBUTES + page, ~(MONITORED | ARMED | RESERVED_LATELY));
}

/** Must a store to the page lock its line? */
export function isMonitored(words: Int32Array, hostOffset: number): boolean {
  // ORDER: sc load before the store; partner: the or in beginArming(), before its round trip.
  const attribute = Atomics.load(words, ATTRIBUTES + (hostOffset >>> PAGE_SHIFT));
  return (attribute & PageAttribute.MONITORED) !== 0;
}

/** Locks the line of a place. @returns its version, for {@linkcode unlockLine} */
export function lockLine(lines: BigInt64Array, hostOffset: number): bigint {
  const index = lineIndex(hostOffset);
  for (;;) {
    // ORDER: sc load; the cmpxchg decides.
    const version = Atomics.load(lines, index);
    const isFree = (version & LOCKED) === 0n;
    // ORDER: sc cmpxchg before the store; partner: load-reserved, store-conditional, other stores.
    if (isFree && Atomics.compareExchange(lines, index, version, version | LOCKED) === version) {
      return version;
    }
    Atomics.pause();
  }
}

/** Unlocks a line that was stored to. */
export function unlockLine(lines: BigInt64Array, hostOffset: number, version: bigint): void {
  // ORDER: sc store after the guest store; partner: the version load of a load-reserved.
  Atomics.store(lines, lineIndex(hostOffset), version + VERSION_STEP);
}

function lineIndex(hostOffset: number): number {
  return LINES + ((hostOffset >>> MONITOR_LINE_SHIFT) & LINE_MASK);
}
