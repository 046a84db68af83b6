/**
 * Where in the past a breakpoint was met last. The past is gone through in spans, each from a snapshot to where the
 * last one began, the latest first: in a span the harts note what they meet, and the last of it is what is wanted. Then
 * the harts execute from the nearest snapshot once more, up to it.
 */
import type { WaitedInstruction } from "../atomics/seek_request.ts";
import { ANY_HART } from "../atomics/shared_layout.ts";
import type { Breakpoints, PcHalves } from "../vcpu/breakpoints.ts";

/** A hart, as far as it meets breakpoints. */
export interface WaitingHart {
  /** What it waits for. */
  readonly breakpoints: Breakpoints;
  /** Its own instructions. */
  readonly memory: { retired(): number };
}

/** A breakpoint that was met. */
export interface Meeting {
  /** By whom. */
  readonly hart: number;
  /** Instructions of all harts before that of the breakpoint. */
  readonly position: number;
  /** Instructions of that hart before it. */
  readonly retired: number;
}

/** See the header of this file. */
export class BreakpointSearch {
  readonly #harts: readonly WaitingHart[];
  readonly #addresses: readonly (readonly PcHalves[])[];
  /** Where the span ends that comes next. */
  #end: number;
  #last: Meeting | null = null;
  /** What was found, and is gone to. */
  #goal: Meeting | null = null;

  /** @param present where the past ends: what is met there does not count */
  constructor(
    harts: readonly WaitingHart[],
    waited: readonly WaitedInstruction[],
    present: number,
  ) {
    this.#harts = harts;
    this.#addresses = harts.map((_, hart) => addressesOf(waited, hart));
    this.#end = present;
  }

  /** Where the span ends that is next. */
  get end(): number {
    return this.#end;
  }

  /** What was met last in the span. */
  get last(): Meeting | null {
    return this.#last;
  }

  /** What is gone to; null while spans are gone through. */
  get goal(): Meeting | null {
    return this.#goal;
  }

  /** A span of the past is gone through, up to where the last one began; the next one ends at its begin. */
  beginSpan(begin: number): void {
    this.#end = begin;
    this.#harts.forEach(({ breakpoints }, hart) => breakpoints.note(this.#addresses[hart]));
  }

  /** A hart has executed something: did it meet a breakpoint? @param position instructions of all harts */
  note(hart: number, position: number): void {
    const { breakpoints, memory } = this.#harts[hart];
    const retired = breakpoints.takeMet();
    if (retired === null) return;
    this.#last = { hart, retired, position: position - (memory.retired() - retired) };
  }

  /** The machine is on the way to what was met; its hart is to stop there, and no other. */
  goTo(goal: Meeting): void {
    this.clear();
    this.#goal = goal;
    this.#harts[goal.hart].breakpoints.stopAt(this.#addresses[goal.hart], goal.retired);
  }

  /** No hart waits for anything any more. */
  clear(): void {
    for (const { breakpoints } of this.#harts) breakpoints.clear();
  }
}

function addressesOf(waited: readonly WaitedInstruction[], hart: number): PcHalves[] {
  return waited
    .filter((one) => one.hart === ANY_HART || one.hart === hart)
    .map(({ low, high }) => [low, high]);
}
