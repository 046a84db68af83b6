/**
 * All vCPUs of a machine on one thread, with time that is counted in instructions (`-icount`).
 *
 * REQUIREMENT. What the guest sees is a function of what it executes: never of the host's speed, of when compiled
 * code arrives, or of when this thread looks at something. A timer interrupt comes before the very instruction at
 * whose count its time has come.
 *
 * SOLUTION. As in `shared_thread.ts` one vCPU runs and the others are IDLE. A turn is {@linkcode TURN_INSTRUCTIONS};
 * within it the hart gets a budget up to the next deadline of anybody, and executes exactly that, in regions and in
 * the cold tier (`run_loop.ts`). Whatever can change a deadline or a line of the hart itself (a device access, a write
 * of the compare value) makes it come back before its next instruction, for a new budget. So lines change at counts
 * alone, each change is looked at there, and coming back at other moments, for a compiled module, changes nothing.
 * When all harts wait, time goes to the next deadline: at once, or as slowly as real time does (`sleep=on`).
 * A hart whose output has no room keeps its turn, and so does one that is paused: time stands still
 * meanwhile, and the rest of the turn comes first afterwards. A round is a turn of each hart, from hart 0 on, however
 * often it is interrupted; what comes from outside enters where a round begins, through the journal
 * (`runtime/replay/journal.ts`).
 * A machine that can be taken back (`runtime/snapshot/seeker.ts`) is held at any instruction: the budget that its hart
 * has then is kept, and used up before anything else is looked at.
 *
 * LIMITATION. Input comes when it comes, unless the journal replays it; an embedder that changes registers or memory
 * in a pause changes the run. A guest that relies on what a fence would have to order (old translations, old code)
 * sees what the tiers happen to hold.
 */
import { FIRST_OF_ALL, peek, post, readBell, waitBell } from "../atomics/pending.ts";
import { Pending } from "../atomics/shared_layout.ts";
import type { TimedDevice } from "../devices/timed_device.ts";
import type { AdaptiveShift } from "../machine/adaptive_shift.ts";
import type { GuestClock } from "../machine/clock.ts";
import type { VirtualTime } from "../machine/virtual_time.ts";
import type { Journal, JournalReport } from "../replay/journal.ts";
import type { RollingHash } from "../replay/mixing_hash.ts";
import type { Seeker } from "../snapshot/seeker.ts";
import type { Restore, StateKeeper } from "../snapshot/state_keeper.ts";
import type { HostBoundary } from "./host_boundary.ts";
import { CountedBudget } from "./counted_budget.ts";
import { Attention } from "./departure.ts";
import type { Vcpu } from "./vcpu.ts";

/** Instructions of a turn. */
const TURN_INSTRUCTIONS = 50_000;
const NANOSECONDS_PER_MS = 1_000_000;
/** Bits that a hart is attended to for when it is not its turn. */
const FROM_OUTSIDE = Pending.PAUSE | Pending.STOP;

/** What the thread is made of. */
export interface CountedThreadParts {
  /** Shared memory. */
  readonly words: Int32Array;
  /** The vCPUs of harts 0, 1 and so on. */
  readonly vcpus: readonly Vcpu[];
  /** The machine's clock over {@linkcode CountedThreadParts.time}. */
  readonly clock: GuestClock;
  /** Counted time. */
  readonly time: VirtualTime;
  /** Devices that act at a time. */
  readonly timedDevices: readonly TimedDevice[];
  /** Does time pass as slowly as real time while all harts wait? */
  readonly sleeps: boolean;
  /** What sets the speed of time; null when it is constant. */
  readonly speed: AdaptiveShift | null;
  /** What enters and leaves. */
  readonly boundary: HostBoundary;
}

/** How a turn goes on behind a budget. */
const TurnStep = {
  /** With the next one. */
  GOES_ON: 0,
  /** Not at all. */
  OVER: 1,
  /** Later: the machine is paused, or where main wants it, or its output has no room. */
  INTERRUPTED: 2,
} as const;

/** See the header of this file. */
export class CountedThread implements StateKeeper {
  readonly #parts: CountedThreadParts;
  /** What each vCPU said last: see `Vcpu.attend`. */
  readonly #waits: number[];
  /** Whose turn it is. */
  #hart = 0;
  /** Count of the hart at which a turn ends that was interrupted, by a pause or a full console; else null. */
  #end: number | null = null;
  /** What the hart whose turn it is may execute; not over between two rounds of the loop when the machine is held. */
  readonly #budget: CountedBudget;
  /** Was looked at what the hart whose turn it is has put into memory, since it last executed something? */
  #hasPolled = false;
  /** Instructions of all harts. */
  #instructions = 0;
  /** What takes the machine back and forth; null when nothing does. */
  #seeker: Seeker | null = null;
  /** No hart executes any more. */
  #isOver = false;

  /** A thread that has run nothing yet. */
  constructor(parts: CountedThreadParts) {
    this.#parts = parts;
    this.#budget = new CountedBudget(parts.time);
    this.#waits = parts.vcpus.map(() => Attention.RUNS);
  }

  /** Number of the hart whose turn it is, or was last. */
  get hart(): number {
    return this.#hart;
  }

  /** Instructions of all harts. */
  get instructions(): number {
    return this.#instructions;
  }

  /** Counted time. */
  get nanoseconds(): number {
    return this.#parts.time.nanoseconds;
  }

  /** See `StateKeeper`: where a round begins. */
  save(): Restore {
    const instructions = this.#instructions;
    return () => {
      this.#instructions = instructions;
      this.#hart = 0;
      this.#end = null;
      this.#budget.drop();
      this.#hasPolled = false;
      this.#waits.fill(Attention.RUNS);
    };
  }

  /** See `StateKeeper`: anywhere. */
  addTo(hash: RollingHash): void {
    hash.addNumber(this.#instructions);
    hash.addNumber(this.#end ?? 0);
    hash.add(this.#hart);
  }

  /** Runs all vCPUs until the machine ends. @returns what main is to be told */
  run(journal: Journal, seeker: Seeker | null): JournalReport | null {
    this.#seeker = seeker;
    const { words, vcpus, speed, time, boundary } = this.#parts;
    for (const vcpu of vcpus) vcpu.begin();
    for (;;) {
      const bell = readBell(words, FIRST_OF_ALL);
      this.#answerMain();
      if (this.#waits.every((wait) => wait === Attention.ENDED)) break;
      if (this.#isHeld() || !this.#round(journal)) waitBell(words, FIRST_OF_ALL, bell, Infinity);
      else if (this.#isIdle) this.#idle(journal, bell);
      speed?.adjust();
    }
    return journal.finish(this.#instructions, time.nanoseconds, boundary.ending());
  }

  /** Main asks each vCPU to stand still, and to go on; nobody runs until all of them do. */
  get #isPaused(): boolean {
    return this.#parts.vcpus.some((vcpu) => vcpu.isStandingStill);
  }

  /** Does main not want anything to be executed now? */
  #isHeld(): boolean {
    const isPaused = this.#isPaused;
    this.#seeker?.look(isPaused);
    return isPaused || this.#isAtGoal();
  }

  /** Is the machine where main wants it? */
  #isAtGoal(): boolean {
    return this.#seeker?.holds() ?? false;
  }

  /** Do all harts wait, and was none of them posted anything in the turns behind its own? */
  get #isIdle(): boolean {
    const { words, vcpus } = this.#parts;
    const hasNews = vcpus.some((_, hart) => peek(words, hart) !== 0);
    return !this.#isOver && !hasNews && !this.#waits.includes(Attention.RUNS);
  }

  #answerMain(): void {
    const { words, vcpus } = this.#parts;
    for (let hart = 0; hart < vcpus.length; hart++) {
      if ((peek(words, hart) & FROM_OUTSIDE) === 0) continue;
      this.#attend(hart, false);
      vcpus[hart].rest();
    }
  }

  /** The end of one vCPU is that of all: nobody executes anything behind it. */
  #attend(hart: number, polls: boolean): void {
    this.#waits[hart] = this.#parts.vcpus[hart].attend(polls);
    if (this.#waits[hart] === Attention.ENDED) this.#isOver = true;
  }

  /** Gives every hart a turn, from where the round was interrupted. @returns false when it is interrupted again */
  #round(journal: Journal): boolean {
    if (this.#hart === 0 && this.#end === null && !this.#isOver) this.#begin(journal);
    for (; this.#hart < this.#waits.length; this.#hart++) {
      if (this.#isAtGoal()) return false;
      this.#serveDeadlines();
      if (this.#hasTurn(this.#hart)) this.#turn(this.#hart, journal);
      if (this.#end !== null) return false;
    }
    this.#hart = 0;
    return true;
  }

  #begin(journal: Journal): void {
    this.#seeker?.beginRound();
    const goesOn = journal.beginRound(this.#instructions, this.#parts.time.nanoseconds);
    if (!goesOn) this.#isOver = true;
  }

  #hasTurn(hart: number): boolean {
    return this.#end !== null || this.#waits[hart] <= 0 || peek(this.#parts.words, hart) !== 0;
  }

  #turn(hart: number, journal: Journal): void {
    const vcpu = this.#parts.vcpus[hart];
    const end = this.#end ?? vcpu.memory.retired() + TURN_INSTRUCTIONS;
    let step: number = TurnStep.GOES_ON;
    while (step === TurnStep.GOES_ON) step = this.#step(hart, end, journal);
    this.#end = step === TurnStep.INTERRUPTED && !this.#isOver ? end : null;
    if (this.#end !== null) return vcpu.rest();
    this.#hasPolled = false;
    vcpu.endTurn();
  }

  /** The next budget of a turn, or the rest of the last one. @returns how the turn goes on: a {@linkcode TurnStep} */
  #step(hart: number, end: number, journal: Journal): number {
    if (this.#budget.isOver) {
      if (this.#endsHere(journal)) return TurnStep.OVER;
      this.#attend(hart, !this.#hasPolled);
      this.#hasPolled = true;
      const { vcpus, boundary } = this.#parts;
      if (vcpus[hart].isStandingStill || !boundary.settle(hart)) return TurnStep.INTERRUPTED;
      if (this.#waits[hart] !== Attention.RUNS) return TurnStep.OVER;
      const size = this.#budgetSize(end - vcpus[hart].memory.retired(), journal);
      if (size <= 0) return TurnStep.OVER;
      this.#budget.begin(size);
    }
    return this.#isOver ? TurnStep.OVER : this.#useBudget(hart);
  }

  #budgetSize(left: number, journal: Journal): number {
    const untilEvent = journal.instructionsLeft(this.#instructions);
    return Math.min(left, untilEvent, this.#untilDeadline());
  }

  /** Nothing may be looked at behind the end, not even what would wake a hart. */
  #endsHere(journal: Journal): boolean {
    if (!this.#isOver && journal.endsAt(this.#instructions, this.#parts.time.nanoseconds)) {
      this.#isOver = true;
    }
    return this.#isOver;
  }

  /** Executes the budget, unless main wants the machine to stop before that. @returns a {@linkcode TurnStep} */
  #useBudget(hart: number): number {
    const vcpu = this.#parts.vcpus[hart];
    vcpu.wake();
    while (!this.#budget.isOver) {
      if (this.#isAtGoal()) return TurnStep.INTERRUPTED;
      const left = this.#seeker?.instructionsLeft() ?? Infinity;
      this.#instructions += this.#budget.execute(vcpu, left);
      this.#seeker?.executed(hart);
    }
    this.#hasPolled = false;
    const isAtGoal = this.#isAtGoal();
    if (!isAtGoal) this.#serveDeadlines();
    if (this.#budget.endsTurnOf(vcpu)) return TurnStep.OVER;
    return isAtGoal ? TurnStep.INTERRUPTED : TurnStep.GOES_ON;
  }

  // --- time -----------------------------------------------------------------------------------------

  /** Instructions until a line of any hart has to go up, or a device has to act. */
  #untilDeadline(): number {
    return this.#parts.time.instructionsIn(this.#nanosecondsLeft());
  }

  #nanosecondsLeft(): number {
    const { vcpus, clock, time, timedDevices } = this.#parts;
    let left = Infinity;
    for (let hart = 0; hart < vcpus.length; hart++) {
      left = Math.min(left, time.nanosecondsTo(clock.ticksToDeadline(hart)));
    }
    for (const device of timedDevices) {
      left = Math.min(left, Math.ceil(device.millisecondsLeft() * NANOSECONDS_PER_MS));
    }
    return left;
  }

  #serveDeadlines(): void {
    const { vcpus, clock, words, timedDevices } = this.#parts;
    for (const device of timedDevices) device.expire();
    for (let hart = 0; hart < vcpus.length; hart++) {
      if (clock.ticksToDeadline(hart) === 0) post(words, hart, Pending.TIMER);
    }
  }

  // --- when nobody runs -----------------------------------------------------------------------------

  /** All harts wait: for a deadline, or for what comes from outside. */
  #idle(journal: Journal, bell: number): void {
    const { words, time, sleeps } = this.#parts;
    const quiet = journal.nanosecondsLeft(this.#instructions, time.nanoseconds);
    const left = Math.min(this.#nanosecondsLeft(), quiet);
    if (left <= 0) return;
    const isAtOnce = left < Infinity && (journal.isReplay || !sleeps);
    if (isAtOnce) return time.advance(left);
    journal.rest();
    const begin = performance.now();
    waitBell(words, FIRST_OF_ALL, bell, left / NANOSECONDS_PER_MS);
    if (left === Infinity) return;
    const slept = Math.floor((performance.now() - begin) * NANOSECONDS_PER_MS);
    time.advance(Math.min(left, slept));
  }
}
