/**
 * Samples for a profile on their way from the vCPUs to main: for each hart a ring with one producer and one
 * consumer, in a memory that exists only when a profile is made.
 *
 * REQUIREMENT. A vCPU never waits for main, allocates nothing, and no sample arrives torn. Samples that found no
 * room are counted.
 *
 * SOLUTION. The vCPU alone moves HEAD, after it filled the slot there; main alone moves TAIL, after it read the slots
 * below HEAD. Both are sequentially consistent, so a slot belongs to one of them at a time. A hart that sleeps is
 * not woken for a sample: the sampler counts it as idle, in a word that main takes by exchange.
 *
 * LIMITATION. Positions wrap at 2^32. What one power cycle left behind is read like all else in the next one, since
 * its producer has ended before the next one's starts.
 */

import {
  SAMPLE_HEADER_BYTES,
  SAMPLE_SLOTS,
  SAMPLE_WORDS,
  SampleWord,
  type SharedWord,
} from "./shared_layout.ts";

/** No slot: main has not emptied one for a while. */
export const NO_SAMPLE_SLOT = -1;

const WORD_BYTES = Int32Array.BYTES_PER_ELEMENT;
const PART_WORDS = SAMPLE_HEADER_BYTES / WORD_BYTES + SAMPLE_SLOTS * SAMPLE_WORDS;

/** An empty buffer for the samples of this many harts. */
export function createSampleBuffer(hartCount: number): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(hartCount * PART_WORDS * WORD_BYTES));
}

/** @returns index of the sample that the vCPU may fill now, or {@linkcode NO_SAMPLE_SLOT}, which is counted */
export function reserveSample(samples: Int32Array, hart: number): number {
  // ORDER: own word of the single producer.
  const head = Atomics.load(samples, wordOf(hart, SampleWord.HEAD));
  // ORDER: sc load before the slot is filled; partner: the store in drainSamples(). An old value only hides room.
  const tail = Atomics.load(samples, wordOf(hart, SampleWord.TAIL));
  if (((head - tail) | 0) < SAMPLE_SLOTS) return slotOf(hart, head);
  // ORDER: sc add; partner: main, for which it is a number to show.
  Atomics.add(samples, wordOf(hart, SampleWord.DROPPED), 1);
  return NO_SAMPLE_SLOT;
}

/** Gives the sample that was filled to main. */
export function publishSample(samples: Int32Array, hart: number): void {
  // ORDER: sc add after the slot's words; partner: the load in drainSamples(), before it reads them.
  Atomics.add(samples, wordOf(hart, SampleWord.HEAD), 1);
}

/** Hands every sample of a hart to `visit`, oldest first, by its index. Main alone calls this. */
export function drainSamples(
  samples: Int32Array,
  hart: number,
  visit: (sample: number) => void,
): void {
  // ORDER: sc load before the slots; partner: publishSample().
  const head = Atomics.load(samples, wordOf(hart, SampleWord.HEAD));
  const tail = wordOf(hart, SampleWord.TAIL);
  // ORDER: own word of the single consumer.
  for (let at = Atomics.load(samples, tail); at !== head; at = (at + 1) | 0) {
    visit(slotOf(hart, at));
  }
  // ORDER: sc store after the slots were read; partner: the load in reserveSample().
  Atomics.store(samples, tail, head);
}

/** Notes that a hart was found asleep. */
export function countIdle(samples: Int32Array, hart: number): void {
  // ORDER: sc add; partner: the exchange in takeIdle().
  Atomics.add(samples, wordOf(hart, SampleWord.IDLE), 1);
}

/** How often the hart was found asleep since the last call. */
export function takeIdle(samples: Int32Array, hart: number): number {
  // ORDER: sc exchange; partner: the add in countIdle().
  return Atomics.exchange(samples, wordOf(hart, SampleWord.IDLE), 0);
}

/** Samples of a hart that found no room, in all. */
export function droppedSamples(samples: Int32Array, hart: number): number {
  // ORDER: sc load of a number to show; partner: the add in reserveSample().
  return Atomics.load(samples, wordOf(hart, SampleWord.DROPPED));
}

function wordOf(hart: number, word: SharedWord): number {
  return hart * PART_WORDS + word.offset / WORD_BYTES;
}

function slotOf(hart: number, position: number): number {
  const slot = position & (SAMPLE_SLOTS - 1);
  return hart * PART_WORDS + SAMPLE_HEADER_BYTES / WORD_BYTES + slot * SAMPLE_WORDS;
}
