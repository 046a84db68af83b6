/**
 * Bounded rings of fixed-size slots in shared memory: many producers, one consumer, nobody waits inside.
 *
 * REQUIREMENT. No item is lost, doubled or torn, items of one producer keep their order, a producer that
 * finds the ring full is told so at once (it is a helper called from compiled code and must not wait), and
 * neither a sleeping consumer nor a waiting producer is forgotten.
 *
 * SOLUTION. A producer takes a position by cmpxchg on HEAD if the slot is free, fills the slot, and publishes
 * it by its first word, the marker, which is not 0 in a full slot. The consumer looks at the marker of the
 * slot at TAIL, empties the slot, clears the marker, then moves TAIL. So a slot below TAIL plus capacity is
 * always clear, and HEAD alone decides who fills it.
 * Sleep: the consumer stores SLEEP = 1, looks again, then sleeps on that value. A producer that published and
 * then sees 1 sets it to 0 and notifies. Waiting for room is the mirror image, through the pending word:
 * the hart enters itself in WAITING, looks again, and sleeps as in WFI; the consumer moves TAIL, then posts
 * WORK to every hart it finds in WAITING.
 *
 * LIMITATION. A producer that dies between taking a position and publishing stops the ring: workers end only
 * in their trampoline. Positions wrap at 2^32; a producer would have to stall for a whole wrap to be fooled.
 */

import { post } from "./pending.ts";
import { Pending, RING_HEADER_BYTES, RingWord, type SharedWord } from "./shared_layout.ts";

/** Where a ring lies. */
export interface Ring {
  /** Byte offset of its control words. */
  readonly offset: number;
  /** Number of slots, a power of two. */
  readonly slots: number;
  /** Words of one slot; the first is the marker. */
  readonly slotWords: number;
}

/** No slot: the ring is full, or empty. */
export const NO_SLOT = -1;

const HARTS_PER_WORD = 32;

/** Byte offset of the word that the sleeping side waits on while it is 1. */
export function sleepWordOffset(ring: Ring): number {
  return ring.offset + RingWord.SLEEP.offset;
}

/**
 * Takes the next slot to fill.
 * @returns index of its marker word, or {@linkcode NO_SLOT} when the ring is full.
 */
export function tryReserve(words: Int32Array, ring: Ring): number {
  const head = indexOf(ring, RingWord.HEAD);
  for (;;) {
    // ORDER: sc load before TAIL, so that the difference is never too large; partner: the cmpxchg below.
    const position = Atomics.load(words, head);
    if (roomAfter(words, ring, position) <= 0) return NO_SLOT;
    // ORDER: sc cmpxchg before the slot is filled; partner: other producers.
    if (Atomics.compareExchange(words, head, position, (position + 1) | 0) === position) {
      return slotAt(ring, position);
    }
  }
}

/** Publishes a filled slot. `marker` must not be 0. */
export function publish(words: Int32Array, ring: Ring, slot: number, marker: number): void {
  // ORDER: sc store after the slot's other words, before SLEEP is read; partner: front().
  Atomics.store(words, slot, marker);
  wakeSleeper(words, ring);
}

/** The oldest full slot, or {@linkcode NO_SLOT}. Only the consumer. */
export function front(words: Int32Array, ring: Ring): number {
  return fullSlotAfter(words, ring, 0);
}

/** The full slot `count` places behind the oldest, or {@linkcode NO_SLOT}. Only the consumer. */
export function fullSlotAfter(words: Int32Array, ring: Ring, count: number): number {
  if (count >= ring.slots) return NO_SLOT;
  // ORDER: own word of the single consumer.
  const tail = Atomics.load(words, indexOf(ring, RingWord.TAIL));
  const slot = slotAt(ring, (tail + count) | 0);
  // ORDER: sc load before the slot's other words; partner: publish().
  return Atomics.load(words, slot) === 0 ? NO_SLOT : slot;
}

/** Frees the `count` oldest slots, which are full and were read. Only the consumer. */
export function release(words: Int32Array, ring: Ring, count: number): void {
  const tail = indexOf(ring, RingWord.TAIL);
  // ORDER: own word of the single consumer.
  const position = Atomics.load(words, tail);
  for (let k = 0; k < count; k++) {
    // ORDER: sc store before TAIL; partner: publish() of the producer that takes the slot next.
    Atomics.store(words, slotAt(ring, (position + k) | 0), 0);
  }
  // ORDER: sc store after the markers, before WAITING is read; partner: roomAfter().
  Atomics.store(words, tail, (position + count) | 0);
  wakeWaitingHarts(words, ring);
}

/**
 * Enters a hart into the list of those that wait for room; it then sleeps as in WFI and is sent WORK.
 * @returns false when there is room already: it must try again instead of sleeping.
 */
export function awaitRoom(words: Int32Array, ring: Ring, hart: number): boolean {
  const waiting = indexOf(ring, RingWord.WAITING) + Math.floor(hart / HARTS_PER_WORD);
  // ORDER: sc or before the room is read again; partner: the exchange in release(), after TAIL.
  Atomics.or(words, waiting, 1 << (hart & (HARTS_PER_WORD - 1)));
  return isFull(words, ring);
}

/** Whether the ring has no room now. */
export function isFull(words: Int32Array, ring: Ring): boolean {
  // ORDER: sc load before TAIL; partner: tryReserve() of others.
  return roomAfter(words, ring, Atomics.load(words, indexOf(ring, RingWord.HEAD))) <= 0;
}

/**
 * Declares the consumer about to sleep on the ring's sleep word.
 * @returns false when there is something to consume: it must not sleep.
 */
export function prepareSleep(words: Int32Array, ring: Ring): boolean {
  announceSleep(words, ring);
  if (front(words, ring) === NO_SLOT) return true;
  cancelSleep(words, ring);
  return false;
}

/** Sets SLEEP; the caller then looks again at what it waits for. */
export function announceSleep(words: Int32Array, ring: Ring): void {
  // ORDER: sc store before the second look; partner: wakeSleeper().
  Atomics.store(words, indexOf(ring, RingWord.SLEEP), 1);
}

/** Takes SLEEP back. */
export function cancelSleep(words: Int32Array, ring: Ring): void {
  // ORDER: sc store; a waker that was faster has set 0 already and notifies nobody.
  Atomics.store(words, indexOf(ring, RingWord.SLEEP), 0);
}

/** Wakes the sleeping side if it sleeps or is about to; called after the change it waits for. */
export function wakeSleeper(words: Int32Array, ring: Ring): void {
  const sleep = indexOf(ring, RingWord.SLEEP);
  // ORDER: sc load after the change; partner: announceSleep(), before the second look.
  if (Atomics.load(words, sleep) === 0) return;
  // ORDER: sc cmpxchg, so that one waker notifies; partner: the wait for 1.
  if (Atomics.compareExchange(words, sleep, 1, 0) === 1) Atomics.notify(words, sleep);
}

/** Free slots if HEAD is at `position`. */
export function roomAfter(words: Int32Array, ring: Ring, position: number): number {
  // ORDER: sc load after HEAD; partner: the TAIL store of the consumer. An old value only hides room.
  const tail = Atomics.load(words, indexOf(ring, RingWord.TAIL));
  return ring.slots - ((position - tail) | 0);
}

/** Index of the marker word of the slot at a position. */
export function slotAt(ring: Ring, position: number): number {
  const slot = position & (ring.slots - 1);
  return ((ring.offset + RING_HEADER_BYTES) >> 2) + slot * ring.slotWords;
}

/** Index of a control word of a ring. */
export function indexOf(ring: Ring, word: SharedWord): number {
  return (ring.offset + word.offset) >> 2;
}

function wakeWaitingHarts(words: Int32Array, ring: Ring): void {
  const waiting = indexOf(ring, RingWord.WAITING);
  for (let part = 0; part * Int32Array.BYTES_PER_ELEMENT < RingWord.WAITING.width; part++) {
    // ORDER: sc load after TAIL; partner: the or in awaitRoom(), before its second look.
    if (Atomics.load(words, waiting + part) === 0) continue;
    // ORDER: sc exchange, so that each entry is answered once; partner: the or in awaitRoom().
    let harts = Atomics.exchange(words, waiting + part, 0);
    while (harts !== 0) {
      const bit = Math.clz32(harts & -harts) ^ (HARTS_PER_WORD - 1);
      harts &= harts - 1;
      post(words, part * HARTS_PER_WORD + bit, Pending.WORK);
    }
  }
}
