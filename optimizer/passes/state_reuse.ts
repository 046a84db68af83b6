/**
 * Reads a value back from the state element that holds it, instead of keeping it beside the element.
 *
 * ```text
 * %2 = i64.add %0, %1            %2 = i64.add %0, %1
 * state.set x[5] %2         =>   state.set x[5] %2
 * %3 = i64.mul %2, %0            %4 = state.get x[5]
 *                                %3 = i64.mul %4, %0
 * ```
 *
 * The backend keeps promotable elements in locals and nests a value into its only user: here `%2` into the
 * write, where it would otherwise need a local of its own. This undoes what copy propagation did and no other
 * pass could use, so it comes last. Block-local.
 */
import { elementOffset } from "../../ir/guest_state.ts";
import type { Operation, Region, SlotAttribute, Value } from "../../ir/region.ts";
import type { Pass } from "../pass.ts";
import { replaceOperands, Rewriter } from "../rewriter.ts";

/** See the header of this file. */
export const stateReuse: Pass = {
  name: "state_reuse",
  run: (region) => region.kind === "region" ? new StateReuse(region).run() : 0,
};

class StateReuse {
  readonly #rewriter: Rewriter;
  /** Where a value is held, by its id. */
  readonly #homes: (SlotAttribute | null)[];
  /** Which value an element holds, by offset. */
  readonly #residents = new Map<number, Value>();
  /** By id: number of the block that defines the value, until something uses it. */
  readonly #unusedIn: Uint32Array;
  /** Numbers blocks from 1 as they are visited. */
  #block = 0;

  constructor(region: Region) {
    this.#rewriter = new Rewriter(region);
    this.#homes = new Array(region.operationCount).fill(null);
    this.#unusedIn = new Uint32Array(region.operationCount);
  }

  run(): number {
    return this.#rewriter.run({
      startBlock: () => this.#startBlock(),
      visit: (operation) => this.#visit(operation),
      visitEnd: (end) => {
        replaceOperands(end, this.#readBack);
        return end;
      },
    });
  }

  #startBlock(): void {
    this.#block++;
    for (const { id } of this.#residents.values()) this.#homes[id] = null;
    this.#residents.clear();
  }

  #visit(operation: Operation): Operation {
    const { opcode, operands } = operation;
    if (opcode === "state.set") {
      this.#settle(operation);
      return operation;
    }
    for (let index = 0; index < operands.length; index++) {
      operands[index] = this.#readBack(operands[index]);
    }
    if (opcode === "state.set_at") this.#evictSlot(operation.attribute as SlotAttribute);
    else if (isWorthHolding(operation)) this.#unusedIn[operation.id] = this.#block;
    return operation;
  }

  readonly #readBack = (value: Value): Value => {
    this.#unusedIn[value.id] = 0;
    const home = this.#homes[value.id];
    if (home === null) return value;
    this.#rewriter.countChange();
    return this.#rewriter.emit("state.get", value.type, [], home);
  };

  /** A write that is the first use of its value in the value's block becomes the value's home. */
  #settle({ operands, attribute }: Operation): void {
    const [value] = operands;
    const isFirstUse = this.#unusedIn[value.id] === this.#block;
    operands[0] = this.#readBack(value);
    const home = attribute as SlotAttribute;
    const element = elementOffset(home.slot, home.index);
    this.#evict(element);
    if (!isFirstUse || !home.slot.promotable) return;
    this.#residents.set(element, value);
    this.#homes[value.id] = home;
  }

  #evict(element: number): void {
    const resident = this.#residents.get(element);
    if (resident === undefined) return;
    this.#residents.delete(element);
    this.#homes[resident.id] = null;
  }

  #evictSlot({ slot }: SlotAttribute): void {
    for (let index = 0; index < slot.count; index++) this.#evict(elementOffset(slot, index));
  }
}

/** Constants and addresses are made anew at each use, reads are reads already. */
function isWorthHolding({ opcode, type, effect }: Operation): boolean {
  if (type === "void" || effect === "read") return false;
  return opcode !== "i64.const" && opcode !== "i32.const" && opcode !== "guest.pc_relative";
}
