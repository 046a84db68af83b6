/**
 * Where values are used: decides which are nested into their only user, which get a local, and which local
 * must outlive its block.
 */
import { terminatorOperands } from "../../ir/control_flow.ts";
import type { Operation, Region } from "../../ir/region.ts";

/** Use counts of one region's values. */
export class ValueUses {
  readonly #count: number[] = [];
  readonly #definedIn: number[] = [];
  readonly #escapes: boolean[] = [];

  /** Scans the region. */
  constructor(region: Region) {
    for (const block of region.blocks) {
      for (const operation of block.operations) this.#definedIn[operation.id] = block.id;
    }
    for (const block of region.blocks) {
      const use = (value: Operation): void => this.#use(value, block.id);
      for (const operation of block.operations) operation.operands.forEach(use);
      if (block.terminator !== null) terminatorOperands(block.terminator).forEach(use);
    }
  }

  #use(value: Operation, block: number): void {
    this.#count[value.id] = (this.#count[value.id] ?? 0) + 1;
    if (this.#definedIn[value.id] !== block) this.#escapes[value.id] = true;
  }

  /** Number of uses. */
  count(value: Operation): number {
    return this.#count[value.id] ?? 0;
  }

  /** Is the value used outside its block? */
  escapes(value: Operation): boolean {
    return this.#escapes[value.id] ?? false;
  }
}
