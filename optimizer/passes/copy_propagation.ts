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
 * element already holds, or of the same constant, is dropped.
 */
import { elementOffset } from "../../ir/guest_state.ts";
import type {
  CalleeAttribute,
  Operation,
  Region,
  SlotAttribute,
  Value,
  Variable,
} from "../../ir/region.ts";
import { constantOf, isConstant } from "../constants.ts";
import type { Pass } from "../pass.ts";
import { Rewriter } from "../rewriter.ts";

/** A variable or state element, numbered: variables first, then elements in layout order. */
type Location = number;

const NO_LOCATION: Location = -1;
/** Distance of neighbouring elements in a layout. */
const ELEMENT_BYTES = 8;

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
  /** All locations that something is known of, and maybe others. */
  readonly #known: Location[] = [];
  /** Those among them that calls may change. */
  readonly #exposed: Location[] = [];

  constructor(region: Region) {
    this.#rewriter = new Rewriter(region);
    this.#variableCount = region.variables.length;
  }

  run(): number {
    return this.#rewriter.run({
      startBlock: () => this.#forget(this.#known),
      visit: (operation) => this.#visit(operation),
    });
  }

  #visit(operation: Operation): Value | null {
    switch (operation.effect) {
      case "read":
        return this.#read(operation);
      case "write":
        return this.#write(operation);
      case "call":
        this.#forgetChanged(operation);
        return operation;
      default:
        return operation;
    }
  }

  #read(operation: Operation): Value {
    const location = this.#locationOf(operation);
    if (location === NO_LOCATION) return operation;
    const held = this.#held[location];
    if (held !== undefined && this.#isStillReadable(held)) return held;
    this.#hold(operation, location, operation);
    return operation;
  }

  #write(operation: Operation): Value | null {
    const location = this.#locationOf(operation);
    if (location === NO_LOCATION) {
      this.#forgetSlot(operation.attribute as SlotAttribute);
      return operation;
    }
    const value = operation.operands[0];
    if (isSame(this.#held[location], value)) return null;
    this.#hold(operation, location, value);
    return operation;
  }

  /** Is a value that was read from a location still there? Other values always are available. */
  #isStillReadable(value: Value): boolean {
    if (value.effect !== "read") return true;
    const source = this.#locationOf(value);
    return source === NO_LOCATION || this.#held[source] === value;
  }

  #hold({ attribute }: Operation, location: Location, value: Value): void {
    if (this.#held[location] === undefined) this.#known.push(location);
    this.#held[location] = value;
    const isExposed = location >= this.#variableCount &&
      !(attribute as SlotAttribute).slot.promotable;
    if (isExposed) this.#exposed.push(location);
  }

  #forget(locations: Location[]): void {
    for (const location of locations) this.#held[location] = undefined;
    locations.length = 0;
  }

  #forgetChanged({ opcode, attribute }: Operation): void {
    const isCall = opcode === "call" || opcode === "call_unless";
    const changes = isCall ? (attribute as CalleeAttribute).changes : undefined;
    if (changes === undefined) this.#forget(this.#exposed);
    else changes.forEach((slot) => this.#forgetSlot({ slot, index: 0 }));
  }

  #forgetSlot({ slot }: SlotAttribute): void {
    const first = this.#elementLocation(slot, 0);
    for (let index = 0; index < slot.count; index++) this.#held[first + index] = undefined;
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
    return this.#variableCount + elementOffset(slot, index) / ELEMENT_BYTES;
  }
}

/** Are the values known to be equal? */
function isSame(held: Value | undefined, value: Value): boolean {
  if (held === undefined || held === value) return held === value;
  return isConstant(held) && isConstant(value) && constantOf(held) === constantOf(value);
}
