/**
 * Walks a region once and replaces operations: what passes over values have in common.
 *
 * Blocks are visited in reverse postorder, so every definition comes before the uses that it dominates, and a
 * visitor sees operands that are already replaced. Unreachable blocks are dropped: they could go on using what
 * a pass took away.
 */
import { analyzeControlFlow, dropUnreachable } from "../ir/control_flow.ts";
import type { Opcode } from "../ir/opcodes.ts";
import type { Attribute, Block, Operation, Region, Terminator, Value } from "../ir/region.ts";
import type { ValueType } from "../ir/types.ts";

/** What a pass does at each step of the walk. */
export interface Visitor {
  /** Called before the operations of a block. */
  startBlock?(block: Block): void;
  /**
   * Called for each operation. Gives the operation itself to keep it, another value to use in its stead, or
   * null to drop it, which only an operation without uses allows.
   */
  visit(operation: Operation): Value | null;
  /** Called for each end of a block; gives it or another one. */
  visitEnd?(end: Terminator): Terminator;
}

/** See the header of this file. */
export class Rewriter {
  readonly #region: Region;
  readonly #replacement: (Value | undefined)[];
  /** Operations of the current block so far; null while they are those it had. */
  #output: Operation[] | null = null;
  #block: Block;
  #position = 0;
  #changes = 0;

  readonly #replace = (value: Value): Value => this.#replacement[value.id] ?? value;

  /** Prepares a walk over the region. */
  constructor(region: Region) {
    this.#region = region;
    this.#block = region.blocks[0];
    this.#replacement = new Array(region.operationCount);
  }

  /** Walks; gives the number of operations and ends replaced or dropped, plus those counted by hand. */
  run(visitor: Visitor): number {
    const flow = analyzeControlFlow(this.#region);
    this.#changes += dropUnreachable(this.#region, flow);
    for (const block of flow.reversePostorder) this.#rewriteBlock(block, visitor);
    return this.#changes;
  }

  /** Counts a change that the visitor made itself. */
  countChange(): void {
    this.#changes++;
  }

  /** Puts a new operation before the one that is being visited. */
  emit(opcode: Opcode, type: ValueType | "void", operands: Value[], attribute: Attribute): Value {
    const operation = this.#region.makeOperation(opcode, type, operands, attribute);
    this.#changedOutput().push(operation);
    return operation;
  }

  /** Puts a constant of the type before the operation that is being visited. */
  constant(type: "i32" | "i64", constant: bigint): Value {
    return this.emit(type === "i32" ? "i32.const" : "i64.const", type, [], { constant });
  }

  #changedOutput(): Operation[] {
    return this.#output ??= this.#block.operations.slice(0, this.#position);
  }

  #rewriteBlock(block: Block, visitor: Visitor): void {
    const { operations } = block;
    this.#block = block;
    this.#output = null;
    visitor.startBlock?.(block);
    for (this.#position = 0; this.#position < operations.length; this.#position++) {
      this.#rewriteOperation(operations[this.#position], visitor);
    }
    this.#rewriteEnd(block, visitor);
    if (this.#output !== null) block.operations = this.#output;
  }

  #rewriteOperation(operation: Operation, visitor: Visitor): void {
    const { operands } = operation;
    for (let index = 0; index < operands.length; index++) {
      const replaced = this.#replacement[operands[index].id];
      if (replaced !== undefined) operands[index] = replaced;
    }
    const result = visitor.visit(operation);
    if (result === operation) {
      this.#output?.push(operation);
      return;
    }
    this.#changes++;
    this.#changedOutput();
    if (result !== null) this.#replacement[operation.id] = result;
  }

  #rewriteEnd(block: Block, visitor: Visitor): void {
    const end = block.terminator;
    if (end === null) return;
    replaceOperands(end, this.#replace);
    const result = visitor.visitEnd?.(end) ?? end;
    if (result === end) return;
    this.#changes++;
    block.terminator = result;
  }
}

/** Replaces the values that an end of a block uses. */
export function replaceOperands(end: Terminator, replace: (value: Value) => Value): void {
  switch (end.kind) {
    case "branch":
      end.condition = replace(end.condition);
      return;
    case "switch":
      end.index = replace(end.index);
      return;
    case "return":
      if (end.value !== null) end.value = replace(end.value);
      return;
    case "goto":
      end.pc = replace(end.pc);
      if (end.link !== null) end.link = replace(end.link);
      return;
    case "dispatch":
      end.pc = replace(end.pc);
      return;
    case "call":
      end.pc = replace(end.pc);
      end.link = replace(end.link);
      return;
    case "goto_if":
      end.condition = replace(end.condition);
      end.taken = replace(end.taken);
      end.otherwise = replace(end.otherwise);
      return;
    case "exit":
      end.pc = replace(end.pc);
      return;
    case "trap":
      end.cause = replace(end.cause);
      end.value = replace(end.value);
      return;
    default:
      return;
  }
}
