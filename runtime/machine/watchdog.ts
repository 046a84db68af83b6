/**
 * Tells a machine that hangs from one that is busy, and from one that sleeps.
 *
 * REQUIREMENT. A hart that cannot go on is found, whatever keeps it: a thread that does not come back to its
 * trampoline, a lock or an answer that never comes, an instruction that is repeated for ever, a wake-up that was
 * lost. A guest that has nothing to do is none, nor is one that loops, a pause, a console that nobody reads.
 *
 * SOLUTION. A hart goes on while it begins budgets, which it does whenever guest code has used one up, and counts. A
 * hart that sleeps until something comes (an interrupt, its start, the end of a pause, room on the console) need not,
 * as long as nothing has come: while its pending word is 0. One that does neither for {@linkcode LOOKS} looks in a
 * row hangs. Looks are counted, not time: a process that was stopped meanwhile, or a host that slept, has not looked.
 *
 * LIMITATION. A guest that waits for something that never comes looks like one that sleeps: that is its own affair.
 * So does a host that gives a thread no time at all. Where harts share a thread, all that execute hang with one.
 */
import { peek } from "../atomics/pending.ts";
import { Activity, Vcpu, vcpuWord } from "../atomics/shared_layout.ts";
import { HartCounter, hartCounters } from "../atomics/statistics_layout.ts";

/** Looks without a sign of life that make a hang. */
export const LOOKS = 8;
const MS_PER_SECOND = 1000;

/** Activities of a hart that waits for something that need not come. */
const MAY_LAST: ReadonlySet<number> = new Set([
  Activity.SLEEPS,
  Activity.OFF,
  Activity.STANDS_STILL,
  Activity.STALLS,
  Activity.ENDED,
]);

/** See the header of this file. */
export class Watchdog {
  readonly #words: Int32Array;
  readonly #onHang: (harts: readonly number[]) => void;
  readonly #budgets: Float64Array;
  /** Looks since the last sign of life, for each hart. */
  readonly #looks: Int32Array;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @param onHang is called once, with the harts that hang; the watchdog has ended then */
  constructor(words: Int32Array, hartCount: number, onHang: (harts: readonly number[]) => void) {
    this.#words = words;
    this.#onHang = onHang;
    this.#budgets = new Float64Array(hartCount).fill(-1);
    this.#looks = new Int32Array(hartCount);
  }

  /** Looks from now on, so often that a hang is told after that time. Does nothing when it looks already. */
  begin(seconds: number): void {
    this.#timer ??= setInterval(() => this.look(), seconds * MS_PER_SECOND / LOOKS);
  }

  /** Looks no more. */
  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** One look at all harts. */
  look(): void {
    for (let hart = 0; hart < this.#looks.length; hart++) {
      this.#looks[hart] = this.#isAlive(hart) ? 0 : this.#looks[hart] + 1;
    }
    const hung = [...this.#looks.keys()].filter((hart) => this.#looks[hart] >= LOOKS);
    if (hung.length === 0) return;
    this.end();
    this.#onHang(hung);
  }

  #isAlive(hart: number): boolean {
    const budgets = hartCounters(this.#words.buffer, hart)[HartCounter.BUDGETS];
    const goesOn = budgets !== this.#budgets[hart];
    this.#budgets[hart] = budgets;
    if (goesOn) return true;
    // ORDER: sc load of a value that may be old; partner: the store when the vCPU began to wait.
    const activity = Atomics.load(this.#words, vcpuWord(hart, Vcpu.ACTIVITY) >> 2);
    return MAY_LAST.has(activity) && peek(this.#words, hart) === 0;
  }
}
