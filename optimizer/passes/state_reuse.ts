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
import { opcodeRow } from "../../ir/opcodes.ts";
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
  #homes = new Map<number, SlotAttribute>();
  /** Which value an element holds, by offset. */
  #residents = new Map<number, Value>();
  /** Values of this block that nothing has used yet, so that the write may be their only user. */
  #unused = new Set<Value>();

  constructor(region: Region) {
    this.#rewriter = new Rewriter(region);
  }

  run(): number {
    return this.#rewriter.run({
      startBlock: () => {
        this.#homes.clear();
        this.#residents.clear();
        this.#unused.clear();
      },
      visit: (operation) => this.#visit(operation),
      visitEnd: (end) => {
        replaceOperands(end, (value) => this.#readBack(value));
        return end;
      },
    });
  }

  #visit(operation: Operation): Operation {
    const { opcode, operands } = operation;
    const wasUnused = opcode === "state.set" && this.#unused.has(operands[0]);
    for (let index = 0; index < operands.length; index++) {
      operands[index] = this.#readBack(operands[index]);
    }
    if (opcode === "state.set") this.#settle(operation, wasUnused);
    else if (opcode === "state.set_at") this.#evictSlot(operation.attribute as SlotAttribute);
    else if (isWorthHolding(operation)) this.#unused.add(operation);
    return operation;
  }

  #readBack(value: Value): Value {
    this.#unused.delete(value);
    const home = this.#homes.get(value.id);
    if (home === undefined) return value;
    this.#rewriter.countChange();
    return this.#rewriter.emit("state.get", value.type, [], home);
  }

  #settle({ operands: [value], attribute }: Operation, isFirstUse: boolean): void {
    const home = attribute as SlotAttribute;
    const element = elementOffset(home.slot, home.index);
    this.#evict(element);
    if (!isFirstUse || !home.slot.promotable) return;
    this.#residents.set(element, value);
    this.#homes.set(value.id, home);
  }

  #evict(element: number): void {
    const resident = this.#residents.get(element);
    if (resident === undefined) return;
    this.#residents.delete(element);
    this.#homes.delete(resident.id);
  }

  #evictSlot({ slot }: SlotAttribute): void {
    for (let index = 0; index < slot.count; index++) this.#evict(elementOffset(slot, index));
  }
}

/** Constants and addresses are made anew at each use, reads are reads already. */
function isWorthHolding({ opcode, type }: Operation): boolean {
  if (type === "void" || opcode === "i64.const" || opcode === "i32.const") return false;
  return opcode !== "guest.pc_relative" && opcodeRow(opcode).effect !== "read";
}
