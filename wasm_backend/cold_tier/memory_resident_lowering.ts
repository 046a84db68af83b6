/**
 * Lowering for code that keeps no guest state in locals: cold handlers and the frontend's functions.
 */
import type { StateSlot } from "../../ir/guest_state.ts";
import type { MemoryAttribute, Operation } from "../../ir/region.ts";
import { Vcpu } from "../../runtime/atomics/shared_layout.ts";
import { Control, GUEST_STATE } from "../abi/vcpu_layout.ts";
import { loadState, stateAccessBytes, storeState } from "../lower/guest_state_access.ts";
import { OperationLowering } from "../lower/operation_lowering.ts";
import { type Expression, wasmType } from "../module_builder.ts";

const ELEMENT_SHIFT = 3;
const BITS_PER_BYTE = 8;

/** See the header of this file. */
export abstract class MemoryResidentLowering extends OperationLowering {
  protected override stateGet(slot: StateSlot, index: number): Expression {
    return loadState(this.m, slot, index);
  }

  protected override stateSet(slot: StateSlot, index: number, value: Expression): Expression {
    return storeState(this.m, slot, index, value);
  }

  protected override stateGetAt(slot: StateSlot, index: Expression): Expression {
    const { m } = this;
    const type = wasmType(slot.type);
    const place = GUEST_STATE + slot.offset;
    return m.load("cpu", stateAccessBytes(slot), false, type, this.#scaled(index), place);
  }

  protected override stateSetAt(slot: StateSlot, index: Expression, value: Expression): Expression {
    const { m } = this;
    const type = wasmType(slot.type);
    const place = GUEST_STATE + slot.offset;
    return m.store("cpu", stateAccessBytes(slot), type, this.#scaled(index), value, place);
  }

  #scaled(index: Expression): Expression {
    return this.m.binary("i32.shl", index, this.m.i32(ELEMENT_SHIFT));
  }

  protected override machineAccess(operation: Operation): Expression {
    const { m } = this;
    switch (operation.opcode) {
      case "phys.in_ram":
        return m.call("phys_in_ram", [this.use(operation.operands[0])], wasmType("i32"));
      case "phys.load": {
        const width = (operation.attribute as MemoryAttribute).width / BITS_PER_BYTE;
        return m.call(
          "phys_load",
          [this.use(operation.operands[0]), m.i32(width)],
          wasmType("i64"),
        );
      }
      case "phys.cmpxchg": {
        const width = (operation.attribute as MemoryAttribute).width / BITS_PER_BYTE;
        const operands = operation.operands.map((operand) => this.use(operand));
        return m.call("phys_cmpxchg", [...operands, m.i32(width)], wasmType("i64"));
      }
      default:
        return this.#lines(operation);
    }
  }

  /** ORDER: one atomic access; partner: raiseInterrupt() and lowerInterrupt() of other threads. */
  #lines(operation: Operation): Expression {
    const { m } = this;
    const block = m.load("cpu", 4, false, wasmType("i32"), m.i32(Control.SHARED_BLOCK));
    const offset = Vcpu.IRQ_LINES.offset;
    if (operation.opcode === "lines.get") {
      return m.atomicLoad("ram", 4, wasmType("i32"), block, offset);
    }
    const update = operation.opcode === "lines.or" ? "or" : "and";
    const mask = this.use(operation.operands[0]);
    return m.drop(m.atomicUpdate(update, "ram", 4, wasmType("i32"), block, mask, offset));
  }
}
