/**
 * What is known of the upper half of 64-bit values.
 */
import { type Opcode, OPCODES } from "../ir/opcodes.ts";
import type { MemoryAttribute, Value } from "../ir/region.ts";
import { constantOf } from "./constants.ts";

/** Facts; a value may have several, as bits. */
export const ExtensionFact = {
  /** Nothing is known. */
  NONE: 0,
  /** The value is the sign extension of its low 32 bits. */
  SIGN: 1,
  /** The value is the zero extension of its low 32 bits. */
  ZERO: 2,
  /** Both, which is to say: `0..2^31-1`. */
  BOTH: 3,
} as const;

const { NONE, SIGN, ZERO, BOTH } = ExtensionFact;

const WORD_BITS = 32n;
const SHIFT_MASK = 63n;
const LARGEST_SIGNED = 2n ** 31n - 1n;
const LARGEST_UNSIGNED = 2n ** 32n - 1n;

/** Bits of a word of the memory that hold facts; the number of the look stands above them. */
const FACT_BITS = 2;
const FACT_MASK = (1 << FACT_BITS) - 1;

/** Facts of the values of one region, found on demand and kept. */
export class ExtensionFacts {
  /** By id of the value: its facts, and the look in which they were found. */
  #known: Uint32Array;
  readonly #ofRead: (read: Value) => number;
  #look = 1;

  /**
   * Starts with facts of the reads of state; nothing is known of them when absent. Values that come later may have
   * numbers from `values` on.
   */
  constructor(values: number, ofRead: (read: Value) => number = () => NONE) {
    this.#known = new Uint32Array(values);
    this.#ofRead = ofRead;
  }

  /** What is known of reads has changed: all is found anew. */
  lookAgain(): void {
    this.#look++;
  }

  /** Facts of a value. */
  of(value: Value): number {
    const { id } = value;
    const known = this.#known[id] ?? 0;
    if (known >>> FACT_BITS === this.#look) return known & FACT_MASK;
    const facts = this.#find(value);
    if (id >= this.#known.length) this.#grow(id);
    this.#known[id] = this.#look << FACT_BITS | facts;
    return facts;
  }

  /** Is that fact known of the value? */
  has(value: Value, fact: number): boolean {
    return (this.of(value) & fact) === fact;
  }

  #grow(id: number): void {
    const known = new Uint32Array(2 * id + 1);
    known.set(this.#known);
    this.#known = known;
  }

  #find(value: Value): number {
    const { opcode, operands, attribute } = value;
    switch (opcode) {
      case "state.get":
        return this.#ofRead(value);
      case "i64.const":
        return ofConstant((attribute as { constant: bigint }).constant);
      case "i64.extend_i32_s":
        return isNonNegative(operands[0]) ? BOTH : SIGN;
      case "i64.extend_i32_u":
        return isNonNegative(operands[0]) ? BOTH : ZERO;
      case "i64.extend8_s":
      case "i64.extend16_s":
      case "i64.extend32_s":
        return SIGN;
      case "i64.clz":
      case "i64.ctz":
      case "i64.popcnt":
      case "guest.store_conditional":
        return BOTH;
      case "guest.load":
      case "phys.load":
        return ofLoad(attribute as MemoryAttribute);
      case "guest.rmw":
      case "guest.cmpxchg":
      case "guest.load_reserved":
        return (attribute as MemoryAttribute).width <= WORD_BITS ? SIGN : NONE;
      case "i64.and":
        return this.#ofAnd(this.of(operands[0]), this.of(operands[1]));
      case "i64.or":
      case "i64.xor":
        return this.of(operands[0]) & this.of(operands[1]);
      case "i64.select":
        return this.of(operands[1]) & this.of(operands[2]);
      case "i64.shr_s":
      case "i64.shr_u":
        return this.#ofRightShift(opcode, operands);
      default:
        return NONE;
    }
  }

  #ofAnd(a: number, b: number): number {
    if (a === BOTH || b === BOTH) return BOTH;
    return (a & b & SIGN) | ((a | b) & ZERO);
  }

  #ofRightShift(opcode: "i64.shr_s" | "i64.shr_u", [value, by]: Value[]): number {
    const constant = constantOf(by);
    if (constant === null) return NONE;
    const amount = constant & SHIFT_MASK;
    const facts = this.of(value);
    if (opcode === "i64.shr_s") return amount >= WORD_BITS ? facts | SIGN : facts;
    if (amount > WORD_BITS) return BOTH;
    if (amount === WORD_BITS) return facts === BOTH ? BOTH : ZERO;
    return amount > 0n ? ((facts & ZERO) === 0 ? NONE : BOTH) : facts;
  }
}

function ofConstant(constant: bigint): number {
  const isSign = constant === BigInt.asIntN(32, constant);
  const isZero = constant >= 0n && constant <= LARGEST_UNSIGNED;
  return (isSign ? SIGN : NONE) | (isZero ? ZERO : NONE);
}

function ofLoad({ width, signed }: MemoryAttribute): number {
  if (width > WORD_BITS) return NONE;
  if (signed) return SIGN;
  return width < WORD_BITS ? BOTH : ZERO;
}

/** What their names end in. */
const COUNTS_AND_COMPARISONS = /\.(eqz?|ne|lt_[su]|ge_[su]|lt|le|clz|ctz|popcnt)$|^phys\.in_ram$/;
const SMALL_RESULTS: ReadonlySet<Opcode> = new Set(
  (Object.keys(OPCODES) as Opcode[]).filter((opcode) => COUNTS_AND_COMPARISONS.test(opcode)),
);

/** Is an i32 known not to be negative? */
function isNonNegative({ opcode, operands, effect }: Value): boolean {
  if (effect !== "pure") return false;
  switch (opcode) {
    case "i32.and":
      return operands.some((operand) => isInRange(constantOf(operand)));
    case "i32.shr_u": {
      const amount = constantOf(operands[1]);
      return amount !== null && amount % WORD_BITS !== 0n;
    }
    default:
      return SMALL_RESULTS.has(opcode);
  }
}

function isInRange(constant: bigint | null): boolean {
  return constant !== null && constant >= 0n && constant <= LARGEST_SIGNED;
}
