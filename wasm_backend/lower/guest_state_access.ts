/**
 * Elements of the guest state in private memory, at constant addresses.
 */
import { elementOffset, type StateSlot } from "../../ir/guest_state.ts";
import type { ValueType } from "../../ir/types.ts";
import { GUEST_STATE } from "../abi/vcpu_layout.ts";
import { type Expression, type ModuleBuilder, wasmType } from "../module_builder.ts";

/** Bytes that accesses of a slot's elements move. */
export function stateAccessBytes(slot: StateSlot): number {
  return slot.type === "i32" ? 4 : 8;
}

/** Reads an element, as a value of `type` with the same bits. */
export function loadState(
  m: ModuleBuilder,
  slot: StateSlot,
  index: number,
  type: ValueType = slot.type,
): Expression {
  const address = m.i32(GUEST_STATE + elementOffset(slot, index));
  return m.load("cpu", stateAccessBytes(slot), false, wasmType(type), address);
}

/** Writes an element with the bits of a value of `type`. */
export function storeState(
  m: ModuleBuilder,
  slot: StateSlot,
  index: number,
  value: Expression,
  type: ValueType = slot.type,
): Expression {
  const address = m.i32(GUEST_STATE + elementOffset(slot, index));
  return m.store("cpu", stateAccessBytes(slot), wasmType(type), address, value);
}

/** Reads a control word. */
export function loadControl(m: ModuleBuilder, offset: number): Expression {
  return m.load("cpu", 4, false, wasmType("i32"), m.i32(offset));
}

/** Writes a control word. */
export function storeControl(m: ModuleBuilder, offset: number, value: Expression): Expression {
  return m.store("cpu", 4, wasmType("i32"), m.i32(offset), value);
}
