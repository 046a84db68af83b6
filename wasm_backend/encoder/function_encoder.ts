/**
 * Writes the code of functions: their locals, and their body in the order of the stack machine.
 *
 * Source: WebAssembly Core Specification, "Binary Format", "Instructions" and "Code Section".
 */
import type { ByteWriter } from "../byte_writer.ts";
import { Op } from "../code_reader.ts";
import type { Expression, WasmType } from "../module_builder.ts";
import { wasmType } from "../module_builder.ts";
import {
  accessCode,
  accessMemory,
  accessShift,
  type Expressions,
  Kind,
  NEVER,
} from "./expressions.ts";
import { Opcode, PREFIX_SHIFT } from "./operator_codes.ts";

const VOID = wasmType("void");
/** Memory-argument flag: a memory index follows the alignment. */
const MULTI_MEMORY = 0x40;
const PREFIXED_MASK = (1 << PREFIX_SHIFT) - 1;
const REGION_TABLE_INDEX = 0;

/** What expressions refer to by number. */
export interface References {
  /** Index of the function with a name. */
  functionIndex(name: number): number;
  /** Labels of a switch. */
  labels(list: number): readonly number[];
}

/** See the header of this file. */
export class FunctionEncoder {
  readonly #expressions: Expressions;
  readonly #references: References;
  readonly #writer: ByteWriter;
  /** Depth at which the block or loop of a label was opened. */
  readonly #labelDepth: number[] = [];
  #depth = 0;

  /** Writes to that writer. */
  constructor(expressions: Expressions, references: References, writer: ByteWriter) {
    this.#expressions = expressions;
    this.#references = references;
    this.#writer = writer;
  }

  /** Writes a function. */
  write(locals: readonly WasmType[], body: Expression): void {
    this.#writeLocals(locals);
    this.#write(body);
    this.#writer.byte(Op.END);
  }

  /** Locals of one type that stand side by side are one group. */
  #writeLocals(locals: readonly WasmType[]): void {
    const starts = locals.flatMap((type, index) => type === locals[index - 1] ? [] : [index]);
    this.#writer.unsigned(starts.length);
    starts.forEach((start, group) => {
      this.#writer.unsigned((starts[group + 1] ?? locals.length) - start);
      this.#writer.byte(locals[start]);
    });
  }

  #write(expression: Expression): void {
    const all = this.#expressions;
    const writer = this.#writer;
    switch (all.kind(expression)) {
      case Kind.OPERATOR:
        this.#writeOperands(expression);
        return this.#opcode(all.first(expression));
      case Kind.INDEXED:
        this.#writeOperands(expression);
        writer.byte(all.first(expression));
        return writer.unsigned(all.second(expression));
      case Kind.ACCESS:
        this.#writeOperands(expression);
        return this.#access(all.first(expression), all.second(expression));
      case Kind.CONST32:
        writer.byte(Op.I32_CONST);
        return writer.signed(all.first(expression));
      case Kind.CONST64:
        writer.byte(Op.I64_CONST);
        return writer.signedWide(all.first(expression), all.second(expression));
      case Kind.OPERATOR_WITH_BYTE:
        this.#writeOperands(expression);
        this.#opcode(all.first(expression));
        return writer.byte(all.second(expression));
      default:
        return this.#writeControl(expression);
    }
  }

  #writeOperands(expression: Expression): void {
    const count = this.#expressions.count(expression);
    for (let i = 0; i < count; i++) this.#write(this.#expressions.operand(expression, i));
  }

  #opcode(code: number): void {
    if (code > PREFIXED_MASK) {
      this.#writer.byte(code >> PREFIX_SHIFT);
      this.#writer.unsigned(code & PREFIXED_MASK);
    } else this.#writer.byte(code);
  }

  #access(word: number, offset: number): void {
    const memory = accessMemory(word);
    this.#opcode(accessCode(word));
    this.#writer.byte(accessShift(word) | (memory === 0 ? 0 : MULTI_MEMORY));
    if (memory !== 0) this.#writer.unsigned(memory);
    this.#writer.unsigned(offset);
  }

  // --- control --------------------------------------------------------------------------------------

  #writeControl(expression: Expression): void {
    const all = this.#expressions;
    switch (all.kind(expression)) {
      case Kind.BLOCK:
        if (all.first(expression) === 0) return this.#writeOperands(expression);
        return this.#labelled(Op.BLOCK, expression);
      case Kind.LOOP:
        return this.#labelled(Op.LOOP, expression);
      case Kind.IF:
        return this.#conditional(expression);
      case Kind.BREAK:
        this.#writeOperands(expression);
        this.#writer.byte(all.count(expression) === 0 ? Op.BR : Op.BR_IF);
        return this.#label(all.first(expression));
      case Kind.SWITCH:
        return this.#switch(expression);
      case Kind.CALL:
        this.#writeOperands(expression);
        this.#writer.byte(all.first(expression));
        return this.#writer.unsigned(this.#references.functionIndex(all.second(expression)));
      case Kind.CALL_INDIRECT:
        this.#writeOperands(expression);
        this.#writer.byte(all.first(expression));
        this.#writer.unsigned(all.second(expression));
        return this.#writer.unsigned(REGION_TABLE_INDEX);
    }
  }

  #open(opcode: number, type: WasmType): void {
    this.#writer.byte(opcode);
    this.#writer.byte(type === NEVER ? VOID : type);
    this.#depth++;
  }

  /** Behind code that never ends, the rest has to be valid whatever it expects. */
  #close(type: WasmType): void {
    this.#writer.byte(Op.END);
    this.#depth--;
    if (type === NEVER) this.#writer.byte(Opcode.UNREACHABLE);
  }

  #labelled(opcode: number, expression: Expression): void {
    const label = this.#expressions.first(expression);
    const type = this.#expressions.type(expression);
    const outer = this.#labelDepth[label];
    this.#open(opcode, type);
    this.#labelDepth[label] = this.#depth;
    this.#writeOperands(expression);
    this.#labelDepth[label] = outer;
    this.#close(type);
  }

  #conditional(expression: Expression): void {
    const all = this.#expressions;
    const type = all.type(expression);
    this.#write(all.operand(expression, 0));
    this.#open(Op.IF, type);
    this.#write(all.operand(expression, 1));
    if (all.count(expression) > 2) {
      this.#writer.byte(Opcode.ELSE);
      this.#write(all.operand(expression, 2));
    }
    this.#close(type);
  }

  #switch(expression: Expression): void {
    const labels = this.#references.labels(this.#expressions.second(expression));
    this.#writeOperands(expression);
    this.#writer.byte(Op.BR_TABLE);
    this.#writer.unsigned(labels.length);
    for (const label of labels) this.#label(label);
    this.#label(this.#expressions.first(expression));
  }

  #label(label: number): void {
    this.#writer.unsigned(this.#depth - this.#labelDepth[label]);
  }
}
