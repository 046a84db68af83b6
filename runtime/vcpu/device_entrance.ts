/**
 * The way of a vCPU's trampoline into the lock of all devices, in machines that have it. Others may hold it for long:
 * meanwhile the vCPU is IDLE, so that nobody's request waits for one that waits for a lock.
 */
import type { LockUse } from "../atomics/lock_use.ts";

/** Who enters. */
export interface Entrant {
  /** Goes IDLE. */
  rest(): void;
  /** Leaves IDLE. */
  wake(): void;
}

/** See the header of this file. */
export class DeviceEntrance {
  readonly #big: LockUse | null;
  readonly #entrant: Entrant;

  /** @param big the lock; null in machines without */
  constructor(big: LockUse | null, entrant: Entrant) {
    this.#big = big;
    this.#entrant = entrant;
  }

  /** Was the lock held when an access of guest code wanted it? */
  get wasRefused(): boolean {
    return this.#big?.wasRefused === true;
  }

  /** Takes the lock. */
  enter(): void {
    while (this.#big !== null && !this.#big.tryEnter()) this.awaitFree();
  }

  /** Gives it back. */
  leave(): void {
    this.#big?.leave();
  }

  /** Waits until the lock was given back; somebody else may be faster to take it. */
  awaitFree(): void {
    this.#entrant.rest();
    this.#big?.awaitFree();
    this.#entrant.wake();
  }
}
