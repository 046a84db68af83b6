/**
 * Time that is made of executed instructions: each takes 2^shift nanoseconds, on whichever hart.
 *
 * It takes the place of the host's clock under a machine's clock (`clock.ts`), in the one thread that has all harts.
 * Whoever reads it in the middle of a turn sees the instructions of this turn as well, so two runs in which harts
 * execute the same see the same. Beside instructions it moves only where the thread says so, while no hart runs.
 */
import type { RollingHash } from "../replay/mixing_hash.ts";
import type { Restore, StateKeeper } from "../snapshot/state_keeper.ts";
import { type HostClock, TICKS_PER_MS } from "./clock.ts";

const NANOSECONDS_PER_MS = 1_000_000;
const NANOSECONDS_PER_TICK = NANOSECONDS_PER_MS / TICKS_PER_MS;
/** What is added to whole ticks so that their number comes out of a division and a multiplication unchanged. */
const HALF_TICK = 0.5;

/** What begins when a machine whose time is counted starts, for its real-time clock: the year 2000. */
const FIRST_DATE_MS = 946_684_800_000;

/** What it needs of the hart whose turn it is. */
export interface InstructionCounter {
  /** Instructions that the hart has executed. */
  retired(): number;
}

/** See the header of this file. */
export class VirtualTime implements HostClock, StateKeeper {
  /** See `HostClock`. */
  readonly timeOrigin = 0;
  #shift: number;
  /** Time when the turn began. */
  #nanoseconds = 0;
  #running: InstructionCounter | null = null;
  /** What its hart had executed when the turn began. */
  #retiredBefore = 0;

  /** Time zero. */
  constructor(shift: number) {
    this.#shift = shift;
  }

  /** Nanoseconds since the start: exact below 2^53, a hundred days. */
  get nanoseconds(): number {
    return this.#nanoseconds + this.#executed() * this.#scale;
  }

  /** See `HostClock`. */
  now(): number {
    return (Math.floor(this.nanoseconds / NANOSECONDS_PER_TICK) + HALF_TICK) / TICKS_PER_MS;
  }

  /** See `StateKeeper`: while no hart runs. */
  save(): Restore {
    const nanoseconds = this.#nanoseconds;
    return () => {
      this.#nanoseconds = nanoseconds;
    };
  }

  /** See `StateKeeper`. */
  addTo(hash: RollingHash): void {
    hash.addNumber(this.nanoseconds);
  }

  /** Milliseconds since 1970 of the host that there seems to be. */
  date(): number {
    return FIRST_DATE_MS + Math.floor(this.nanoseconds / NANOSECONDS_PER_MS);
  }

  /** The instructions of this hart count from now on. */
  beginTurn(counter: InstructionCounter): void {
    this.#retiredBefore = counter.retired();
    this.#running = counter;
  }

  /** No hart executes any more. */
  endTurn(): void {
    this.#nanoseconds = this.nanoseconds;
    this.#running = null;
  }

  /** Moves on while no hart runs. */
  advance(nanoseconds: number): void {
    this.#nanoseconds += nanoseconds;
  }

  /** Nanoseconds until so many ticks have begun. */
  nanosecondsTo(ticks: number): number {
    const now = this.nanoseconds;
    return (Math.floor(now / NANOSECONDS_PER_TICK) + ticks) * NANOSECONDS_PER_TICK - now;
  }

  /** How many instructions take that long, or a little longer. */
  instructionsIn(nanoseconds: number): number {
    return Math.ceil(nanoseconds / this.#scale);
  }

  /** log2 of the nanoseconds of an instruction. */
  get shift(): number {
    return this.#shift;
  }

  /** Changes the speed from now on; while no hart runs. */
  set shift(shift: number) {
    this.#shift = shift;
  }

  get #scale(): number {
    return 2 ** this.#shift;
  }

  #executed(): number {
    return this.#running === null ? 0 : this.#running.retired() - this.#retiredBefore;
  }
}
