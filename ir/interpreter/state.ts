/**
 * Guest state for the reference interpreter: one 64-bit cell per element of the layout.
 */
import { elementOffset, type StateLayout, type StateSlot } from "../guest_state.ts";

const CELL_BYTES = BigInt64Array.BYTES_PER_ELEMENT;

/** Elements of all slots of one guest; all zero at first. */
export class InterpreterState {
  /** Which slots there are. */
  readonly layout: StateLayout;
  readonly #cells: BigInt64Array;

  /** All elements zero. */
  constructor(layout: StateLayout) {
    this.layout = layout;
    this.#cells = new BigInt64Array(layout.bytes / CELL_BYTES);
  }

  /**
   * Element of a slot, as the signed reading of its bits.
   * @throws {RangeError} when the slot has no such element.
   */
  get(slot: StateSlot, index = 0): bigint {
    return this.#cells[this.#cell(slot, index)];
  }

  /**
   * Sets an element; the value is taken modulo the slot's width.
   * @throws {RangeError} when the slot has no such element.
   */
  set(slot: StateSlot, value: bigint, index = 0): void {
    this.#cells[this.#cell(slot, index)] = slot.type === "i32" ? BigInt.asIntN(32, value) : value;
  }

  /** Element by the slot's name, for tests. */
  read(name: string, index = 0): bigint {
    return this.get(this.layout.slot(name), index);
  }

  /** Sets an element by the slot's name, for tests. */
  write(name: string, value: bigint, index = 0): void {
    this.set(this.layout.slot(name), value, index);
  }

  /** All elements in layout order: what two runs are compared by. */
  snapshot(): BigInt64Array {
    return this.#cells.slice();
  }

  /** Goes back to a snapshot. */
  restore(snapshot: BigInt64Array): void {
    this.#cells.set(snapshot);
  }

  #cell(slot: StateSlot, index: number): number {
    if (index < 0 || index >= slot.count) {
      throw new RangeError(`Cannot access element ${index} of state slot "${slot.name}"`);
    }
    return elementOffset(slot, index) / CELL_BYTES;
  }
}
