/**
 * Sets of promoted state elements: at most 64 of them in a region, so a set is two 32-bit words.
 */

/** Most elements that one region may promote. */
export const ELEMENT_LIMIT = 64;

const WORD_BITS = 32;

/** A mutable set of element numbers. */
export class ElementSet {
  /** Elements 0..31. */
  low: number;
  /** Elements 32..63. */
  high: number;

  /** A set from its words. */
  constructor(low = 0, high = 0) {
    this.low = low;
    this.high = high;
  }

  /** Is the element in the set? */
  has(element: number): boolean {
    const word = element < WORD_BITS ? this.low : this.high;
    return ((word >>> (element & (WORD_BITS - 1))) & 1) === 1;
  }

  /** Adds an element. */
  add(element: number): void {
    if (element < WORD_BITS) this.low |= 1 << element;
    else this.high |= 1 << (element - WORD_BITS);
  }

  /** Adds all elements of another set. @returns whether the set grew. */
  addAll(other: ElementSet): boolean {
    const { low, high } = this;
    this.low |= other.low;
    this.high |= other.high;
    return this.low !== low || this.high !== high;
  }

  /** The elements of this set that are not in the other. */
  without(other: ElementSet): ElementSet {
    return new ElementSet(this.low & ~other.low, this.high & ~other.high);
  }

  /** Are all elements of this set in the other? */
  isWithin(other: ElementSet): boolean {
    return (this.low & ~other.low) === 0 && (this.high & ~other.high) === 0;
  }

  /** Number of elements. */
  get size(): number {
    return this.elements().length;
  }

  /** A copy. */
  copy(): ElementSet {
    return new ElementSet(this.low, this.high);
  }

  /** Text that equal sets share. */
  get key(): string {
    return `${this.low >>> 0}.${this.high >>> 0}`;
  }

  /** The elements in ascending order. */
  elements(): number[] {
    const found: number[] = [];
    addBits(this.low, 0, found);
    addBits(this.high, WORD_BITS, found);
    return found;
  }
}

/** Appends the numbers of the bits that are set, counted from `first`. */
function addBits(word: number, first: number, found: number[]): void {
  for (let rest = word; rest !== 0; rest &= rest - 1) {
    found.push(first + WORD_BITS - 1 - Math.clz32(rest & -rest));
  }
}
