/** Numbers for the state elements that a region uses, from 0 on: analyses keep what they know in arrays by them. */
import { elementOffset } from "../ir/guest_state.ts";
import type { SlotAttribute } from "../ir/region.ts";

/** See the header of this file. */
export class ElementNumbers {
  /** Elements by number. */
  readonly elements: SlotAttribute[] = [];
  readonly #numbers = new Map<number, number>();

  /** Number of an element, a new one if need be. */
  add({ slot, index }: SlotAttribute): number {
    const offset = elementOffset(slot, index);
    const known = this.#numbers.get(offset);
    if (known !== undefined) return known;
    const number = this.elements.push({ slot, index }) - 1;
    this.#numbers.set(offset, number);
    return number;
  }

  /** Number of an element, if it has one. */
  of({ slot, index }: SlotAttribute): number | undefined {
    return this.#numbers.get(elementOffset(slot, index));
  }
}
