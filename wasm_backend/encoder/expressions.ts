/**
 * Expressions of a module under construction: a forest in one array of words.
 *
 * An expression is the number of its first word. It holds kind and type, two immediates, the number of operands and
 * the operands, which are expressions themselves. The type says how structured code is encoded: what never comes to
 * its end has one of its own (as in the specification's "Appendix", "Validation Algorithm").
 */
import type { Expression, WasmType } from "../module_builder.ts";
import { wasmType } from "../module_builder.ts";

/** Type of code that never comes to its end. */
export const NEVER: WasmType = 0;
const VOID = wasmType("void");

const FIRST_CAPACITY = 1 << 14;
const TYPE_SHIFT = 8;
const KIND_MASK = (1 << TYPE_SHIFT) - 1;
const [FIRST, SECOND, COUNT, OPERANDS] = [1, 2, 3, 4];

/** How an expression is encoded. `first` and `second` are its immediates. */
export const Kind = {
  /** Operands, opcode. First: the opcode. */
  OPERATOR: 0,
  /** The same with a byte behind. Second: the byte. */
  OPERATOR_WITH_BYTE: 1,
  /** The same with a number behind, a local's. Second: the number. */
  INDEXED: 2,
  /** Operands, opcode, memory argument. First: opcode, log2 of the bytes, memory: see `memoryWord`. Second: offset. */
  ACCESS: 3,
  /** First: the value. */
  CONST32: 4,
  /** First: low half of the value. Second: high half. */
  CONST64: 5,
  /** Operands one after the other; first: label, or 0. */
  BLOCK: 6,
  /** First: label. */
  LOOP: 7,
  /** Operands: condition, code, and code for otherwise, if there is any. */
  IF: 8,
  /** First: label. With an operand it is conditional. */
  BREAK: 9,
  /** First: label for otherwise. Second: the labels, a number of a list. */
  SWITCH: 10,
  /** First: opcode. Second: the function's name. */
  CALL: 11,
  /** First: opcode. Second: the function type. */
  CALL_INDIRECT: 12,
} as const;

const BYTES_SHIFT = 24;
const BYTES_MASK = 7;
const MEMORY_SHIFT = 28;

/** First immediate of an access. */
export function memoryWord(code: number, bytes: number, memory: number): number {
  return code | ((31 - Math.clz32(bytes)) << BYTES_SHIFT) | (memory << MEMORY_SHIFT);
}

/** Opcode in such a word. */
export function accessCode(word: number): number {
  return word & ((1 << BYTES_SHIFT) - 1);
}

/** Log2 of the bytes in such a word. */
export function accessShift(word: number): number {
  return (word >> BYTES_SHIFT) & BYTES_MASK;
}

/** Memory in such a word. */
export function accessMemory(word: number): number {
  return word >> MEMORY_SHIFT;
}

/** See the header of this file. */
export class Expressions {
  #words = new Int32Array(FIRST_CAPACITY);
  /** Expression 0 is none. */
  #end = 1;

  /** An expression; it never ends where one of its operands does not. */
  add(
    kind: number,
    type: WasmType,
    first: number,
    second: number,
    operands: readonly Expression[],
  ): Expression {
    const at = this.#open(kind, first, second, operands.length);
    let own = type;
    for (let i = 0; i < operands.length; i++) {
      this.#words[at + OPERANDS + i] = operands[i];
      if (this.type(operands[i]) === NEVER) own = NEVER;
    }
    this.#words[at] = kind | (own << TYPE_SHIFT);
    return at;
  }

  /** The same without an operand. */
  leaf(kind: number, type: WasmType, first: number, second: number): Expression {
    const at = this.#open(kind, first, second, 0);
    this.#words[at] = kind | (type << TYPE_SHIFT);
    return at;
  }

  /** The same with one operand. */
  unary(
    kind: number,
    type: WasmType,
    first: number,
    second: number,
    operand: Expression,
  ): Expression {
    const at = this.#open(kind, first, second, 1);
    this.#words[at + OPERANDS] = operand;
    this.#words[at] = kind | ((this.type(operand) === NEVER ? NEVER : type) << TYPE_SHIFT);
    return at;
  }

  /** The same with two operands. */
  binary(
    kind: number,
    type: WasmType,
    first: number,
    second: number,
    left: Expression,
    right: Expression,
  ): Expression {
    const at = this.#open(kind, first, second, 2);
    this.#words[at + OPERANDS] = left;
    this.#words[at + OPERANDS + 1] = right;
    const isNever = this.type(left) === NEVER || this.type(right) === NEVER;
    this.#words[at] = kind | ((isNever ? NEVER : type) << TYPE_SHIFT);
    return at;
  }

  /** Structured code, which has the type that it is given. */
  structured(
    kind: number,
    type: WasmType,
    label: number,
    operands: readonly Expression[],
  ): Expression {
    const at = this.#open(kind, label, 0, operands.length);
    for (let i = 0; i < operands.length; i++) this.#words[at + OPERANDS + i] = operands[i];
    this.#words[at] = kind | (type << TYPE_SHIFT);
    return at;
  }

  #open(kind: number, first: number, second: number, count: number): Expression {
    const at = this.#end;
    this.#end += OPERANDS + count;
    if (this.#end > this.#words.length) {
      const larger = new Int32Array(Math.max(this.#end, this.#words.length * 2));
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#words[at] = kind;
    this.#words[at + FIRST] = first;
    this.#words[at + SECOND] = second;
    this.#words[at + COUNT] = count;
    return at;
  }

  /** Its kind. */
  kind(expression: Expression): number {
    return this.#words[expression] & KIND_MASK;
  }

  /** Its type. */
  type(expression: Expression): WasmType {
    return this.#words[expression] >> TYPE_SHIFT;
  }

  /** Its first immediate. */
  first(expression: Expression): number {
    return this.#words[expression + FIRST];
  }

  /** Its second immediate. */
  second(expression: Expression): number {
    return this.#words[expression + SECOND];
  }

  /** Number of its operands. */
  count(expression: Expression): number {
    return this.#words[expression + COUNT];
  }

  /** One of its operands. */
  operand(expression: Expression, index: number): Expression {
    return this.#words[expression + OPERANDS + index];
  }

  /** Type of code that goes one way or the other. */
  joinedType(one: Expression, other: Expression): WasmType {
    const type = this.type(one);
    return type === NEVER ? this.type(other) : type;
  }

  /** Type of a sequence that gives nothing. */
  sequenceType(operands: readonly Expression[]): WasmType {
    for (const operand of operands) if (this.type(operand) === NEVER) return NEVER;
    return VOID;
  }
}
