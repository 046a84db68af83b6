/**
 * The agents of a machine: the threads that may store to guest memory while others run.
 *
 * REQUIREMENT. Whoever arms a page, guards code or stops the world must know every thread that could still store the
 * old way. A vCPU is one; so is a worker that carries out the guest's input and output.
 *
 * SOLUTION. An I/O worker has a block as a vCPU has, with the same words and the same promises: RUNNING while it stores
 * to guest memory, after it has served all requests; IDLE else, when it sleeps and when it waits for the host. So the
 * protocols over these words hold for it as they are; they only have to count it in. Harts come first in every loop,
 * I/O workers follow from block MAX_HARTS on.
 *
 * LIMITATION. An I/O worker is RUNNING for one bounded copy at a time, never while it waits for a file: others may wait
 * for it to become IDLE.
 */

import { Machine, MAX_HARTS } from "./shared_layout.ts";

const HART_COUNT = Machine.HART_COUNT.offset >> 2;
const IO_WORKER_COUNT = Machine.IO_WORKER_COUNT.offset >> 2;

/** No agent: before the first one, and behind the last. */
export const NO_AGENT = -1;

/** The agent that an I/O worker is. */
export function ioAgent(worker: number): number {
  return MAX_HARTS + worker;
}

/** Is the agent a vCPU? Else it is an I/O worker. */
export function isHart(agent: number): boolean {
  return agent < MAX_HARTS;
}

/** The agent behind another one, from {@linkcode NO_AGENT} to {@linkcode NO_AGENT}. */
export function nextAgent(words: Int32Array, agent: number): number {
  const next = agent + 1;
  // ORDER: constants after start.
  if (isHart(next) && next < Atomics.load(words, HART_COUNT)) return next;
  const worker = Math.max(next - MAX_HARTS, 0);
  // ORDER: constant after start.
  return worker < Atomics.load(words, IO_WORKER_COUNT) ? ioAgent(worker) : NO_AGENT;
}
