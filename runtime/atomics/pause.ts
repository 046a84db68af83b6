/**
 * Pausing: every vCPU stands still at an instruction boundary until main lets it go.
 *
 * REQUIREMENT. Once main has seen all acknowledgements, no vCPU touches the guest until main lets them go, and
 * main may read and write what their registers are. Sleeping vCPUs acknowledge too. No event that is posted
 * meanwhile is lost, the end of the machine gets through, and nobody who waits for a paused vCPU hangs. Main
 * may pause again at once.
 *
 * SOLUTION. One word for the machine, PAUSE, which main alone changes: odd means "stand still". Main adds one,
 * then posts PAUSE to every vCPU; so it does to let them go. A vCPU that took the bit is in its trampoline. It
 * copies its registers out and goes IDLE, which is all that code guards, remote work and exclusive sections
 * ask of it, so pausing adds no wait to theirs. Then it takes its bits, *then* reads PAUSE: odd, it
 * acknowledges that value and sleeps on its pending word; even, it goes on. A bit that was taken belongs to a
 * change that the load sees; a bit of a later change is still there. (Read before the bits are taken, PAUSE
 * may be old while its bit is gone: the vCPU sleeps for ever, or runs although it shall not.)
 * All bits that it takes meanwhile are gathered and handled when it goes on; STOP ends the standstill.
 * The machine is created with PAUSE odd, so that a vCPU that is ready is paused as well.
 * I/O workers are paused in the same way, between two requests of the guest.
 * Main asks a paused vCPU for what only its own thread can do by a count of questions beside the acknowledgement;
 * one question at a time.
 *
 * LIMITATION. A pause takes as long as the slowest vCPU needs for its quantum. Main waits asynchronously, each
 * time together with "the machine has ended".
 */

import { nextAgent, NO_AGENT } from "./agents.ts";
import { post } from "./pending.ts";
import { Machine, Pending, type SharedWord, Vcpu, vcpuWord } from "./shared_layout.ts";

const PAUSE = Machine.PAUSE.offset >> 2;
/** Bit of PAUSE that says "stand still". */
const STANDSTILL = 1;

/** Makes a machine paused from its creation; main, before any vCPU exists. */
export function beginPaused(words: Int32Array): void {
  // ORDER: sc store before the workers start; partner: the load in isToStandStill().
  Atomics.store(words, PAUSE, STANDSTILL);
}

/** Asks every vCPU to stand still, unless they were: each acknowledges {@linkcode pauseEpoch}. Main. */
export function requestPause(words: Int32Array): void {
  if (!isPauseRequested(words)) changePause(words);
}

/** Lets every vCPU go on, if they were asked to stand still. Main. */
export function releasePause(words: Int32Array): void {
  if (isPauseRequested(words)) changePause(words);
}

/** Were the vCPUs asked to stand still? */
export function isPauseRequested(words: Int32Array): boolean {
  return (pauseEpoch(words) & STANDSTILL) !== 0;
}

/** The value of PAUSE, which a vCPU that stands still has acknowledged. */
export function pauseEpoch(words: Int32Array): number {
  // ORDER: sc load by main, the word's only writer; others ask only to tell people.
  return Atomics.load(words, PAUSE);
}

function changePause(words: Int32Array): void {
  // ORDER: sc add before the posts; partner: the load in isToStandStill() after the bits were taken.
  Atomics.add(words, PAUSE, 1);
  let agent = nextAgent(words, NO_AGENT);
  for (; agent !== NO_AGENT; agent = nextAgent(words, agent)) post(words, agent, Pending.PAUSE);
}

/**
 * Whether a vCPU stands still further: to be asked after each take, IDLE, from when it took PAUSE on and before its
 * first guest instruction. The copy of the registers must have been made. It acknowledges, and answers what it is
 * asked; then the vCPU sleeps until it is posted something.
 * @param gathered all bits that were taken since PAUSE was
 * @param answer answers the question that stands in the shared words
 */
export function isToStandStill(
  words: Int32Array,
  hart: number,
  gathered: number,
  answer: () => void,
): boolean {
  // ORDER: sc load after take(); partner: the add in changePause() before its post.
  const epoch = Atomics.load(words, PAUSE);
  if ((epoch & STANDSTILL) === 0 || (gathered & Pending.STOP) !== 0) return false;
  publish(words, indexOf(hart, Vcpu.PAUSE_ACK), epoch);
  answerQuestion(words, hart, answer);
  return true;
}

/** Asks a paused vCPU the question that stands in its words; main. @returns the count to wait for in ANSWER */
export function askPaused(words: Int32Array, hart: number): number {
  // ORDER: sc add after the question; partner: the load in answerQuestion().
  const count = (Atomics.add(words, indexOf(hart, Vcpu.QUESTION), 1) + 1) | 0;
  post(words, hart, Pending.PAUSE);
  return count;
}

function answerQuestion(words: Int32Array, hart: number, answer: () => void): void {
  // ORDER: sc load after take(); partner: the add in askPaused(), before its post.
  const asked = Atomics.load(words, indexOf(hart, Vcpu.QUESTION));
  // ORDER: own word, written by this vCPU alone.
  if (asked === Atomics.load(words, indexOf(hart, Vcpu.ANSWER))) return;
  answer();
  publish(words, indexOf(hart, Vcpu.ANSWER), asked);
}

function publish(words: Int32Array, index: number, value: number): void {
  // ORDER: sc store after registers or answer; partner: main's wait for the word.
  Atomics.store(words, index, value);
  Atomics.notify(words, index);
}

function indexOf(hart: number, word: SharedWord): number {
  return vcpuWord(hart, word) >> 2;
}
