/**
 * The two rings of the console: bytes of the guest to main, and bytes of main to the guest.
 *
 * REQUIREMENT. Output: any vCPU puts bytes without waiting, none is lost or doubled; main drains in batches
 * and never blocks. Input: main puts bytes; whatever vCPU makes the access takes them, also two at once.
 *
 * SOLUTION. One word per byte: the byte plus a bit that marks the slot full, so that taking a place and
 * filling it need no second protocol (`ring_queue.ts`). Input has one producer, which fills the slot before
 * it moves HEAD, and consumers that read the slot and then take the position by cmpxchg on TAIL: the slot
 * cannot be filled anew while TAIL stands. Main waits with `Atomics.waitAsync` on the sleep word of either
 * ring while it is 1.
 *
 * LIMITATION. Four bytes of memory per byte in flight.
 */

import {
  announceSleep,
  awaitRoom,
  cancelSleep,
  fullSlotAfter,
  indexOf,
  NO_SLOT,
  prepareSleep,
  publish,
  release,
  type Ring,
  roomAfter,
  sleepWordOffset,
  slotAt,
  tryReserve,
  wakeSleeper,
} from "./ring_queue.ts";
import {
  CONSOLE_IN_BYTES,
  CONSOLE_IN_RING,
  CONSOLE_OUT_BYTES,
  CONSOLE_OUT_RING,
  RingWord,
} from "./shared_layout.ts";

const BYTE_MASK = 0xff;
/** Marks a slot as full whatever its byte. */
const FULL = 0x100;

const OUTPUT: Ring = {
  offset: CONSOLE_OUT_RING,
  slots: CONSOLE_OUT_BYTES / Int32Array.BYTES_PER_ELEMENT,
  slotWords: 1,
};
const INPUT: Ring = {
  offset: CONSOLE_IN_RING,
  slots: CONSOLE_IN_BYTES / Int32Array.BYTES_PER_ELEMENT,
  slotWords: 1,
};

/** Byte offset of the word main waits on, while 1, for console output. */
export const OUTPUT_SLEEP_OFFSET: number = sleepWordOffset(OUTPUT);
/** Byte offset of the word main waits on, while 1, for room for console input. */
export const INPUT_SLEEP_OFFSET: number = sleepWordOffset(INPUT);
/** Bytes that the output ring holds. */
export const OUTPUT_CAPACITY: number = OUTPUT.slots;
/** Bytes that the input ring holds. */
export const INPUT_CAPACITY: number = INPUT.slots;

/** Puts one byte of output; any thread. @returns false when the ring is full, nothing was put. */
export function putOutput(words: Int32Array, byte: number): boolean {
  const slot = tryReserve(words, OUTPUT);
  if (slot === NO_SLOT) return false;
  publish(words, OUTPUT, slot, FULL | (byte & BYTE_MASK));
  return true;
}

/**
 * Enters a hart as waiting for room in the output ring: from its trampoline, which then sleeps as in WFI.
 * @returns false when there is room already.
 */
export function awaitOutputRoom(words: Int32Array, hart: number): boolean {
  return awaitRoom(words, OUTPUT, hart);
}

/** Moves output into `target`; only main. @returns how many bytes. */
export function drainOutput(words: Int32Array, target: Uint8Array): number {
  let count = 0;
  for (; count < target.length; count++) {
    const slot = fullSlotAfter(words, OUTPUT, count);
    if (slot === NO_SLOT) break;
    // ORDER: sc load of a published slot; partner: publish().
    target[count] = Atomics.load(words, slot) & BYTE_MASK;
  }
  if (count > 0) release(words, OUTPUT, count);
  return count;
}

/** Main is about to sleep on {@linkcode OUTPUT_SLEEP_OFFSET}. @returns false when there is output. */
export function prepareOutputSleep(words: Int32Array): boolean {
  return prepareSleep(words, OUTPUT);
}

/** Puts one byte of input; only main. @returns false when the ring is full, nothing was put. */
export function putInput(words: Int32Array, byte: number): boolean {
  const head = indexOf(INPUT, RingWord.HEAD);
  // ORDER: own word of the single producer.
  const position = Atomics.load(words, head);
  if (roomAfter(words, INPUT, position) <= 0) return false;
  // ORDER: sc store before HEAD; partner: takeInput().
  Atomics.store(words, slotAt(INPUT, position), byte & BYTE_MASK);
  // ORDER: sc store after the slot; partner: the HEAD load of takeInput().
  Atomics.store(words, head, (position + 1) | 0);
  return true;
}

/** Takes the next byte of input; any thread. @returns -1 when there is none. */
export function takeInput(words: Int32Array): number {
  const tail = indexOf(INPUT, RingWord.TAIL);
  for (;;) {
    // ORDER: sc load before HEAD, so that the difference is never negative; partner: the cmpxchg below.
    const position = Atomics.load(words, tail);
    // ORDER: sc load before the slot; partner: putInput().
    if (Atomics.load(words, indexOf(INPUT, RingWord.HEAD)) === position) return NO_SLOT;
    // ORDER: sc load before the cmpxchg, which fails if the slot may have been filled anew.
    const byte = Atomics.load(words, slotAt(INPUT, position));
    // ORDER: sc cmpxchg after the slot, before SLEEP is read; partner: roomAfter() and other consumers.
    if (Atomics.compareExchange(words, tail, position, (position + 1) | 0) === position) {
      wakeSleeper(words, INPUT);
      return byte;
    }
  }
}

/** Bytes of input that wait. */
export function availableInput(words: Int32Array): number {
  // ORDER: sc load before HEAD, so that the difference is never negative; partner: takeInput().
  const tail = Atomics.load(words, indexOf(INPUT, RingWord.TAIL));
  // ORDER: sc load; partner: putInput().
  return (Atomics.load(words, indexOf(INPUT, RingWord.HEAD)) - tail) | 0;
}

/** Main is about to sleep on {@linkcode INPUT_SLEEP_OFFSET}. @returns false when there is room. */
export function prepareInputSleep(words: Int32Array): boolean {
  announceSleep(words, INPUT);
  // ORDER: own word of the single producer.
  const position = Atomics.load(words, indexOf(INPUT, RingWord.HEAD));
  if (roomAfter(words, INPUT, position) <= 0) return true;
  cancelSleep(words, INPUT);
  return false;
}
