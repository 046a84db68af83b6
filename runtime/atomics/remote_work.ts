/**
 * Work that one vCPU asks of others and waits for: remote fences (SBI RFENCE, broadcast TLB invalidation).
 *
 * REQUIREMENT. When the wait is over, every target has done the work or will do it before its next guest
 * instruction. Sleeping and stopped targets cost nothing. Any number of vCPUs may fence each other at once.
 *
 * SOLUTION. Per target: work bits, a count of requests, a count of requests served. The requester or-s the
 * bits, then adds to the count, then posts WORK unless the target is IDLE. The target reads the count, *then* takes the bits, does the
 * work, then publishes the count it read: every request in it had its bits set before. (Counting before the
 * bits are set, or reading the count after taking them, reports work as done that was not taken.)
 * The requester waits IDLE. So two that fence each other see each other IDLE and go on, each serving in
 * `toRunning` before its next guest instruction; no wait cycle can form, also not with stop-the-world.
 * It looks for "served or IDLE", two words, so it sleeps on a third, REMOTE_WAKE: read first, changed by the
 * target after either of both.
 *
 * LIMITATION. Only for the trampoline: no region frame of the requester may be alive. A ticket is the newest
 * count at the time of the wait, so the requester may also wait for later requests to the same target.
 */

import { isHart, nextAgent, NO_AGENT } from "./agents.ts";
import { isIdle, postUnlessIdle, toIdle, toRunning } from "./agent_state.ts";
import { Pending, RemoteWork, type SharedWord, Vcpu, vcpuWord } from "./shared_layout.ts";
import { leaveFence, type TranslationFence } from "./translation_fences.ts";

const HARTS_PER_WORD = 32;

/** A set of harts: bit `h & 31` of `low` (harts 0 to 31) or `high` (32 to 63). */
export interface HartSet {
  /** Harts 0 to 31. */
  low: number;
  /** Harts 32 to 63. */
  high: number;
}

/** Every hart that there can be, and every I/O worker: whoever stores to guest memory. */
export const ALL_HARTS: Readonly<HartSet> = { low: -1, high: -1 };

/** Whether an agent is in a set; an I/O worker is in the set of all. */
export function hasHart(set: Readonly<HartSet>, hart: number): boolean {
  if (!isHart(hart)) return set.low === ALL_HARTS.low && set.high === ALL_HARTS.high;
  const bits = hart < HARTS_PER_WORD ? set.low : set.high;
  return ((bits >>> (hart & (HARTS_PER_WORD - 1))) & 1) !== 0;
}

/**
 * Asks the targets for work ({@linkcode RemoteWork} bits) without waiting. The requester itself, if in the
 * set, is left out: it does its own part.
 */
export function requestRemote(
  words: Int32Array,
  fromHart: number,
  targets: Readonly<HartSet>,
  bits: number,
): void {
  let target = nextAgent(words, NO_AGENT);
  for (; target !== NO_AGENT; target = nextAgent(words, target)) {
    if (target === fromHart || !hasHart(targets, target)) continue;
    ask(words, target, bits);
  }
}

function ask(words: Int32Array, target: number, bits: number): void {
  // ORDER: sc or after the payload (page tables, code bytes, slots); partner: the exchange in serveRemote().
  Atomics.or(words, indexOf(target, Vcpu.REMOTE_WORK), bits);
  // ORDER: sc add after the bits, before any STATE read; partner: the count's load in serveRemote().
  Atomics.add(words, indexOf(target, Vcpu.REMOTE_REQUEST), 1);
  if (isHart(target)) postUnlessIdle(words, target, Pending.WORK);
}

/**
 * Asks the targets to drop translations, without waiting; the requester itself is left out. I/O workers, who have
 * none, are asked for nothing more precise.
 */
export function requestFence(
  words: Int32Array,
  fromHart: number,
  targets: Readonly<HartSet>,
  fence: Readonly<TranslationFence>,
): void {
  let target = nextAgent(words, NO_AGENT);
  for (; target !== NO_AGENT; target = nextAgent(words, target)) {
    if (target === fromHart || !hasHart(targets, target)) continue;
    const bits = isHart(target) ? leaveFence(words, target, fence) : RemoteWork.FLUSH_TRANSLATIONS;
    ask(words, target, bits);
  }
}

/**
 * Waits, IDLE, until every target has served all requests made so far or is IDLE; then leaves IDLE as
 * `toRunning` does, with `serve`.
 */
export function waitRemote(
  words: Int32Array,
  fromHart: number,
  targets: Readonly<HartSet>,
  serve: () => void,
): void {
  if (isRemoteDone(words, fromHart, targets)) return;
  toIdle(words, fromHart);
  let target = nextAgent(words, NO_AGENT);
  for (; target !== NO_AGENT; target = nextAgent(words, target)) {
    if (target !== fromHart && hasHart(targets, target)) awaitServed(words, target);
  }
  toRunning(words, fromHart, serve);
}

/** Whether every target has served all requests made so far or is IDLE. */
export function isRemoteDone(
  words: Int32Array,
  fromHart: number,
  targets: Readonly<HartSet>,
): boolean {
  let target = nextAgent(words, NO_AGENT);
  for (; target !== NO_AGENT; target = nextAgent(words, target)) {
    if (target === fromHart || !hasHart(targets, target)) continue;
    // ORDER: sc load after the own add in requestRemote(), so it includes the own request.
    const ticket = Atomics.load(words, indexOf(target, Vcpu.REMOTE_REQUEST));
    if (!isServed(words, target, ticket)) return false;
  }
  return true;
}

/** Does the work others asked for: only in the own trampoline. `apply` gets the work bits. */
export function serveRemote(
  words: Int32Array,
  hart: number,
  apply: (bits: number) => void,
): void {
  const done = indexOf(hart, Vcpu.REMOTE_DONE);
  // ORDER: sc load, after RUNNING when coming from IDLE, before the bits; partner: requestRemote().
  const request = Atomics.load(words, indexOf(hart, Vcpu.REMOTE_REQUEST));
  // ORDER: own word, written by this vCPU alone.
  if (request === Atomics.load(words, done)) return;
  // ORDER: sc exchange after the count; partner: the or in requestRemote().
  const bits = Atomics.exchange(words, indexOf(hart, Vcpu.REMOTE_WORK), 0);
  if (bits !== 0) apply(bits);
  // ORDER: sc store after the work; partner: isServed().
  Atomics.store(words, done, request);
  const wake = indexOf(hart, Vcpu.REMOTE_WAKE);
  // ORDER: sc add after the count; partner: awaitServed() reads it before the count.
  Atomics.add(words, wake, 1);
  // ORDER: after the add; partner: the wait in awaitServed().
  Atomics.notify(words, wake);
}

function awaitServed(words: Int32Array, target: number): void {
  const wake = indexOf(target, Vcpu.REMOTE_WAKE);
  // ORDER: sc load after the own add in requestRemote(), so it includes the own request.
  const ticket = Atomics.load(words, indexOf(target, Vcpu.REMOTE_REQUEST));
  for (;;) {
    // ORDER: sc load before both conditions; partner: the adds in serveRemote() and toIdle().
    const seen = Atomics.load(words, wake);
    if (isServed(words, target, ticket)) return;
    // ORDER: sleeps only while nothing changed since `seen`; partner: the notifies after these adds.
    Atomics.wait(words, wake, seen);
  }
}

function isServed(words: Int32Array, target: number, ticket: number): boolean {
  // ORDER: sc load; partner: the store in serveRemote().
  const done = Atomics.load(words, indexOf(target, Vcpu.REMOTE_DONE));
  return ((done - ticket) | 0) >= 0 || isIdle(words, target);
}

function indexOf(hart: number, word: SharedWord): number {
  return vcpuWord(hart, word) >> 2;
}
