/**
 * Drops values that nobody uses, writes of variables that nobody reads, and blocks that nothing reaches.
 *
 * ```text
 * %1 = state.get x[5]
 * %2 = i64.const 8          =>   goto jump %0
 * %3 = i64.add %1, %2
 * goto jump %0
 * ```
 *
 * Only values without effect go: a guest load stays, because it may fault.
 */
import { analyzeControlFlow, dropUnreachable, terminatorOperands } from "../../ir/control_flow.ts";
import type { Block, Operation, Region, Variable } from "../../ir/region.ts";
import type { Pass } from "../pass.ts";

/** See the header of this file. */
export const deadCode: Pass = {
  name: "dead_code",
  run: (region) => new DeadCode(region).run(),
};

class DeadCode {
  readonly #region: Region;
  readonly #uses: Uint32Array;
  readonly #readVariables = new Set<Variable>();

  constructor(region: Region) {
    this.#region = region;
    this.#uses = new Uint32Array(region.operationCount);
  }

  run(): number {
    const flow = analyzeControlFlow(this.#region);
    let changes = dropUnreachable(this.#region, flow);
    for (const block of flow.reversePostorder) this.#countUses(block);
    // Backwards, because dropping an operation takes uses from earlier ones.
    for (let at = flow.reversePostorder.length - 1; at >= 0; at--) {
      changes += this.#sweep(flow.reversePostorder[at]);
    }
    return changes;
  }

  #countUses(block: Block): void {
    for (const operation of block.operations) {
      for (const operand of operation.operands) this.#uses[operand.id]++;
      if (operation.opcode === "var.get") this.#readVariables.add(variableOf(operation));
    }
    if (block.terminator === null) return;
    for (const operand of terminatorOperands(block.terminator)) this.#uses[operand.id]++;
  }

  #sweep(block: Block): number {
    const { operations } = block;
    let kept = operations.length;
    for (let at = operations.length - 1; at >= 0; at--) {
      const operation = operations[at];
      if (this.#isDead(operation)) {
        for (const operand of operation.operands) this.#uses[operand.id]--;
      } else {
        operations[--kept] = operation;
      }
    }
    if (kept > 0) operations.splice(0, kept);
    return kept;
  }

  #isDead(operation: Operation): boolean {
    if (this.#uses[operation.id] > 0) return false;
    if (operation.opcode === "var.set") return !this.#readVariables.has(variableOf(operation));
    const { effect } = operation;
    return effect === "pure" || effect === "read";
  }
}

function variableOf(operation: Operation): Variable {
  return (operation.attribute as { variable: Variable }).variable;
}
