/**
 * How a device ends the machine: the reason and exit code are published before the run state, the run state
 * before the STOP bits, so that whoever sees ENDED also sees why.
 */

import { nextAgent, NO_AGENT } from "../atomics/agents.ts";
import { EndReason, Machine, Pending, RunState } from "../atomics/shared_layout.ts";
import { post } from "../atomics/pending.ts";

const WORD_SHIFT = 2;

/** One of the values of {@linkcode EndReason}. */
export type EndReasonCode = (typeof EndReason)[keyof typeof EndReason];

/** What a reset or power device can ask for. */
export interface PowerControl {
  /** Ends the machine; the first caller's reason and code count. */
  end(reason: EndReasonCode, exitCode: number): void;
}

/** Power control through the machine's shared words; usable from every thread. */
export class SharedPowerControl implements PowerControl {
  readonly #words: Int32Array;

  /**
   * Controls the machine whose memory is given.
   * @param words the machine's shared memory
   */
  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** Ends the machine and makes every vCPU leave for its trampoline, every I/O worker stop. */
  end(reason: EndReasonCode, exitCode: number): void {
    const words = this.#words;
    // ORDER: sc cmpxchg elects the one caller that may write the exit code; partner: the same cmpxchg.
    const first = Atomics.compareExchange(
      words,
      Machine.END_REASON.offset >> WORD_SHIFT,
      EndReason.NONE,
      reason,
    );
    if (first !== EndReason.NONE) return;
    // ORDER: sc stores, code before run state; partner: main, which reads the run state first.
    Atomics.store(words, Machine.EXIT_CODE.offset >> WORD_SHIFT, exitCode);
    Atomics.store(words, Machine.RUN_STATE.offset >> WORD_SHIFT, RunState.ENDED);
    Atomics.notify(words, Machine.RUN_STATE.offset >> WORD_SHIFT);
    this.#wakeEverybody();
  }

  #wakeEverybody(): void {
    const words = this.#words;
    let agent = nextAgent(words, NO_AGENT);
    for (; agent !== NO_AGENT; agent = nextAgent(words, agent)) post(words, agent, Pending.STOP);
    // ORDER: sc add after the run state; partner: the clock keeper's load before it waits.
    Atomics.add(words, Machine.CLOCK_KICK.offset >> WORD_SHIFT, 1);
    Atomics.notify(words, Machine.CLOCK_KICK.offset >> WORD_SHIFT);
  }
}
