/**
 * The loop of a worker whose devices wait for events of the host as well as for doorbells: `io_thread.ts` with promises.
 *
 * It is an agent with the same promises: its pending word is what it waits on, bits are taken before anything is looked
 * at, and it is IDLE all the time but while it stores to guest memory. Between two looks at the queues events of the host
 * come in: a busy guest gets a slice of time, then the host has its turn.
 */

import { setImmediate } from "node:timers/promises";
import { isToStandStill } from "../atomics/pause.ts";
import { peek, pendingPosted, post, take } from "../atomics/pending.ts";
import { Pending } from "../atomics/shared_layout.ts";
import type { ServedDevice } from "./io_thread.ts";

/** How long queues are served before the host has its turn. */
const SLICE_MS = 2;

/** A device that also stores by itself, when something arrives. */
export interface EventDevice extends ServedDevice {
  /** From here to the next `serve` it stores nothing, and its time stands still. */
  stand(): void;
}

function noQuestions(): void {}

/** See the header of this file. */
export class EventThread {
  readonly #words: Int32Array;
  readonly #agent: number;
  readonly #device: EventDevice;

  /** The thread of an agent that is no vCPU. */
  constructor(words: Int32Array, agent: number, device: EventDevice) {
    this.#words = words;
    this.#agent = agent;
    this.#device = device;
  }

  /** Serves until the machine has ended. A machine that is paused when it begins is so before the first request. */
  async run(): Promise<void> {
    const [words, agent] = [this.#words, this.#agent];
    this.#device.stand();
    post(words, agent, Pending.PAUSE);
    for (;;) {
      let bits = take(words, agent);
      if ((bits & Pending.PAUSE) !== 0) bits = await this.#standStill(bits);
      if ((bits & Pending.STOP) !== 0) return;
      this.#serveSlice();
      await this.#posted();
    }
  }

  #serveSlice(): void {
    const [words, agent] = [this.#words, this.#agent];
    const end = performance.now() + SLICE_MS;
    let isOver = false;
    this.#device.serve(() => {
      isOver = performance.now() >= end;
      return isOver || (peek(words, agent) & (Pending.STOP | Pending.PAUSE)) !== 0;
    });
    if (isOver) post(words, agent, Pending.WORK);
  }

  async #posted(): Promise<void> {
    await (pendingPosted(this.#words, this.#agent) ?? setImmediate());
  }

  /** @returns the bits that were taken meanwhile */
  async #standStill(taken: number): Promise<number> {
    const [words, agent] = [this.#words, this.#agent];
    this.#device.stand();
    for (let gathered = taken;;) {
      gathered |= take(words, agent);
      if (!isToStandStill(words, agent, gathered, noQuestions)) return gathered & ~Pending.PAUSE;
      await this.#posted();
    }
  }
}
