/** The host's time, which stands still while the machine does. */

import type { NetworkClock } from "./clock.ts";

/** See the header of this file. */
export class HostClock implements NetworkClock {
  /** When it was stopped; null while it goes. */
  #stoppedAt: number | null = null;
  /** How long it stood in all. */
  #stood = 0;

  /** See `NetworkClock`. */
  now(): number {
    return (this.#stoppedAt ?? performance.now()) - this.#stood;
  }

  /** See `NetworkClock`. A call may come early when the clock stood meanwhile: timers look at the time. */
  after(milliseconds: number, call: () => void): () => void {
    const timer = setTimeout(call, milliseconds);
    return () => clearTimeout(timer);
  }

  /** Lets time stand still. */
  stop(): void {
    this.#stoppedAt ??= performance.now();
  }

  /** Lets time go on. */
  start(): void {
    if (this.#stoppedAt === null) return;
    this.#stood += performance.now() - this.#stoppedAt;
    this.#stoppedAt = null;
  }
}
