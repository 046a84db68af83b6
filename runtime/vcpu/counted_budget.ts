/**
 * A budget of a hart whose instructions are counted: what it may execute before anything has to be looked at. It may be
 * used up in pieces, between which the machine is stopped and nothing is looked at, so that they make no difference.
 */
import type { VirtualTime } from "../machine/virtual_time.ts";
import { Departure, type Vcpu } from "./vcpu.ts";

/** Besides the values of `Departure`: a piece of the budget was executed, and nothing has happened. */
export const PIECE_USED = -1;

/** See the header of this file. */
export class CountedBudget {
  readonly #vcpu: Vcpu;
  readonly #time: VirtualTime;
  /** Instructions; below 1 when there is nothing to execute. */
  readonly size: number;
  /** What is left. A fetch that fails takes one, too. */
  #left: number;
  #executed = 0;
  #departure: number = PIECE_USED;

  /** A budget of the hart of that vCPU. */
  constructor(vcpu: Vcpu, time: VirtualTime, size: number) {
    this.#vcpu = vcpu;
    this.#time = time;
    this.size = size;
    this.#left = size;
  }

  /** Is it over, used up or not? */
  get isOver(): boolean {
    return this.#departure !== PIECE_USED;
  }

  /** Is the hart's turn over with it? A budget that went for fetches that failed gets it nowhere, and others shall. */
  get isTurnOver(): boolean {
    if (this.#departure !== Departure.BUDGET_USED) return this.#departure === Departure.TURN_OVER;
    return this.#left === 0 && this.#vcpu.isBudgetUsed && this.#executed < this.size;
  }

  /** Executes at most so many instructions of it. @returns how many it were */
  execute(limit: number): number {
    const vcpu = this.#vcpu;
    const { memory } = vcpu;
    const piece = Math.min(this.#left, limit);
    const before = memory.retired();
    this.#time.beginTurn(memory);
    const departure = vcpu.runCounted(piece);
    this.#time.endTurn();
    const executed = memory.retired() - before;
    if (executed > piece) {
      throw new Error(`A hart executed ${executed} instructions out of ${piece}`);
    }
    this.#left -= piece;
    this.#executed += executed;
    const isPieceUsed = departure === Departure.BUDGET_USED && vcpu.isBudgetUsed;
    const goesOn = isPieceUsed && this.#left > 0 && !vcpu.wantsLook;
    this.#departure = goesOn ? PIECE_USED : departure;
    return executed;
  }
}
