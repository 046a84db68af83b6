/** Time that tests let pass. */

import type { NetworkClock } from "./clock.ts";

interface Call {
  readonly at: number;
  readonly call: () => void;
}

/** See the header of this file. */
export class ManualClock implements NetworkClock {
  #now = 0;
  #calls: Call[] = [];

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, call: () => void): () => void {
    const entry = { at: this.#now + milliseconds, call };
    this.#calls.push(entry);
    return () => this.#calls = this.#calls.filter((other) => other !== entry);
  }

  /** Is a call to come? */
  get hasCalls(): boolean {
    return this.#calls.length > 0;
  }

  /** Lets time pass, with all calls in their order. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      const due = this.#calls.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#calls = this.#calls.filter((other) => other !== due);
      this.#now = Math.max(this.#now, due.at);
      due.call();
    }
    this.#now = end;
  }
}
