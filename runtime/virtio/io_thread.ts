/**
 * The loop of an I/O worker: it sleeps until a doorbell rings, serves the queues that are its own, and stands still in
 * a pause of the machine.
 *
 * It is an agent (`agents.ts`): its pending word is what it sleeps on, with the rule of vCPUs that bits are taken
 * before anything is looked at. It is IDLE all the time but while it stores to guest memory. Between two requests it
 * looks whether the machine is to end or to stand still; a request that was begun is finished first. Its queues take
 * turns, so that one that never becomes empty leaves the others theirs.
 */

import { isToStandStill } from "../atomics/pause.ts";
import { peek, post, take, waitPending } from "../atomics/pending.ts";
import { Pending } from "../atomics/shared_layout.ts";

/** What an I/O worker serves. */
export interface ServedDevice {
  /**
   * Serves what the guest has asked for.
   * @param isWanted is something wanted of the worker? Then it comes back soon
   */
  serve(isWanted: () => boolean): void;
  /** The machine has stood still, and goes on. */
  resumed?(): void;
}

/** Requests of a queue that are served before it is the next one's turn. */
const TURN_REQUESTS = 16;

function noQuestions(): void {}

/** See the header of this file. */
export class IoThread {
  readonly #words: Int32Array;
  readonly #agent: number;
  readonly #devices: readonly ServedDevice[];

  /** The thread of an agent that is no vCPU. */
  constructor(words: Int32Array, agent: number, devices: readonly ServedDevice[]) {
    this.#words = words;
    this.#agent = agent;
    this.#devices = devices;
  }

  /** Serves until the machine has ended. A machine that is paused when it begins is so before the first request. */
  run(): void {
    const [words, agent] = [this.#words, this.#agent];
    const isWanted = (): boolean => (peek(words, agent) & (Pending.STOP | Pending.PAUSE)) !== 0;
    post(words, agent, Pending.PAUSE);
    for (;;) {
      let bits = take(words, agent);
      if ((bits & Pending.PAUSE) !== 0) bits = this.#standStill(bits);
      if ((bits & Pending.STOP) !== 0) return;
      if (!this.#serveInTurn(isWanted)) waitPending(words, agent, Infinity);
    }
  }

  /** @returns has anyone more than a turn's work? */
  #serveInTurn(isWanted: () => boolean): boolean {
    let isMore = false;
    for (const device of this.#devices) {
      let requests = 0;
      device.serve(() => {
        const isOver = ++requests === TURN_REQUESTS;
        isMore ||= isOver;
        return isOver || isWanted();
      });
    }
    return isMore;
  }

  /** @returns the bits that were taken meanwhile */
  #standStill(taken: number): number {
    const [words, agent] = [this.#words, this.#agent];
    for (let gathered = taken;;) {
      gathered |= take(words, agent);
      if (!isToStandStill(words, agent, gathered, noQuestions)) {
        for (const device of this.#devices) device.resumed?.();
        return gathered & ~Pending.PAUSE;
      }
      waitPending(words, agent, Infinity);
    }
  }
}
