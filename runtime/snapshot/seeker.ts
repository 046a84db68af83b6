/**
 * Brings the harts of a machine to any instruction that they have executed or will: it keeps snapshots at beginnings
 * of rounds, goes back to one of them, and lets the harts execute from there exactly as far as main wants.
 *
 * A place is a number of instructions of all harts; there stands who has executed so many and nothing else, although
 * time may pass before the next one. Where a snapshot is taken depends on the host's time: it costs what it costs, and
 * the guest does not see it.
 */
import { SeekOutcome, SeekQuestion } from "../atomics/shared_layout.ts";
import { FIRST_OF_ALL, ringBell } from "../atomics/pending.ts";
import { SeekRequests } from "../atomics/seek_request.ts";
import type { RepeatableJournal } from "../replay/journal.ts";
import { RollingHash } from "../replay/mixing_hash.ts";
import type { SnapshotDescription } from "../machine/snapshot_options.ts";
import { BreakpointSearch, type Meeting, type WaitingHart } from "./breakpoint_search.ts";
import { PageArchive } from "./page_archive.ts";
import { type Snapshot, SnapshotShelf } from "./snapshot_shelf.ts";
import { addMemory } from "./memory_hash.ts";
import type { Restore, StateKeeper } from "./state_keeper.ts";

/** Most snapshots; with growing gaps, far more than a day's run. */
const MOST_SNAPSHOTS = 64;
/** The harts run at least so many times as long as the last snapshot took. */
const RUN_TO_COST = 4;
/** So near the goal one more snapshot is taken: whoever went there often goes back a little next. */
const NEAR_INSTRUCTIONS = 0x40_0000;

/** The harts' thread, as far as its place is concerned. */
export interface SeekingThread {
  /** Instructions of all harts. */
  readonly instructions: number;
  /** Counted time. */
  readonly nanoseconds: number;
}

/** What a seeker is made of. */
export interface SeekerParts {
  /** The machine's memory. */
  readonly words: Int32Array;
  /** Everything that has state beside memory. */
  readonly keepers: readonly StateKeeper[];
  /** Where the machine is. */
  readonly thread: SeekingThread;
  /** Who meets breakpoints. */
  readonly harts: readonly WaitingHart[];
  /** What enters. */
  readonly journal: RepeatableJournal;
  /** How often and how much is kept. */
  readonly limits: SnapshotDescription;
}

/** See the header of this file. */
export class Seeker {
  readonly #parts: SeekerParts;
  readonly #requests: SeekRequests;
  readonly #archive: PageArchive;
  readonly #shelf: SnapshotShelf<readonly Restore[]>;
  /** Where main wants to go; null when it is there, or wants nothing. */
  #goal: number | null = null;
  /** The search for a breakpoint that was met; null when main wants none. */
  #search: BreakpointSearch | null = null;
  /** The span of the past that was to be searched has been gone through. */
  #isSpanOver = false;
  /** Main was told that the harts are there, and pauses them. */
  #isHolding = false;
  /** The place where nothing was executed, and no time has passed, since it was reached. */
  #standsAt: number | null = null;
  /** When the next snapshot may be taken, in milliseconds of the host's clock. */
  #notBefore = 0;

  /** Of a machine that has executed nothing yet. */
  constructor(parts: SeekerParts) {
    const { words, limits } = parts;
    this.#parts = parts;
    this.#requests = new SeekRequests(words);
    this.#archive = new PageArchive(words);
    this.#shelf = new SnapshotShelf({ count: MOST_SNAPSHOTS, bytes: limits.memoryBytes });
  }

  /** Looks whether main asks for something; before anything is executed. */
  look(isPaused: boolean): void {
    if (isPaused) this.#isHolding = false;
    if (this.#isSpanOver && !isPaused) return this.#searchOn();
    const isOnTheWay = this.#goal !== null || this.#search !== null;
    const asked = isOnTheWay ? null : this.#requests.asked();
    if (asked?.question === SeekQuestion.BACK && !isPaused) this.#searchBack();
    else if (asked?.question === SeekQuestion.GO && !isPaused) this.#go(asked.position);
    else if (asked?.question === SeekQuestion.HASH && isPaused) this.#tellHash();
    else if (asked === null && !isPaused && !this.#isHolding) this.#standsAt = null;
  }

  /** Have the harts come to where main wants them? Nothing is executed then before the next pause. */
  holds(): boolean {
    if (this.#goal === this.#parts.thread.instructions) this.#reach(this.#goal);
    return this.#isHolding || this.#isSpanOver;
  }

  /** A hart has executed something. */
  executed(hart: number): void {
    const search = this.#search;
    if (search === null) return;
    if (search.goal === null) search.note(hart, this.#parts.thread.instructions);
    else this.#lookForStop(search.goal);
  }

  /** Instructions until {@linkcode Seeker.holds} has to be asked. */
  instructionsLeft(): number {
    const { instructions } = this.#parts.thread;
    const met = this.#search?.goal ?? null;
    if (met !== null) return met.position + 1 - instructions;
    return this.#goal === null ? Infinity : this.#goal - instructions;
  }

  /** A round of turns begins: the moment for a snapshot. */
  beginRound(): void {
    const { instructions, nanoseconds } = this.#parts.thread;
    if (!this.#isSnapshotDue(instructions)) return;
    const begin = performance.now();
    const { keepers, journal } = this.#parts;
    const state = [...keepers.map((keeper) => keeper.save()), journal.save()];
    this.#shelf.add(
      { instructions, nanoseconds, state },
      (before) => this.#archive.changedSince(before),
    );
    const end = performance.now();
    this.#notBefore = end + RUN_TO_COST * (end - begin);
  }

  #isSnapshotDue(instructions: number): boolean {
    const before = this.#shelf.before(instructions + 1);
    if (before === undefined) return true;
    const gap = instructions - before.instructions;
    const isNearGoal = this.instructionsLeft() <= NEAR_INSTRUCTIONS;
    if (isNearGoal && gap >= NEAR_INSTRUCTIONS) return true;
    const { everyInstructions } = this.#parts.limits;
    return gap >= everyInstructions && performance.now() >= this.#notBefore;
  }

  #go(position: number): void {
    const last = this.#parts.journal.lastPlace();
    if (position > last) {
      this.#isHolding = true;
      return this.#requests.answer(SeekOutcome.BEHIND_THE_END, last);
    }
    if (this.#standsAt !== position) this.#start(position);
    this.#goal = position;
    this.holds();
  }

  /** Goes where the way begins: to a snapshot, unless the present is nearer. */
  #start(position: number): void {
    const { instructions } = this.#parts.thread;
    const snapshot = this.#shelf.before(position);
    if (snapshot === undefined) return; // nothing was executed yet
    if (instructions >= position || snapshot.instructions > instructions) this.#restore(snapshot);
  }

  #restore(snapshot: Snapshot<readonly Restore[]>): void {
    const { journal, thread } = this.#parts;
    journal.leave(thread.instructions, thread.nanoseconds);
    this.#archive.restore(this.#shelf.contentsAt(snapshot));
    for (const restore of snapshot.state) restore();
  }

  // --- back to a breakpoint -------------------------------------------------------------------------

  #searchBack(): void {
    const { harts, thread } = this.#parts;
    this.#search = new BreakpointSearch(harts, this.#requests.breakpoints(), thread.instructions);
    this.#searchOn();
  }

  /** Begins with what comes next: to go to what was met, or through the span before. Nothing is executed yet. */
  #searchOn(): void {
    const search = this.#search;
    if (search === null) return;
    this.#isSpanOver = false;
    const met = search.last;
    const end = met === null ? search.end : met.position + 1;
    const snapshot = this.#shelf.before(end);
    if (snapshot === undefined || snapshot.instructions >= end) return this.#endSearch();
    this.#restore(snapshot);
    if (met !== null) {
      this.#goal = null;
      return search.goTo(met);
    }
    search.beginSpan(snapshot.instructions);
    this.#goal = end;
  }

  /** Where a way ends: that of a search goes on when the thread is outside of all turns. */
  #reach(position: number): void {
    if (this.#search === null) return this.#arrive(position);
    this.#goal = null;
    this.#isSpanOver = true;
    ringBell(this.#parts.words, FIRST_OF_ALL);
  }

  #lookForStop({ hart, position }: Meeting): void {
    if (this.#parts.harts[hart].breakpoints.hasStopped) return this.#meet(position, hart);
    if (this.#parts.thread.instructions <= position) return;
    throw new Error(
      `Hart ${hart} did not meet the breakpoint again after ${position} instructions`,
    );
  }

  /** There may have been an interrupt since the place: the machine is not at the place itself. */
  #meet(position: number, hart: number): void {
    this.#stand(SeekOutcome.DONE, position, hart);
    this.#standsAt = null;
  }

  /** Nothing was met: the machine stands where the past begins. */
  #endSearch(): void {
    const first = this.#shelf.before(0);
    if (first !== undefined) this.#restore(first);
    this.#stand(SeekOutcome.NOT_MET, this.#parts.thread.instructions, 0);
  }

  #stand(outcome: SeekOutcome, position: number, hart: number): void {
    this.#search?.clear();
    this.#search = null;
    this.#goal = null;
    this.#isHolding = true;
    this.#requests.answer(outcome, position, "", hart);
  }

  #arrive(position: number): void {
    this.#goal = null;
    this.#isHolding = true;
    this.#standsAt = position;
    this.#requests.answer(SeekOutcome.DONE, position);
  }

  #tellHash(): void {
    const { words, keepers, thread } = this.#parts;
    const hash = new RollingHash();
    for (const keeper of keepers) keeper.addTo(hash);
    addMemory(hash, words);
    this.#requests.answer(SeekOutcome.DONE, thread.instructions, hash.text);
  }
}
