/**
 * A budget of a hart whose instructions are counted: what it may execute before anything has to be looked at. It may be
 * used up in pieces, between which the machine is stopped and nothing is looked at, so that they make no difference.
 */
import { Control } from "../../wasm_backend/abi/vcpu_layout.ts";
import type { VirtualTime } from "../machine/virtual_time.ts";
import { Departure } from "./departure.ts";
import type { Vcpu } from "./vcpu.ts";

/** Besides the values of `Departure`: a piece of the budget was executed, and nothing has happened. */
const PIECE_USED = -1;

/** The budget of one hart after the other. See the header of this file. */
export class CountedBudget {
  readonly #time: VirtualTime;
  #size = 0;
  /** What is left. A fetch that fails takes one, too. */
  #left = 0;
  #executed = 0;
  #departure: number = Departure.BUDGET_USED;

  /** Nobody has one yet. @param time what the instructions are counted in */
  constructor(time: VirtualTime) {
    this.#time = time;
  }

  /** A hart gets so many instructions. */
  begin(size: number): void {
    this.#size = size;
    this.#left = size;
    this.#executed = 0;
    this.#departure = PIECE_USED;
  }

  /** Is it over, used up or not? */
  get isOver(): boolean {
    return this.#departure !== PIECE_USED;
  }

  /** It is over, whatever is left. */
  drop(): void {
    this.#departure = Departure.BUDGET_USED;
  }

  /**
   * Is the turn of its hart over with it? A budget that went for fetches that failed gets the hart nowhere, and the
   * others shall.
   */
  endsTurnOf(vcpu: Vcpu): boolean {
    if (this.#departure !== Departure.BUDGET_USED) return this.#departure === Departure.TURN_OVER;
    return this.#left === 0 && vcpu.isBudgetUsed && this.#executed < this.#size;
  }

  /** Executes at most so many instructions of it. @returns how many it were */
  execute(vcpu: Vcpu, limit: number): number {
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
    const { hasStopped } = vcpu.breakpoints;
    this.#left -= hasStopped ? piece - memory.control(Control.BUDGET) : piece;
    this.#executed += executed;
    const isPieceUsed = departure === Departure.BUDGET_USED && (vcpu.isBudgetUsed || hasStopped);
    const goesOn = isPieceUsed && this.#left > 0 && !vcpu.wantsLook;
    this.#departure = goesOn ? PIECE_USED : departure;
    return executed;
  }
}
