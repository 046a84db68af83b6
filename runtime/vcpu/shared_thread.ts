/**
 * Several vCPUs of a machine on one thread, or all of them: they take turns.
 *
 * REQUIREMENT. A hart that waits holds up no other, and the thread sleeps exactly while all of them wait. No event
 * is slept through, whoever posts it to whichever hart. What one vCPU waits for another to do (a remote fence, an
 * exclusive section, a code guard) gets done although the other cannot run meanwhile.
 *
 * SOLUTION. A vCPU is IDLE but for its turn, and IDLE is an answer to all requests: what is asked of it, it does when
 * its next turn begins, before its next guest instruction. So requests among the vCPUs never wait. A round looks at
 * every hart in order, first at the one behind that which ran last; one that waits and was posted nothing is passed
 * over until its time has come. When nobody could run, the thread sleeps on the bell (`pending.ts`), which was read
 * before the round.
 * Reservations end with the turn. Where this is the only thread, nothing runs between a load-reserved and its
 * store-conditional but code of the same hart, so comparing values is exact; else other threads' stores are seen as
 * the machine's scheme sees them.
 *
 * LIMITATION. An event waits until the turns before it are over, a quantum for each hart that runs.
 */
import { peek, readBell, waitBell } from "../atomics/pending.ts";
import { Attention, Departure } from "./departure.ts";
import type { Vcpu } from "./vcpu.ts";

interface Turn {
  readonly hart: number;
  readonly vcpu: Vcpu;
  /** What the vCPU said last: see `Vcpu.attend`. */
  wait: number;
  /** When the hart has waited long enough, in milliseconds of the host's clock. */
  wakesAt: number;
}

/** See the header of this file. */
export class SharedThread {
  readonly #words: Int32Array;
  readonly #firstHart: number;
  readonly #turns: readonly Turn[];
  /** Whose turn is first in the next round: a pause that cuts a round short takes no hart's turn away for good. */
  #first = 0;

  /** @param vcpus the vCPUs of the harts */
  constructor(words: Int32Array, harts: readonly number[], vcpus: readonly Vcpu[]) {
    this.#words = words;
    this.#firstHart = harts[0];
    this.#turns = vcpus.map((vcpu, at) => ({
      ...{ hart: harts[at], vcpu },
      ...{ wait: Attention.RUNS, wakesAt: 0 },
    }));
  }

  /** Runs all vCPUs until the machine ends. */
  run(): void {
    for (const { vcpu } of this.#turns) vcpu.begin();
    for (;;) {
      const bell = readBell(this.#words, this.#firstHart);
      if (this.#round() > 0) continue;
      if (this.#turns.every(({ wait }) => wait === Attention.ENDED)) return;
      waitBell(this.#words, this.#firstHart, bell, this.#shortestWait());
    }
  }

  /** Gives every hart a turn. @returns how many of them ran */
  #round(): number {
    const now = performance.now();
    let ran = 0;
    const turns = this.#turns;
    const first = this.#first;
    for (let count = 0; count < turns.length; count++) {
      const at = (first + count) % turns.length;
      const turn = turns[at];
      if (this.#isAsleep(turn, now)) continue;
      if (take(turn)) {
        ran++;
        this.#first = (at + 1) % turns.length;
      }
      if (turn.wait > 0) turn.wakesAt = now + turn.wait;
    }
    return ran;
  }

  #isAsleep({ hart, wait, wakesAt }: Turn, now: number): boolean {
    return wait > 0 && now < wakesAt && peek(this.#words, hart) === 0;
  }

  #shortestWait(): number {
    const now = performance.now();
    let shortest = Infinity;
    for (const { wait, wakesAt } of this.#turns) {
      if (wait > 0) shortest = Math.min(shortest, wakesAt - now);
    }
    return Math.max(0, shortest);
  }
}

/** One turn. @returns whether the hart executed anything */
function take(turn: Turn): boolean {
  const { vcpu } = turn;
  let ran = false;
  let goesOn = true;
  turn.wait = vcpu.attend();
  while (turn.wait === Attention.RUNS && goesOn) {
    ran = true;
    // Who leaves for another reason each time its budget is over would have its turn for ever.
    goesOn = vcpu.run() === Departure.GOES_ON && !vcpu.isBudgetUsed;
    if (goesOn) turn.wait = vcpu.attend();
  }
  vcpu.endTurn();
  return ran;
}
