/**
 * What a hart waits for before it executes its next instruction. Waiting is a state and no call: the vCPU says for how
 * long it has nothing to do, and whoever drives it sleeps, or lets others run.
 */
import { beginStart, hartStart, markHart } from "../atomics/hart_start.ts";
import { Activity, HartStart, Vcpu, vcpuWord } from "../atomics/shared_layout.ts";
import type { GuestClock } from "../machine/clock.ts";
import type { RollingHash } from "../replay/mixing_hash.ts";
import { Attention, SHORTEST_SLEEP_MS } from "./departure.ts";
import type { Restart } from "./firmware_services.ts";

/** Spin hints of the guest before its vCPU sleeps. */
const YIELDS_BEFORE_SLEEP = 64;

/** What a hart waits for. */
const Wait = {
  NOTHING: 0,
  /** An interrupt that is enabled. */
  INTERRUPT: 1,
  /** Another hart that starts it. */
  START: 2,
  /** Anything that it is posted: it then tries again. */
  NEWS: 3,
  /** Some time for others: it spins. */
  REST: 4,
} as const;

/** What a hart does that waits, by {@linkcode Wait}. A rest is over when it begins: nothing is waited for. */
const WAITING: readonly Activity[] = [
  Activity.RESTS,
  Activity.SLEEPS,
  Activity.OFF,
  Activity.STALLS,
  Activity.RESTS,
];

/** What a wait is made of. */
export interface HartWaitParts {
  /** The machine's memory. */
  readonly words: Int32Array;
  /** The hart. */
  readonly hart: number;
  /** Guest time. */
  readonly clock: GuestClock;
  /** Is an interrupt there that ends a sleep? */
  readonly hasInterrupt: () => boolean;
  /** Puts the hart to the beginning of what it is started for. */
  readonly startAt: (restart: Restart) => void;
}

/** See the header of this file. */
export class HartWait {
  readonly #parts: HartWaitParts;
  /** One of {@linkcode Wait}. */
  #waitsFor: number = Wait.NOTHING;
  /** Where the hart goes on after its wait, when not behind the call that made it wait. */
  #restart: Restart | null = null;
  /** Spin hints since the hart last rested for one. */
  #yields = 0;

  /** Of a hart that waits for nothing. */
  constructor(parts: HartWaitParts) {
    this.#parts = parts;
  }

  /** What the hart does while it waits. */
  get activity(): Activity {
    return WAITING[this.#waitsFor];
  }

  /** The machine begins: harts that were not started wait for that. */
  begin(): void {
    const { words, hart } = this.#parts;
    const isStarted = hartStart(words, hart) === HartStart.STARTED;
    this.#waitsFor = isStarted ? Wait.NOTHING : Wait.START;
  }

  /** The hart waits for an interrupt, and goes on behind the instruction that said so. */
  forInterrupt(): void {
    this.#waitsFor = Wait.INTERRUPT;
  }

  /** The hart tries again after the next news. */
  forNews(): void {
    this.#waitsFor = Wait.NEWS;
  }

  /** The hart executes nothing until another one starts it. */
  stop(): void {
    this.#waitsFor = Wait.START;
    markHart(this.#parts.words, this.#parts.hart, HartStart.STOPPED);
  }

  /** The hart sleeps until an interrupt, and then goes on at `restart`, or behind its call when that is null. */
  suspend(restart: Restart | null): void {
    this.#waitsFor = Wait.INTERRUPT;
    this.#restart = restart;
    markHart(this.#parts.words, this.#parts.hart, HartStart.SUSPENDED);
  }

  /** The guest spins: harts may outnumber the host's processors, and the one it waits for may need this one. */
  restNowAndThen(): void {
    if (++this.#yields < YIELDS_BEFORE_SLEEP) return;
    this.#yields = 0;
    this.#waitsFor = Wait.REST;
  }

  /**
   * Looks whether the wait is over; after the pending bits were taken, of which `hasNews` says if there were any.
   * @returns `Attention.RUNS`, or milliseconds to wait at most
   */
  look(hasNews: boolean): number {
    switch (this.#waitsFor) {
      case Wait.NOTHING:
        return Attention.RUNS;
      case Wait.NEWS:
        if (!hasNews) return Infinity;
        this.#waitsFor = Wait.NOTHING;
        return Attention.RUNS;
      case Wait.REST:
        this.#waitsFor = Wait.NOTHING;
        return hasNews ? Attention.RUNS : SHORTEST_SLEEP_MS;
      default:
        return this.#lookForEvent();
    }
  }

  /** Notes what is waited for. @returns a function that brings it back */
  save(): () => void {
    const [waitsFor, restart] = [this.#waitsFor, this.#restart];
    return () => {
      [this.#waitsFor, this.#restart] = [waitsFor, restart];
    };
  }

  /** Adds what is waited for to a hash of the state. */
  addTo(hash: RollingHash): void {
    hash.add(this.#waitsFor);
    for (const word of [...this.#restart?.pc ?? [], ...this.#restart?.argument ?? []]) {
      hash.add(word);
    }
  }

  /** Only the exchange in `take` acknowledges, and the condition is looked at after it. */
  #lookForEvent(): number {
    const { clock, hart } = this.#parts;
    for (;;) {
      clock.updateTimerLines(hart);
      if (this.#isEventThere()) {
        this.#answerEvent();
        return Attention.RUNS;
      }
      const left = clock.nextDeadlineMs(hart);
      if (left > 0) return left;
    }
  }

  #isEventThere(): boolean {
    const { words, hart, hasInterrupt } = this.#parts;
    return this.#waitsFor === Wait.START
      ? hartStart(words, hart) === HartStart.START_PENDING
      : hasInterrupt();
  }

  #answerEvent(): void {
    const { words, hart, startAt } = this.#parts;
    this.#waitsFor = Wait.NOTHING;
    if (beginStart(words, hart)) return startAt(this.#askedStart());
    markHart(words, hart, HartStart.STARTED);
    if (this.#restart !== null) startAt(this.#restart);
    this.#restart = null;
  }

  /** Where another hart said. */
  #askedStart(): Restart {
    const { words, hart } = this.#parts;
    const pc = vcpuWord(hart, Vcpu.START_PC) >> 2;
    const argument = vcpuWord(hart, Vcpu.START_ARGUMENT) >> 2;
    return { pc: [words[pc], words[pc + 1]], argument: [words[argument], words[argument + 1]] };
  }
}
