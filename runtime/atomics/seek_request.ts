/**
 * What main asks of the thread that runs all harts, in a machine that keeps snapshots.
 *
 * REQUIREMENT. The thread looks at a question once, and at no half of one; main reads no half of an answer. While the
 * thread goes to a place, the end of the machine gets through.
 *
 * SOLUTION. A count of questions and a count of answers, as in `pause.ts`; main asks while every vCPU stands still, and
 * one thing at a time. Whoever sees a count sees what was written before it. A question that can be answered in the
 * pause is. To go somewhere the harts have to run: main ends the pause and waits for the answer; from the answer on the
 * thread executes nothing until it was paused again, which main asks for then. So the machine stands where the answer
 * says, whatever time lies between answer and pause.
 *
 * LIMITATION. Main waits asynchronously, each time together with "the machine has ended".
 */

import {
  BREAKPOINT_WORDS,
  BreakpointWord,
  Machine,
  type SeekOutcome,
  type SeekQuestion,
} from "./shared_layout.ts";
import { FIRST_OF_ALL, ringBell } from "./pending.ts";

const REQUEST = Machine.SEEK_REQUEST.offset >> 2;
const ANSWER = Machine.SEEK_ANSWER.offset >> 2;
const QUESTION = Machine.SEEK_QUESTION.offset >> 2;
const OUTCOME = Machine.SEEK_OUTCOME.offset >> 2;
const POSITION = Machine.SEEK_POSITION.offset >> 3;
const HASH = Machine.SEEK_HASH.offset >> 2;
const HART = Machine.SEEK_HART.offset >> 2;
const BREAKPOINT_COUNT = Machine.SEEK_BREAKPOINT_COUNT.offset >> 2;
const BREAKPOINTS = Machine.SEEK_BREAKPOINTS.offset >> 2;
const HALF_DIGITS = 8;
const HEX = 16;

/** An instruction that is waited for. */
export interface WaitedInstruction {
  /** Low half of its address. */
  readonly low: number;
  /** High half. */
  readonly high: number;
  /** Whose, or `ANY_HART`. */
  readonly hart: number;
}

/** A question as the thread reads it. */
export interface AskedSeek {
  /** What is asked. */
  readonly question: number;
  /** Where to go, in instructions of all harts. */
  readonly position: number;
}

/** An answer as main reads it. */
export interface SeekAnswer {
  /** How it went. */
  readonly outcome: number;
  /** Instructions of all harts: where the machine stands, or the last place that there is. */
  readonly position: number;
  /** Hash of the state, in hexadecimal digits. */
  readonly hash: string;
  /** The hart that met a breakpoint. */
  readonly hart: number;
}

/** Main's end, and that of the thread. */
export class SeekRequests {
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;

  /** @param words the machine's memory */
  constructor(words: Int32Array) {
    this.#words = words;
    this.#doubles = new Float64Array(words.buffer);
  }

  /** Asks; main, with every vCPU paused. @returns the count to wait for in SEEK_ANSWER */
  ask(
    question: SeekQuestion,
    position: number,
    breakpoints: readonly WaitedInstruction[] = [],
  ): number {
    this.#words[BREAKPOINT_COUNT] = breakpoints.length;
    breakpoints.forEach(({ low, high, hart }, index) => {
      const at = BREAKPOINTS + index * BREAKPOINT_WORDS;
      this.#words[at + BreakpointWord.PC_LOW] = low;
      this.#words[at + BreakpointWord.PC_HIGH] = high;
      this.#words[at + BreakpointWord.HART] = hart;
    });
    this.#words[QUESTION] = question;
    this.#doubles[POSITION] = position;
    // ORDER: sc add after the question; partner: the load in asked().
    const count = (Atomics.add(this.#words, REQUEST, 1) + 1) | 0;
    ringBell(this.#words, FIRST_OF_ALL);
    return count;
  }

  /** What main has asked and was not answered; null when there is nothing. The thread. */
  asked(): AskedSeek | null {
    // ORDER: sc load before the question; partner: the add in ask().
    const requested = Atomics.load(this.#words, REQUEST);
    // ORDER: own word, written by this thread alone.
    if (requested === Atomics.load(this.#words, ANSWER)) return null;
    return { question: this.#words[QUESTION], position: this.#doubles[POSITION] };
  }

  /** The breakpoints of a question that was not answered. The thread. */
  breakpoints(): WaitedInstruction[] {
    return Array.from({ length: this.#words[BREAKPOINT_COUNT] }, (_, index) => {
      const at = BREAKPOINTS + index * BREAKPOINT_WORDS;
      return {
        low: this.#words[at + BreakpointWord.PC_LOW],
        high: this.#words[at + BreakpointWord.PC_HIGH],
        hart: this.#words[at + BreakpointWord.HART],
      };
    });
  }

  /** Answers what main has asked. The thread. @param hart the one that met a breakpoint */
  answer(outcome: SeekOutcome, position: number, hash = "", hart = 0): void {
    this.#words[HART] = hart;
    this.#words[OUTCOME] = outcome;
    this.#doubles[POSITION] = position;
    this.#words[HASH] = parseInt(hash.slice(0, HALF_DIGITS), HEX) | 0;
    this.#words[HASH + 1] = parseInt(hash.slice(HALF_DIGITS), HEX) | 0;
    // ORDER: main adds only after this answer, so the count cannot move meanwhile.
    const requested = Atomics.load(this.#words, REQUEST);
    // ORDER: sc store after the answer; partner: main's wait for the count.
    Atomics.store(this.#words, ANSWER, requested);
    Atomics.notify(this.#words, ANSWER);
  }

  /** The answer to the last question; main, after it has seen its count. */
  answered(): SeekAnswer {
    const half = (index: number): string =>
      (this.#words[index] >>> 0).toString(HEX).padStart(HALF_DIGITS, "0");
    return {
      outcome: this.#words[OUTCOME],
      position: this.#doubles[POSITION],
      hash: half(HASH) + half(HASH + 1),
      hart: this.#words[HART],
    };
  }
}
