/**
 * Guest time and the timers of the harts.
 *
 * REQUIREMENT. All harts read one clock of 10 MHz that never steps back, also when one hart reads it, passes
 * a message, and another reads it then. A timer interrupt line is up exactly while time >= compare value, as
 * seen by the hart that owns it, and no deadline is lost.
 *
 * SOLUTION. Host time is `performance.now()` on the common scale of `performance.timeOrigin`; workers disagree about it by
 * microseconds, so the greatest time handed out stands in a shared word (its low 32 bits) and a reader that
 * is behind takes that one.
 * Guest time stands still while CLOCK_EPOCH is odd: before the machine's start and while it is paused. Main changes
 * it only while every vCPU stands still (`pause.ts`), so the clock keeper alone may read the time across a change; a
 * reader looks at the epoch before and after.
 * Compare values are written under the sequence lock of the hart's block. Only the hart itself moves its
 * timer lines ({@linkcode GuestClock.updateTimerLines}): one that runs looks at its deadlines whenever its trampoline
 * looks at the pending word, one that sleeps bounds its sleep by them. A writer on another hart posts TIMER, so that
 * a sleep with the old bound ends.
 *
 * LIMITATION. The shared word repeats after 2^32 ticks (seven minutes). Only a difference below
 * {@linkcode LARGEST_SKEW} counts as "behind", so a machine in which nobody read the time for exactly such a
 * period may see the clock stand still for that long, never step back.
 */

import {
  Machine,
  MAX_HARTS,
  Pending,
  type SharedWord,
  Vcpu,
  vcpuWord,
} from "../atomics/shared_layout.ts";
import { type PairPlace, readPair, writePair } from "../atomics/sequence_lock.ts";
import { interruptLines, lowerInterrupt, post, raiseInterrupt } from "../atomics/pending.ts";
import type { RollingHash } from "../replay/mixing_hash.ts";
import type { Restore, StateKeeper } from "../snapshot/state_keeper.ts";

/** Ticks of the guest's time counter in a second. */
export const TICKS_PER_SECOND = 10_000_000;
/** Ticks of the guest's time counter in a millisecond. */
export const TICKS_PER_MS = TICKS_PER_SECOND / 1000;

/** Interrupt line bits of the two timers: the architecture's interrupt numbers 5 and 7. */
const SUPERVISOR_TIMER_LINE = 1 << 5;
const MACHINE_TIMER_LINE = 1 << 7;

/** Ticks by which two workers' host clocks may differ: 100 ms. */
const LARGEST_SKEW = TICKS_PER_MS * 100;

const HALF_RANGE = 0x1_0000_0000;
const WORD_SHIFT = 2;
const DOUBLE_SHIFT = 3;

/** A compare value from here on means "never" (28 years); guests write all ones. */
const NEVER_TICKS = 2 ** 53;
/** Both halves of a timer that was never set: all ones. */
const NEVER_HALF = -1;

const TIME_LATEST = Machine.TIME_LATEST.offset >> WORD_SHIFT;
const CLOCK_KICK = Machine.CLOCK_KICK.offset >> WORD_SHIFT;
const CLOCK_EPOCH = Machine.CLOCK_EPOCH.offset >> WORD_SHIFT;
/** Bit of the epoch that says "guest time stands still". */
const STANDSTILL = 1;
const STOPPED_AT = Machine.CLOCK_STOPPED_AT.offset >> DOUBLE_SHIFT;
const TIME_OFFSET = Machine.TIME_OFFSET.offset >> DOUBLE_SHIFT;
const CLOCK_START = Machine.CLOCK_START.offset >> DOUBLE_SHIFT;

/** The host's clock as one thread sees it: `performance`, or a double in tests. */
export interface HostClock {
  /** When `now()` was 0, in milliseconds of a scale that all threads of the process share. */
  readonly timeOrigin: number;
  /** Milliseconds since then. */
  now(): number;
}

/**
 * Starts the machine's clock at tick 0 and disarms every timer. Main calls it once before the workers start.
 */
export function startClock(words: Int32Array, hostClock: HostClock = performance): void {
  const doubles = new Float64Array(words.buffer);
  doubles[CLOCK_START] = hostClock.timeOrigin + hostClock.now();
  doubles[TIME_OFFSET] = 0;
  doubles[STOPPED_AT] = 0;
  // ORDER: sc stores before any worker exists; partner: the workers' start.
  Atomics.store(words, CLOCK_EPOCH, 0);
  Atomics.store(words, TIME_LATEST, 0);
  for (const timer of [Vcpu.MACHINE_TIMER, Vcpu.SUPERVISOR_TIMER]) {
    for (const place of timerPlaces(timer)) writePair(words, place, NEVER_HALF, NEVER_HALF);
  }
}

/** Where one of the two compare values of every hart lies. */
function timerPlaces(timer: SharedWord): PairPlace[] {
  return Array.from({ length: MAX_HARTS }, (_, hart) => ({
    sequence: vcpuWord(hart, Vcpu.TIMER_SEQ),
    pair: vcpuWord(hart, timer),
  }));
}

/** The low 32 bits of a tick count as i32. */
export function lowHalf(ticks: number): number {
  return ticks | 0;
}

/** Bits 32 to 63 of a tick count as i32. */
export function highHalf(ticks: number): number {
  return Math.floor(ticks / HALF_RANGE) | 0;
}

/** An unsigned 64-bit value from its halves; rounded above 2^53, where only "far away" counts. */
export function fromHalves(low: number, high: number): number {
  return (high >>> 0) * HALF_RANGE + (low >>> 0);
}

/** One worker's view of the machine's clock and timers. */
export class GuestClock implements StateKeeper {
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  readonly #hostClock: HostClock;
  readonly #machineTimers = timerPlaces(Vcpu.MACHINE_TIMER);
  readonly #supervisorTimers = timerPlaces(Vcpu.SUPERVISOR_TIMER);
  /** Halves of the compare value that was read last. */
  readonly #pair = new Int32Array(2);
  /**
   * This thread's time origin minus the machine's start, in ms. The two are subtracted once: a sum of the
   * date and `now()` would lose the last two ticks.
   */
  readonly #originAfterStart: number;

  /**
   * Opens the clock of the machine whose memory is given.
   * @param words shared memory, after {@linkcode startClock}
   * @param hostClock the host's time; tests give their own
   */
  constructor(words: Int32Array, hostClock: HostClock = performance) {
    this.#words = words;
    this.#doubles = new Float64Array(words.buffer);
    this.#hostClock = hostClock;
    this.#originAfterStart = hostClock.timeOrigin - (this.#doubles[CLOCK_START] ?? 0);
  }

  /** Guest time in whole ticks; monotonic over all harts. */
  timeTicks(): number {
    for (;;) {
      // ORDER: sc load before offset and host time are read; partner: main's add in stop() and start().
      const epoch = Atomics.load(this.#words, CLOCK_EPOCH);
      if ((epoch & STANDSTILL) !== 0) return this.#doubles[STOPPED_AT] ?? 0;
      // ORDER: sc load before the host's clock is read, so that a thread that was held up in between does
      // not take its own delay for a difference of clocks; partner: the cmpxchg below on another thread.
      const latest = Atomics.load(this.#words, TIME_LATEST);
      const now = this.#hostTicks();
      const behind = (latest - lowHalf(now)) | 0;
      // ORDER: sc load after both were read: a time from two epochs is none; partner: as above.
      if (Atomics.load(this.#words, CLOCK_EPOCH) !== epoch) continue;
      if (behind >= 0 && behind < LARGEST_SKEW) return now + behind;
      // ORDER: sc cmpxchg forward, before this time is used; partner: the load above.
      const found = Atomics.compareExchange(this.#words, TIME_LATEST, latest, lowHalf(now));
      if (found === latest) return now;
    }
  }

  /** Sets the guest time: a write of the machine's time register. Every timer is looked at again. */
  setTime(low: number, high: number): void {
    const time = fromHalves(low, high);
    const offset = this.#doubles[TIME_OFFSET] ?? 0;
    // ORDER: plain store of an aligned double, which no 64-bit host tears; other harts see it at the latest
    // when they take the TIMER bit posted below.
    this.#doubles[TIME_OFFSET] = offset + time - this.#hostTicks();
    // ORDER: sc store after the offset; partner: the load in timeTicks().
    Atomics.store(this.#words, TIME_LATEST, lowHalf(time));
    this.kickKeeper();
    // ORDER: sc load of a constant; written by main before any worker started.
    const harts = Atomics.load(this.#words, Machine.HART_COUNT.offset >> WORD_SHIFT);
    for (let hart = 0; hart < harts; hart++) post(this.#words, hart, Pending.TIMER);
  }

  /** Stops guest time where it is. Main only, while every vCPU stands still. */
  stop(): void {
    this.#doubles[STOPPED_AT] = this.timeTicks();
    this.#changeEpoch();
  }

  /** Lets guest time go on from where it stands. Main only, while every vCPU stands still. */
  start(): void {
    const stoppedAt = this.#doubles[STOPPED_AT] ?? 0;
    const offset = this.#doubles[TIME_OFFSET] ?? 0;
    this.#doubles[TIME_OFFSET] = offset + stoppedAt - this.#unboundedTicks();
    // ORDER: sc store before the epoch; partner: the load in timeTicks().
    Atomics.store(this.#words, TIME_LATEST, lowHalf(stoppedAt));
    this.#changeEpoch();
    // ORDER: sc load after the epoch; a keeper that nobody has kicked yet has not been started.
    if (Atomics.load(this.#words, CLOCK_KICK) !== 0) this.kickKeeper();
  }

  /** Does guest time stand still? */
  get isStopped(): boolean {
    return (this.epoch & STANDSTILL) !== 0;
  }

  /** Changes whenever guest time stops and starts. */
  get epoch(): number {
    // ORDER: sc load; partner: the add in #changeEpoch().
    return Atomics.load(this.#words, CLOCK_EPOCH);
  }

  #changeEpoch(): void {
    // ORDER: sc add after time and offset were stored; partner: both loads in timeTicks().
    Atomics.add(this.#words, CLOCK_EPOCH, 1);
  }

  /** Machine timer compare value of a hart, as a number. */
  machineTimer(hart: number): number {
    return this.#compareValue(this.#machineTimers[hart]);
  }

  /** Supervisor timer compare value of a hart, as a number. */
  supervisorTimer(hart: number): number {
    return this.#compareValue(this.#supervisorTimers[hart]);
  }

  /** Copies the machine timer compare value of a hart, both halves of one write. */
  readMachineTimer(hart: number, into: { low: number; high: number }): void {
    readPair(this.#words, this.#machineTimers[hart], this.#pair);
    into.low = this.#pair[0] ?? 0;
    into.high = this.#pair[1] ?? 0;
  }

  /**
   * Sets the machine timer compare value. The caller then lets the hart look at it: `updateTimerLines` when
   * it is the hart itself, else `post(words, hart, Pending.TIMER)`.
   */
  setMachineTimer(hart: number, low: number, high: number): void {
    writePair(this.#words, this.#machineTimers[hart], low, high);
  }

  /**
   * Sets one half of the machine timer compare value: 0 for the low one, 1 for the high one. Two harts that
   * write different halves of one timer at once may lose one of them.
   */
  setMachineTimerHalf(hart: number, half: 0 | 1, value: number): void {
    readPair(this.#words, this.#machineTimers[hart], this.#pair);
    this.#pair[half] = value;
    writePair(this.#words, this.#machineTimers[hart], this.#pair[0] ?? 0, this.#pair[1] ?? 0);
  }

  /** Sets the supervisor timer compare value; the caller then acts as for `setMachineTimer`. */
  setSupervisorTimer(hart: number, low: number, high: number): void {
    writePair(this.#words, this.#supervisorTimers[hart], low, high);
  }

  /**
   * Makes both timer lines of the calling hart say whether time >= compare value. To be called by the hart
   * itself: after it took TIMER, in WFI before it sleeps, and after it wrote a compare value.
   */
  updateTimerLines(hart: number): void {
    const now = this.timeTicks();
    const lines = interruptLines(this.#words, hart);
    this.#moveLine(hart, lines, MACHINE_TIMER_LINE, now >= this.machineTimer(hart));
    this.#moveLine(hart, lines, SUPERVISOR_TIMER_LINE, now >= this.supervisorTimer(hart));
  }

  /**
   * Milliseconds until a timer line of a hart has to go up; `Infinity` when none will. 0 when a deadline has
   * passed since the last `updateTimerLines`: a hart that is about to sleep then looks again.
   */
  nextDeadlineMs(hart: number): number {
    return this.ticksToDeadline(hart) / TICKS_PER_MS;
  }

  /** The same in ticks, which are whole. */
  ticksToDeadline(hart: number): number {
    const now = this.timeTicks();
    const lines = interruptLines(this.#words, hart);
    return Math.min(
      ticksLeft(now, this.machineTimer(hart), lines & MACHINE_TIMER_LINE),
      ticksLeft(now, this.supervisorTimer(hart), lines & SUPERVISOR_TIMER_LINE),
    );
  }

  /**
   * Keeps time offset and compare values; only where time is counted, while no hart runs. The lines belong to the harts.
   * @returns brings them back
   */
  save(): Restore {
    const offset = this.#doubles[TIME_OFFSET];
    const timers = this.#timers().map((place) => {
      readPair(this.#words, place, this.#pair);
      return { place, low: this.#pair[0], high: this.#pair[1] };
    });
    return () => {
      this.#doubles[TIME_OFFSET] = offset;
      // ORDER: sc store of the time that was brought back already; partner: the load in timeTicks().
      Atomics.store(this.#words, TIME_LATEST, lowHalf(this.#hostTicks()));
      for (const { place, low, high } of timers) writePair(this.#words, place, low, high);
    };
  }

  /** Adds the same to a hash. */
  addTo(hash: RollingHash): void {
    hash.addNumber(this.#doubles[TIME_OFFSET]);
    for (const place of this.#timers()) {
      readPair(this.#words, place, this.#pair);
      hash.add(this.#pair[0]);
      hash.add(this.#pair[1]);
    }
  }

  #timers(): PairPlace[] {
    // ORDER: constant after start.
    const harts = Atomics.load(this.#words, Machine.HART_COUNT.offset >> WORD_SHIFT);
    return [...this.#machineTimers.slice(0, harts), ...this.#supervisorTimers.slice(0, harts)];
  }

  /** Makes the clock keeper look at the deadlines of all devices again. */
  kickKeeper(): void {
    // ORDER: sc add after the deadline was changed; partner: the keeper's load before it waits.
    Atomics.add(this.#words, CLOCK_KICK, 1);
    Atomics.notify(this.#words, CLOCK_KICK);
  }

  #hostTicks(): number {
    return Math.max(0, this.#unboundedTicks());
  }

  #unboundedTicks(): number {
    const offset = this.#doubles[TIME_OFFSET] ?? 0;
    const sinceStart = this.#hostClock.now() + this.#originAfterStart;
    return Math.floor(sinceStart * TICKS_PER_MS) + offset;
  }

  #moveLine(hart: number, lines: number, line: number, asserted: boolean): void {
    if (asserted === ((lines & line) !== 0)) return;
    if (asserted) raiseInterrupt(this.#words, hart, line);
    else lowerInterrupt(this.#words, hart, line);
  }

  #compareValue(place: PairPlace): number {
    readPair(this.#words, place, this.#pair);
    return fromHalves(this.#pair[0] ?? 0, this.#pair[1] ?? 0);
  }
}

function ticksLeft(now: number, compare: number, line: number): number {
  if (line !== 0 || compare >= NEVER_TICKS) return Infinity;
  return Math.max(0, compare - now);
}
