/**
 * The sampler: a loop in a worker of its own that asks every running vCPU for a sample, some thousand times a second.
 *
 * A hart that sleeps is not woken: it is counted as idle. The vCPU answers in its trampoline, at the next look at its
 * pending word, so a sample stands where that look was made: at the start of a block, usually of a loop. Ticks
 * that come late are left out, not made up for, and nothing is asked before the start and in a pause.
 */

import { isIdle } from "../atomics/agent_state.ts";
import { isPauseRequested } from "../atomics/pause.ts";
import { post } from "../atomics/pending.ts";
import { countIdle } from "../atomics/sample_ring.ts";
import { Machine, Pending, RunState } from "../atomics/shared_layout.ts";

/** Samples in a second: no multiple of what guests do on time, such as their timer interrupts. */
export const SAMPLES_PER_SECOND = 997;

const MS_PER_SECOND = 1000;
const PERIOD_MS = MS_PER_SECOND / SAMPLES_PER_SECOND;
const RUN_STATE = Machine.RUN_STATE.offset >> 2;

/** Samples until the machine has ended. Blocks its thread. */
export function runSampler(words: Int32Array, samples: Int32Array): void {
  // ORDER: constant after start; partner: main, before it started this worker.
  const harts = Atomics.load(words, Machine.HART_COUNT.offset >> 2);
  let next = performance.now();
  for (;;) {
    // ORDER: sc load; partner: the store of whoever starts or ends the machine, before its notify.
    const state = Atomics.load(words, RUN_STATE);
    if (state === RunState.ENDED) return;
    const now = performance.now();
    if (now >= next) {
      next += PERIOD_MS * (1 + Math.floor((now - next) / PERIOD_MS));
      if (state === RunState.RUNNING && !isPauseRequested(words)) sampleAll(words, samples, harts);
    }
    const patience = state === RunState.CREATED ? Infinity : Math.max(0, next - performance.now());
    // ORDER: sleeps only while the state is the one that was seen; partner: its change, before the notify.
    Atomics.wait(words, RUN_STATE, state, patience);
  }
}

/** Asks each hart that runs for a sample. */
export function sampleAll(words: Int32Array, samples: Int32Array, harts: number): void {
  for (let hart = 0; hart < harts; hart++) {
    if (isIdle(words, hart)) countIdle(samples, hart);
    else post(words, hart, Pending.SAMPLE);
  }
}
