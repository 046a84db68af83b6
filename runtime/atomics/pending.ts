/**
 * The pending word: the one way to wake, kick, stop or signal a vCPU.
 *
 * REQUIREMENT. A vCPU that sleeps in WFI or runs guest code must notice every event, whoever sends it, and
 * no event may be lost between "nothing to do" and "asleep".
 *
 * SOLUTION. One i32 per vCPU holds event bits. A sender publishes its payload, or-s the bit, then notifies.
 * The vCPU takes all bits with one exchange *before* it looks at any payload, so a payload that changes
 * afterwards sets its bit again. It sleeps only on "the word is still 0": `Atomics.wait` compares and
 * enqueues in one step, so a bit that arrives in between ends the wait at once. Level-triggered causes
 * (interrupt lines, timers) must be tested after the exchange and before every sleep: the exchange may have
 * taken the bit at an earlier safepoint, when the cause was masked.
 *
 * Where several vCPUs take turns on one thread it cannot sleep on each one's word. There is a bell for them: a
 * sender rings it (adds one, notifies) after it has set its bit; the thread reads the bell, then looks at every
 * pending word, then sleeps on the value it read. A bit that its look missed was set after the look, and the bell
 * rung after that: the bell has another value than the one that was read.
 *
 * LIMITATION. Only the trampoline of the vCPU may take bits, with no region frame alive. `waitPending` is
 * for workers; the main thread cannot block. A hart that sleeps here must be IDLE (`toIdle`) before.
 */

import { Pending, Vcpu, vcpuWord } from "./shared_layout.ts";

/** First hart of the thread that has all vCPUs, where there is one for all. */
export const FIRST_OF_ALL = 0;

/** Sets event bits ({@linkcode Pending}) of a vCPU and wakes it. The payload must be published before. */
export function post(words: Int32Array, hart: number, bits: number): void {
  const index = vcpuWord(hart, Vcpu.PENDING) >> 2;
  // ORDER: sc or, after the payload; partner: the exchange in take().
  Atomics.or(words, index, bits);
  // ORDER: after the or; partner: the compare-and-sleep in waitPending().
  Atomics.notify(words, index);
  ringBell(words, hart);
}

/** Has the vCPUs of these harts take turns on one thread, which sleeps on a bell; before the workers start. */
export function shareBell(words: Int32Array, harts: readonly number[]): void {
  // ORDER: sc stores before any worker exists; partner: the load in ringBell().
  for (const hart of harts) {
    Atomics.store(words, vcpuWord(hart, Vcpu.BELL_OFFSET) >> 2, vcpuWord(harts[0], Vcpu.BELL));
  }
}

/** Wakes the thread of a vCPU, if others share it, after there is something for it. */
export function ringBell(words: Int32Array, hart: number): void {
  // ORDER: constant after start.
  const offset = Atomics.load(words, vcpuWord(hart, Vcpu.BELL_OFFSET) >> 2);
  if (offset === 0) return;
  // ORDER: sc add after the bit or the other news; partner: readBell(), before the thread looks for any.
  Atomics.add(words, offset >> 2, 1);
  // ORDER: after the add; partner: the compare-and-sleep in waitBell().
  Atomics.notify(words, offset >> 2);
}

/** Takes all event bits of a vCPU. Only its own trampoline calls this, before it looks at payloads. */
export function take(words: Int32Array, hart: number): number {
  // ORDER: sc exchange before every payload read; partner: the or in post().
  return Atomics.exchange(words, vcpuWord(hart, Vcpu.PENDING) >> 2, 0);
}

/** Event bits that wait, left in place: the test at a safepoint. Zero acknowledges nothing. */
export function peek(words: Int32Array, hart: number): number {
  // ORDER: sc load; partner: the or in post(). A late answer only delays the event by one budget.
  return Atomics.load(words, vcpuWord(hart, Vcpu.PENDING) >> 2);
}

/**
 * Sleeps until an event bit is set, at most `timeoutMs` (`Infinity` for no limit). May return early: the
 * caller loops over take(), its wake conditions, and this.
 */
export function waitPending(words: Int32Array, hart: number, timeoutMs: number): void {
  // ORDER: compares with 0 under the wait queue's lock; partner: or then notify in post().
  Atomics.wait(words, vcpuWord(hart, Vcpu.PENDING) >> 2, 0, timeoutMs);
}

/** The same for a thread with an event loop. @returns null when a bit is set already */
export function pendingPosted(words: Int32Array, agent: number): Promise<unknown> | null {
  // ORDER: compares with 0 under the wait queue's lock; partner: or then notify in post().
  const wait = Atomics.waitAsync(words, vcpuWord(agent, Vcpu.PENDING) >> 2, 0);
  return wait.async ? wait.value : null;
}

/**
 * The bell of a thread, by its first hart; to be read before the pending words of all vCPUs of the thread are looked
 * at.
 */
export function readBell(words: Int32Array, firstHart: number): number {
  // ORDER: sc load before the looks; partner: the add in ringBell(), after the bit.
  return Atomics.load(words, vcpuWord(firstHart, Vcpu.BELL) >> 2);
}

/** Sleeps until any vCPU is posted something after {@linkcode readBell} gave `seen`, at most `timeoutMs`. */
export function waitBell(
  words: Int32Array,
  firstHart: number,
  seen: number,
  timeoutMs: number,
): void {
  // ORDER: compares under the wait queue's lock; partner: add then notify in ringBell().
  Atomics.wait(words, vcpuWord(firstHart, Vcpu.BELL) >> 2, seen, timeoutMs);
}

/** Raises interrupt lines of a hart. `lineBit` is a mask in the architecture's own bit positions. */
export function raiseInterrupt(words: Int32Array, hart: number, lineBit: number): void {
  // ORDER: sc or before post(); partner: the hart reads IRQ_LINES after take().
  Atomics.or(words, vcpuWord(hart, Vcpu.IRQ_LINES) >> 2, lineBit);
  post(words, hart, Pending.IRQ);
}

/** Lowers interrupt lines of a hart: nobody has to wake for that. `lineBit` is a mask. */
export function lowerInterrupt(words: Int32Array, hart: number, lineBit: number): void {
  // ORDER: sc and; partner: the hart reads IRQ_LINES after take().
  Atomics.and(words, vcpuWord(hart, Vcpu.IRQ_LINES) >> 2, ~lineBit);
}

/** Interrupt lines of a hart that are up. Read after take(), so that no change goes unseen. */
export function interruptLines(words: Int32Array, hart: number): number {
  // ORDER: sc load after the exchange in take(); partner: raiseInterrupt() and lowerInterrupt().
  return Atomics.load(words, vcpuWord(hart, Vcpu.IRQ_LINES) >> 2);
}
