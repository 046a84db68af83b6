/**
 * Where values are used: decides which are nested into their only user, which get a local, and which local
 * must outlive its block.
 */
import { terminatorOperands } from "../../ir/control_flow.ts";
import type { Operation, Region } from "../../ir/region.ts";

const NO_BLOCK = -1;

/** Use counts of one region's values. */
export class ValueUses {
  /** By id of the value, like all here. */
  readonly #count: Uint32Array;
  readonly #definedIn: Int32Array;
  readonly #escapes: Uint8Array;

  /** Scans the region. */
  constructor({ blocks, operationCount }: Region) {
    this.#count = new Uint32Array(operationCount);
    this.#definedIn = new Int32Array(operationCount).fill(NO_BLOCK);
    this.#escapes = new Uint8Array(operationCount);
    for (const { id, operations } of blocks) {
      for (const operation of operations) this.#definedIn[operation.id] = id;
    }
    for (const { id, operations, terminator } of blocks) {
      for (const { operands } of operations) this.#useAll(operands, id);
      if (terminator !== null) this.#useAll(terminatorOperands(terminator), id);
    }
  }

  #useAll(values: readonly Operation[], block: number): void {
    for (const { id } of values) {
      this.#count[id]++;
      if (this.#definedIn[id] !== block) this.#escapes[id] = 1;
    }
  }

  /** Number of uses. */
  count({ id }: Operation): number {
    return this.#count[id];
  }

  /** Numbers of uses by the value's id, to be counted down. */
  counts(): Uint32Array {
    return this.#count.slice();
  }

  /** Is the value used outside its block? */
  escapes({ id }: Operation): boolean {
    return this.#escapes[id] === 1;
  }
}
