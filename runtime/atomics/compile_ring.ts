/**
 * The ring of compile requests: vCPUs to the compiler worker.
 *
 * REQUIREMENT. A vCPU whose counter trips hands over a request without waiting or allocating, and goes on.
 *
 * SOLUTION. Fixed records in a ring of many producers (`ring_queue.ts`). The vCPU takes a record, writes its
 * words in place with plain stores, and publishes it; the compiler reads it in place and gives it back. A
 * full ring drops the request, counts that, and says so: the block stays hot and asks again later.
 *
 * LIMITATION. A request that was taken must be published: there is no way to give it back.
 */

import {
  front,
  indexOf,
  NO_SLOT,
  prepareSleep,
  publish,
  release,
  type Ring,
  sleepWordOffset,
  tryReserve,
  wakeSleeper,
} from "./ring_queue.ts";
import {
  COMPILE_REQUEST_BYTES,
  COMPILE_RING,
  COMPILE_RING_ENTRIES,
  RingWord,
} from "./shared_layout.ts";

const RING: Ring = {
  offset: COMPILE_RING,
  slots: COMPILE_RING_ENTRIES,
  slotWords: COMPILE_REQUEST_BYTES / Int32Array.BYTES_PER_ELEMENT,
};
const PUBLISHED = 1;

/** Words of a request that its producer may fill. */
export const COMPILE_REQUEST_WORDS: number = RING.slotWords - 1;
/** Byte offset of the word that is 1 while the compiler sleeps or is not started yet. */
export const COMPILE_SLEEP_OFFSET: number = sleepWordOffset(RING);
/** No request: the ring is full, or empty. */
export const NO_REQUEST = NO_SLOT;

/**
 * Takes a record to fill; any vCPU.
 * @returns index of its first word, or {@linkcode NO_REQUEST} when the ring is full and the request dropped.
 */
export function reserveRequest(words: Int32Array): number {
  const slot = tryReserve(words, RING);
  if (slot !== NO_SLOT) return slot + 1;
  // ORDER: sc add; statistics only.
  Atomics.add(words, indexOf(RING, RingWord.DROPPED), 1);
  return NO_REQUEST;
}

/** Hands a filled record over. */
export function publishRequest(words: Int32Array, request: number): void {
  publish(words, RING, request - 1, PUBLISHED);
}

/** The oldest request, which stays in the ring; only the compiler. */
export function nextRequest(words: Int32Array): number {
  const slot = front(words, RING);
  return slot === NO_SLOT ? NO_REQUEST : slot + 1;
}

/** Gives the record of the oldest request back; only the compiler. */
export function releaseRequest(words: Int32Array): void {
  release(words, RING, 1);
}

/**
 * Sleeps until there is a request, at most `timeoutMs`; only the compiler worker. May return early.
 * @returns whether so much time passed without one
 */
export function waitForRequest(words: Int32Array, timeoutMs: number): boolean {
  if (!prepareSleep(words, RING)) return false;
  // ORDER: sleeps only while SLEEP is 1; partner: wakeSleeper() after the marker.
  return Atomics.wait(words, COMPILE_SLEEP_OFFSET >> 2, 1, timeoutMs) === "timed-out";
}

/** Wakes the compiler without a request: the machine has ended. */
export function wakeCompiler(words: Int32Array): void {
  wakeSleeper(words, RING);
}

/** How many requests found the ring full. */
export function droppedRequests(words: Int32Array): number {
  // ORDER: sc load; statistics only.
  return Atomics.load(words, indexOf(RING, RingWord.DROPPED));
}
