/** Time as protocols see it: what it is, and calls that are made later. */

/** See the header of this file. */
export interface NetworkClock {
  /** Milliseconds since some moment. */
  now(): number;
  /** Makes a call in so many milliseconds. @returns what takes it back */
  after(milliseconds: number, call: () => void): () => void;
}

/** Least time between two looks of a timer. */
const MIN_WAIT_MS = 1;

/**
 * A call at a deadline that is often put off. The clock is asked for one call at a time: a deadline that was put off is
 * seen when the call comes, so that putting it off costs nothing.
 */
export class Timer {
  readonly #clock: NetworkClock;
  readonly #call: () => void;
  #deadline = Infinity;
  #expected = Infinity;
  #cancel: (() => void) | null = null;

  /** A timer that is not set. */
  constructor(clock: NetworkClock, call: () => void) {
    this.#clock = clock;
    this.#call = call;
  }

  /** Is it set? */
  get isSet(): boolean {
    return this.#deadline !== Infinity;
  }

  /** Sets it anew: the call is made in so many milliseconds. */
  set(milliseconds: number): void {
    this.#deadline = this.#clock.now() + milliseconds;
    if (this.#deadline < this.#expected) this.#wait();
  }

  /** No call is made. */
  clear(): void {
    this.#deadline = Infinity;
  }

  /** No call is made any more, and nothing is left with the clock. */
  end(): void {
    this.clear();
    this.#cancel?.();
    this.#cancel = null;
    this.#expected = Infinity;
  }

  #wait(): void {
    this.#cancel?.();
    this.#expected = this.#deadline;
    const milliseconds = Math.max(MIN_WAIT_MS, this.#deadline - this.#clock.now());
    this.#cancel = this.#clock.after(milliseconds, () => this.#look());
  }

  #look(): void {
    this.#cancel = null;
    this.#expected = Infinity;
    if (!this.isSet) return;
    if (this.#clock.now() < this.#deadline) return this.#wait();
    this.clear();
    this.#call();
  }
}
