/**
 * Where values are used: decides which are nested into their only user, which get a local, and which local
 * must outlive its block.
 */
import type { Operation, Region, Terminator } from "../../ir/region.ts";

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

/** Operands of a terminator, in evaluation order. */
export function terminatorOperands(terminator: Terminator): Operation[] {
  switch (terminator.kind) {
    case "jump":
    case "next":
      return [];
    case "branch":
      return [terminator.condition];
    case "switch":
      return [terminator.index];
    case "return":
      return terminator.value === null ? [] : [terminator.value];
    case "goto":
      return terminator.link === null ? [terminator.pc] : [terminator.pc, terminator.link];
    case "call":
      return [terminator.pc, terminator.link];
    case "goto_if":
      return [terminator.condition, terminator.taken, terminator.otherwise];
    case "exit":
      return [terminator.pc];
    case "trap":
      return [terminator.cause, terminator.value];
  }
}
