/** Reads one instruction of a litmus test, in assembler syntax. */
import { fenceOrder, Order } from "../../../ir/memory_order.ts";
import { INTEGER_NAMES } from "../../../frontend/riscv/registers.ts";
import type { AluOperation, AmoOperation, Annotation, Instruction } from "./instruction.ts";
import type { SourceText } from "./source_error.ts";

const BYTES_BY_LETTER: Readonly<Record<string, number>> = { b: 1, h: 2, w: 4, d: 8 };
const WIDEST_BYTES = 8;
const REGISTERS = 32;
const IMMEDIATE_LIMIT = 2048n;

/** An instruction's operands as they are written. */
class Operands {
  readonly #source: SourceText;
  readonly #words: readonly SourceText[];

  constructor(source: SourceText, words: readonly SourceText[]) {
    this.#source = source;
    this.#words = words;
  }

  get isEmpty(): boolean {
    return this.#words.length === 0;
  }

  expect(count: number): this {
    if (this.#words.length === count) return this;
    return this.#source.fail(`${count} operands are expected, not ${this.#words.length}`);
  }

  text(index: number): SourceText {
    return this.#words[index];
  }

  register(index: number): number {
    return parseRegister(this.#words[index]);
  }

  integer(index: number): bigint {
    return parseInteger(this.#words[index]);
  }

  immediate(index: number): bigint {
    const value = this.integer(index);
    if (value >= -IMMEDIATE_LIMIT && value < IMMEDIATE_LIMIT) return value;
    return this.#words[index].fail(`immediate ${value} does not fit into 12 bits`);
  }

  /** `8(x5)`, or `(x5)` alone. */
  memory(index: number): { base: number; offset: bigint } {
    const word = this.#words[index];
    const found = /^([-+\w]*)\(\s*(\w+)\s*\)$/.exec(word.text);
    if (found === null) return word.fail(`"${word.text}" is no memory operand like 0(x5)`);
    const base = parseRegister(word.slice(found[1].length + 1, word.text.length - 1).trim());
    const offset = found[1] === "" ? 0n : parseInteger(word.slice(0, found[1].length));
    return { base, offset };
  }

  atomicBase(index: number): number {
    const { base, offset } = this.memory(index);
    return offset === 0n ? base : this.#words[index].fail("atomic instructions have no offset");
  }
}

/** A register, by number or ABI name. */
export function parseRegister(word: SourceText): number {
  const byName = INTEGER_NAMES.indexOf(word.text);
  if (byName >= 0) return byName;
  const number = /^x(\d+)$/.exec(word.text)?.[1];
  if (number !== undefined && Number(number) < REGISTERS) return Number(number);
  return word.fail(`"${word.text}" is no integer register`);
}

/** A decimal or hexadecimal integer. */
export function parseInteger(word: SourceText): bigint {
  const found = /^([-+]?)(\d+|0x[0-9a-fA-F]+)$/.exec(word.text);
  if (found === null) return word.fail(`"${word.text}" is no integer`);
  return found[1] === "-" ? -BigInt(found[2]) : BigInt(found[2]);
}

type Rule = readonly [RegExp, (found: RegExpExecArray, operands: Operands) => Instruction];

const ALU_REGISTER: Rule = [/^(add|sub|and|or|xor|sll|srl)$/, ([, name], operands) => {
  operands.expect(3);
  return {
    kind: "alu",
    operation: name as AluOperation,
    rd: operands.register(0),
    left: operands.register(1),
    right: operands.register(2),
  };
}];

const ALU_IMMEDIATE: Rule = [/^(add|and|or|xor|sll|srl)i$/, ([, name], operands) => {
  operands.expect(3);
  return {
    kind: "alu",
    operation: name as AluOperation,
    rd: operands.register(0),
    left: operands.register(1),
    right: operands.immediate(2),
  };
}];

const LOAD: Rule = [/^l([bhwd])(u?)$/, ([, letter, unsigned], operands) => ({
  kind: "load",
  bytes: BYTES_BY_LETTER[letter],
  signed: unsigned === "" && BYTES_BY_LETTER[letter] < WIDEST_BYTES,
  rd: operands.expect(2).register(0),
  ...operands.memory(1),
})];

const STORE: Rule = [/^s([bhwd])$/, ([, letter], operands) => ({
  kind: "store",
  bytes: BYTES_BY_LETTER[letter],
  source: operands.expect(2).register(0),
  ...operands.memory(1),
})];

function annotationOf(suffix: string | undefined): Annotation {
  return { acquire: suffix?.includes("aq") ?? false, release: suffix?.endsWith("rl") ?? false };
}

const ATOMIC_SUFFIX = String.raw`\.([wd])(\.aq|\.rl|\.aqrl)?$`;

const LOAD_RESERVED: Rule = [new RegExp(`^lr${ATOMIC_SUFFIX}`), ([, letter, suffix], operands) => ({
  kind: "lr",
  bytes: BYTES_BY_LETTER[letter],
  annotation: annotationOf(suffix),
  rd: operands.expect(2).register(0),
  base: operands.atomicBase(1),
})];

function parseUpdate(operands: Operands): { rd: number; source: number; base: number } {
  operands.expect(3);
  return { rd: operands.register(0), source: operands.register(1), base: operands.atomicBase(2) };
}

const STORE_CONDITIONAL: Rule = [
  new RegExp(`^sc${ATOMIC_SUFFIX}`),
  ([, letter, suffix], operands) => ({
    kind: "sc",
    bytes: BYTES_BY_LETTER[letter],
    annotation: annotationOf(suffix),
    ...parseUpdate(operands),
  }),
];

const AMO: Rule = [
  new RegExp(`^amo(swap|add|and|or|xor|minu|maxu|min|max)${ATOMIC_SUFFIX}`),
  ([, name, letter, suffix], operands) => ({
    kind: "amo",
    operation: name as AmoOperation,
    bytes: BYTES_BY_LETTER[letter],
    annotation: annotationOf(suffix),
    ...parseUpdate(operands),
  }),
];

const BRANCH: Rule = [/^b(eq|ne)(z?)$/, ([, name, zero], operands) => {
  operands.expect(zero === "" ? 3 : 2);
  return {
    kind: "branch",
    isEqual: name === "eq",
    left: operands.register(0),
    right: zero === "" ? operands.register(1) : 0,
    label: operands.text(zero === "" ? 2 : 1).text,
  };
}];

const FENCE_TSO_ORDER = Order.ALL & ~Order.WRITE_READ;

function parseFenceSet(word: SourceText): string {
  if (/^(?=.)i?o?r?w?$/.test(word.text)) return word.text;
  return word.fail(`"${word.text}" is no set of accesses; it holds i, o, r, w in this order`);
}

/** Device accesses have an order of their own, of which memory sees nothing. */
function accessesOf(set: string): { read: boolean; write: boolean } {
  return { read: set.includes("r"), write: set.includes("w") };
}

const FENCE: Rule = [/^fence$/, (_found, operands) => {
  operands.expect(2);
  const before = parseFenceSet(operands.text(0));
  const after = parseFenceSet(operands.text(1));
  const order = fenceOrder(accessesOf(before), accessesOf(after));
  return { kind: "fence", order, sets: { before, after } };
}];

const RULES: readonly Rule[] = [
  [/^li$/, (_found, operands) => ({
    kind: "li",
    rd: operands.expect(2).register(0),
    value: operands.integer(1),
  })],
  [/^mv$/, (_found, operands) => ({
    kind: "alu",
    operation: "add",
    rd: operands.expect(2).register(0),
    left: operands.register(1),
    right: 0n,
  })],
  ALU_REGISTER,
  ALU_IMMEDIATE,
  LOAD,
  STORE,
  LOAD_RESERVED,
  STORE_CONDITIONAL,
  AMO,
  BRANCH,
  [/^j$/, (_found, operands) => ({ kind: "jump", label: operands.expect(1).text(0).text })],
  FENCE,
  [/^fence\.tso$/, (_found, operands) => {
    operands.expect(0);
    return { kind: "fence", order: FENCE_TSO_ORDER, sets: null };
  }],
  [/^(sfence|sinval)\.vma$/, ([name], operands) => {
    const isAll = operands.isEmpty && name === "sfence.vma";
    if (!isAll) operands.expect(2);
    return {
      kind: name as "sfence.vma" | "sinval.vma",
      address: isAll ? 0 : operands.register(0),
      space: isAll ? 0 : operands.register(1),
    };
  }],
  [/^(fence\.i|sfence\.w\.inval|sfence\.inval\.ir|nop)$/, ([name], operands) => {
    operands.expect(0);
    return { kind: name as "fence.i" | "sfence.w.inval" | "sfence.inval.ir" | "nop" };
  }],
];

/** Reads an instruction. */
export function parseInstruction(source: SourceText): Instruction {
  const mnemonic = /^\S+/.exec(source.text)?.[0] ?? "";
  const rest = source.slice(mnemonic.length);
  const words = rest.text.trim() === "" ? [] : rest.split(",").map((word) => word.trim());
  for (const [pattern, build] of RULES) {
    const found = pattern.exec(mnemonic);
    if (found !== null) return build(found, new Operands(source, words));
  }
  return source.fail(`"${mnemonic}" is no instruction of the litmus subset`);
}
