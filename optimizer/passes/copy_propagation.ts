/**
 * Replaces reads of state elements and variables by the value known to be in them. Block-local.
 *
 * ```text
 * %1 = i64.const 4096            %1 = i64.const 4096
 * state.set x[5] %1         =>   state.set x[5] %1
 * %2 = state.get x[5]            %3 = i64.add %1, %0
 * %3 = i64.add %2, %0            state.set x[5] %3
 * state.set x[5] %3
 * ```
 *
 * A value that was itself read from another element is not used any more once that element is overwritten:
 * the backend would have to copy it, while the element at hand still holds it. A write of the value that an
 * element already holds is dropped.
 */
import { elementOffset } from "../../ir/guest_state.ts";
import { opcodeRow } from "../../ir/opcodes.ts";
import type { Operation, Region, SlotAttribute, Value, Variable } from "../../ir/region.ts";
import type { Pass } from "../pass.ts";
import { Rewriter } from "../rewriter.ts";

/** A variable or state element, numbered: variables first, then elements by offset. */
type Location = number;

const NO_LOCATION: Location = -1;

/** See the header of this file. */
export const copyPropagation: Pass = {
  name: "copy_propagation",
  run: (region) => new CopyPropagation(region).run(),
};

class CopyPropagation {
  readonly #rewriter: Rewriter;
  readonly #variableCount: number;
  /** What each location is known to hold. */
  readonly #held: (Value | undefined)[] = [];
  /** Locations that `#held` knows something about. */
  readonly #known = new Set<Location>();
  /** Those among them that calls may change. */
  readonly #exposed = new Set<Location>();

  constructor(region: Region) {
    this.#rewriter = new Rewriter(region);
    this.#variableCount = region.variables.length;
  }

  run(): number {
    return this.#rewriter.run({
      startBlock: () => this.#forgetAll(this.#known),
      visit: (operation) => this.#visit(operation),
    });
  }

  #visit(operation: Operation): Value | null {
    switch (operation.opcode) {
      case "state.get":
      case "var.get":
        return this.#read(operation);
      case "state.set":
      case "var.set":
        return this.#write(operation);
      case "state.set_at":
        this.#forgetSlot(operation.attribute as SlotAttribute);
        return operation;
      default:
        if (this.#exposed.size > 0 && opcodeRow(operation.opcode).effect === "call") {
          this.#forgetAll(this.#exposed);
        }
        return operation;
    }
  }

  #read(operation: Operation): Value {
    const location = this.#locationOf(operation);
    const held = this.#held[location];
    if (held !== undefined && this.#isStillReadable(held)) return held;
    this.#hold(operation, location, operation);
    return operation;
  }

  #write(operation: Operation): Value | null {
    const location = this.#locationOf(operation);
    const value = operation.operands[0];
    if (this.#held[location] === value) return null;
    this.#hold(operation, location, value);
    return operation;
  }

  /** Is a value that was read from a location still there? Other values always are available. */
  #isStillReadable(value: Value): boolean {
    const source = this.#locationOf(value);
    return source === NO_LOCATION || this.#held[source] === value;
  }

  #hold(access: Operation, location: Location, value: Value): void {
    this.#held[location] = value;
    this.#known.add(location);
    const isState = access.opcode === "state.get" || access.opcode === "state.set";
    if (isState && !(access.attribute as SlotAttribute).slot.promotable) {
      this.#exposed.add(location);
    }
  }

  #forgetAll(locations: Set<Location>): void {
    for (const location of locations) {
      this.#held[location] = undefined;
      if (locations !== this.#known) this.#known.delete(location);
    }
    if (locations === this.#known) this.#exposed.clear();
    locations.clear();
  }

  #forgetSlot({ slot }: SlotAttribute): void {
    for (let index = 0; index < slot.count; index++) {
      const location = this.#elementLocation(slot, index);
      this.#held[location] = undefined;
      this.#known.delete(location);
      this.#exposed.delete(location);
    }
  }

  #locationOf({ opcode, attribute }: Operation): Location {
    switch (opcode) {
      case "var.get":
      case "var.set":
        return (attribute as { variable: Variable }).variable.index;
      case "state.get":
      case "state.set": {
        const { slot, index } = attribute as SlotAttribute;
        return this.#elementLocation(slot, index);
      }
      default:
        return NO_LOCATION;
    }
  }

  #elementLocation(slot: SlotAttribute["slot"], index: number): Location {
    return this.#variableCount + elementOffset(slot, index);
  }
}
