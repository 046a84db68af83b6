/**
 * Evaluates integer operations on constants, by the reference interpreter's own functions, and removes those
 * that an algebraic identity makes superfluous.
 *
 * ```text
 * %2 = i64.const 4096            %2 = i64.const 4096
 * %3 = i64.const 8               %3 = i64.const 8
 * %4 = i64.add %2, %3       =>   %7 = i64.const 4104
 * %5 = i64.shl %0, %6            goto jump %0
 * goto jump %5
 * ```
 *
 * where `%6` is 0 modulo 64. Register-file accesses with a constant index become accesses of the element;
 * departures and branches whose condition is constant are taken or dropped.
 */
import { INTEGER_FUNCTIONS, type PureFunction } from "../../ir/interpreter/integer.ts";
import type { Operation, Region, SlotAttribute, Terminator, Value } from "../../ir/region.ts";
import { IDENTITIES } from "../algebraic_identities.ts";
import { constantOf, isConstant } from "../constants.ts";
import type { Pass } from "../pass.ts";
import { Rewriter } from "../rewriter.ts";

const UNUSED = 0n;
const FUNCTIONS: ReadonlyMap<string, PureFunction> = new Map(Object.entries(INTEGER_FUNCTIONS));

/** See the header of this file. */
export const constantFolding: Pass = {
  name: "constant_folding",
  run: (region) => new ConstantFolding(region).run(),
};

class ConstantFolding {
  readonly #rewriter: Rewriter;

  constructor(region: Region) {
    this.#rewriter = new Rewriter(region);
  }

  run(): number {
    return this.#rewriter.run({
      visit: (operation) => this.#visit(operation),
      visitEnd: foldEnd,
    });
  }

  #visit(operation: Operation): Value | null {
    const { operands } = operation;
    switch (operands.length) {
      case 0:
        return operation;
      case 1:
        return isConstant(operands[0]) || operands[0].operands.length === 1
          ? this.#foldAny(operation)
          : operation;
      default:
        return isConstant(operands[0]) || isConstant(operands[1]) || operands[0] === operands[1] ||
            operands.length > 2
          ? this.#foldAny(operation)
          : operation;
    }
  }

  #foldAny(operation: Operation): Value | null {
    if (operation.effect === "pure") return this.#foldPure(operation);
    if (!isConstant(operation.operands[0])) return operation;
    switch (operation.opcode) {
      case "state.get_at":
      case "state.set_at":
        return this.#foldElement(operation);
      case "trap_if":
      case "leave_if":
        return constantOf(operation.operands[0]) === 0n ? null : operation;
      default:
        return operation;
    }
  }

  #foldPure(operation: Operation): Value {
    const { opcode, operands, type } = operation;
    const evaluate = FUNCTIONS.get(opcode);
    if (evaluate !== undefined && operands.every(isConstant)) {
      const folded = apply(evaluate, operands);
      return folded === null ? operation : this.#rewriter.constant(type as "i32" | "i64", folded);
    }
    return IDENTITIES.get(opcode)?.(operation, this.#rewriter) ?? operation;
  }

  #foldElement(operation: Operation): Value | null {
    const { opcode, operands, type } = operation;
    const { slot } = operation.attribute as SlotAttribute;
    const index = Number(constantOf(operands[0]));
    if (index < 0 || index >= slot.count) return operation;
    if (opcode === "state.get_at") {
      return this.#rewriter.emit("state.get", type, [], { slot, index });
    }
    this.#rewriter.emit("state.set", "void", [operands[1]], { slot, index });
    return null;
  }
}

/** The result, or null where a precondition of the opcode is broken: such code must not be reached. */
function apply(evaluate: PureFunction, operands: readonly Value[]): bigint | null {
  const [a, b, c] = operands.map(constantOf);
  try {
    return evaluate(a ?? UNUSED, b ?? UNUSED, c ?? UNUSED);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function foldEnd(end: Terminator): Terminator {
  switch (end.kind) {
    case "branch": {
      if (end.taken === end.otherwise) return { kind: "jump", target: end.taken };
      const condition = constantOf(end.condition);
      if (condition === null) return end;
      return { kind: "jump", target: condition !== 0n ? end.taken : end.otherwise };
    }
    case "switch": {
      const index = constantOf(end.index);
      if (index === null) return end;
      const target = end.targets[Number(BigInt.asUintN(32, index))] ?? end.otherwise;
      return { kind: "jump", target };
    }
    case "goto_if": {
      const condition = constantOf(end.condition);
      if (condition === null) return end;
      const pc = condition !== 0n ? end.taken : end.otherwise;
      return { kind: "goto", pc, transfer: "jump", link: null };
    }
    default:
      return end;
  }
}
