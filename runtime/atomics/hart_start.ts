/**
 * Hart states in shared memory: who may start a stopped hart, and when the started hart may look.
 *
 * REQUIREMENT. Of several harts that start the same one, exactly one succeeds and its address and argument
 * are used; the started hart never sees half of them. A hart that has stopped can be started again.
 *
 * SOLUTION. A compare-exchange STOPPED -> START_CLAIMED makes one starter the owner of the START words; it
 * writes them, then stores START_PENDING, then posts WORK. The hart starts only from START_PENDING and then
 * stores STARTED itself. Only the hart itself leaves STARTED.
 */

import { HartStart, Pending, Vcpu, vcpuWord } from "./shared_layout.ts";
import { post } from "./pending.ts";

const WORD_SHIFT = 2;

/** One of {@linkcode HartStart}. */
export type HartStartState = (typeof HartStart)[keyof typeof HartStart];

function startWord(hart: number): number {
  return vcpuWord(hart, Vcpu.HART_START) >> WORD_SHIFT;
}

/** Starts a stopped hart. @returns false when it was not stopped. */
export function tryStartHart(
  words: Int32Array,
  hart: number,
  pcLow: number,
  pcHigh: number,
  opaqueLow: number,
  opaqueHigh: number,
): boolean {
  // ORDER: sc cmpxchg before the START words; partner: other starters, and markHart(STOPPED).
  const before = Atomics.compareExchange(
    words,
    startWord(hart),
    HartStart.STOPPED,
    HartStart.START_CLAIMED,
  );
  if (before !== HartStart.STOPPED) return false;
  const pc = vcpuWord(hart, Vcpu.START_PC) >> WORD_SHIFT;
  const argument = vcpuWord(hart, Vcpu.START_ARGUMENT) >> WORD_SHIFT;
  // ORDER: sc stores before START_PENDING; partner: the started hart reads them after beginStart().
  Atomics.store(words, pc, pcLow);
  Atomics.store(words, pc + 1, pcHigh);
  Atomics.store(words, argument, opaqueLow);
  Atomics.store(words, argument + 1, opaqueHigh);
  // ORDER: sc store after the START words; partner: the exchange in beginStart().
  Atomics.store(words, startWord(hart), HartStart.START_PENDING);
  post(words, hart, Pending.WORK);
  return true;
}

/**
 * The hart itself, while it is stopped: is there a start? True once for each start; the START words are then complete,
 * and nobody writes them before the hart stops again.
 */
export function beginStart(words: Int32Array, hart: number): boolean {
  // ORDER: sc cmpxchg before the START words are read; partner: the store of START_PENDING.
  const before = Atomics.compareExchange(
    words,
    startWord(hart),
    HartStart.START_PENDING,
    HartStart.STARTED,
  );
  return before === HartStart.START_PENDING;
}

/** The hart itself says what it is now: STARTED, STOPPED or SUSPENDED. */
export function markHart(words: Int32Array, hart: number, state: HartStartState): void {
  // ORDER: sc store after everything the hart did before; partner: hartStart() and tryStartHart().
  Atomics.store(words, startWord(hart), state);
}

/** State of a hart. */
export function hartStart(words: Int32Array, hart: number): HartStartState {
  // ORDER: sc load; partner: markHart() and tryStartHart().
  return Atomics.load(words, startWord(hart)) as HartStartState;
}
