/**
 * Invariants of a region. Passes, parsers and lifters are wrong when one is broken.
 *
 * - Blocks are listed once, have unique ids and an end; targets are blocks of the region.
 * - Ends fit the kind. `function`: jump, branch, switch, return. `region`: jump, branch, switch, goto,
 *   call, goto_if, exit, trap. `handler`: one block that ends with next, goto, goto_if, exit or trap.
 * - An operation stands in one place and has a unique id; its attribute is of the opcode's kind; operand and
 *   result types are those of the table, the slot, the variable or the callee.
 * - An operand is defined earlier in the same block or in a block that dominates it.
 * - Constants fit their type; slot elements exist; variables are the region's own, with distinct names.
 * - Fields and the addresses of the decoded record are read in handlers only; boundaries and addresses
 *   relative to the origin occur in regions only. Functions neither leave nor access guest memory by virtual
 *   address, and touch no promotable state, because callers may hold it in locals.
 * - Boundaries of a block count up from 0, `instructions` is their number, and whatever may leave stands
 *   behind one.
 * - A region has entries, with distinct blocks; handlers and functions have none.
 */
import {
  analyzeControlFlow,
  type ControlFlow,
  isReachable,
  successors,
  terminatorOperands,
} from "./control_flow.ts";
import { DominatorTree } from "./dominators.ts";
import { type AttributeKind, type Opcode, opcodeRow } from "./opcodes.ts";
import { attributeKind, operandTypes, resultType } from "./operation_types.ts";
import type {
  Attribute,
  Block,
  BoundaryAttribute,
  MemoryAttribute,
  Operation,
  Region,
  SlotAttribute,
  Terminator,
  Variable,
} from "./region.ts";
import type { ValueType } from "./types.ts";

/** Thrown by {@linkcode verify}; the message lists every broken invariant. */
export class VerificationError extends Error {
  /** One sentence per broken invariant. */
  readonly problems: readonly string[];

  /** Names the region. */
  constructor(region: Region, problems: readonly string[]) {
    super(`Cannot accept ${region.kind} "${region.name}":\n  ${problems.join("\n  ")}`);
    this.name = "VerificationError";
    this.problems = problems;
  }
}

/**
 * Checks the invariants in the header of this file.
 * @throws {VerificationError} when one is broken.
 */
export function verify(region: Region): void {
  const problems = findProblems(region);
  if (problems.length > 0) throw new VerificationError(region, problems);
}

/** Broken invariants, one sentence each; empty for a sound region. */
export function findProblems(region: Region): string[] {
  return new Verifier(region).run();
}

type Kind = Region["kind"];

const ENDS: Readonly<Record<Kind, readonly Terminator["kind"][]>> = {
  function: ["jump", "branch", "switch", "return"],
  region: ["jump", "branch", "switch", "goto", "call", "dispatch", "goto_if", "exit", "trap"],
  handler: ["next", "goto", "goto_if", "exit", "trap"],
};

/** Opcodes that only some kinds of region may hold; the others are allowed everywhere. */
const ALLOWED_IN: Partial<Record<Opcode, readonly Kind[]>> = {
  "field.i32": ["handler"],
  "field.i64": ["handler"],
  "guest.pc": ["handler"],
  "guest.next_pc": ["handler"],
  "guest.encoding": ["handler"],
  "guest.boundary": ["region"],
  "guest.pc_relative": ["region"],
};

const LEAVING_EFFECTS: readonly string[] = ["access", "leave"];
const WIDTHS: readonly number[] = [8, 16, 32, 64];
const IDENTIFIER = /^[A-Za-z_]\w*$/;

class Verifier {
  readonly #region: Region;
  readonly #problems: string[] = [];
  readonly #blocks: Set<Block>;
  /** Where each operation of the region stands. */
  readonly #home = new Map<Operation, Block>();

  constructor(region: Region) {
    this.#region = region;
    this.#blocks = new Set(region.blocks);
  }

  run(): string[] {
    this.#checkShape();
    // Without sound edges there is no control flow to judge operands by.
    if (this.#problems.length > 0) return this.#problems;
    const flow = analyzeControlFlow(this.#region);
    const dominators = new DominatorTree(flow);
    this.#checkVariables();
    for (const block of this.#region.blocks) {
      this.#checkBoundaries(block);
      for (const operation of block.operations) this.#checkOperation(block, operation);
      this.#checkEndTypes(block);
      this.#checkDominance(block, flow, dominators);
    }
    return this.#problems;
  }

  #report(block: Block, problem: string): void {
    this.#problems.push(`b${block.id}: ${problem}`);
  }

  // --- shape ----------------------------------------------------------------------------------------

  #checkShape(): void {
    const { blocks, kind } = this.#region;
    if (blocks.length === 0) this.#problems.push("there is no block");
    if (this.#blocks.size !== blocks.length) this.#problems.push("a block is listed twice");
    if (new Set(blocks.map((block) => block.id)).size !== this.#blocks.size) {
      this.#problems.push("two blocks have the same id");
    }
    if (kind === "handler" && blocks.length > 1) {
      this.#problems.push("a handler has more than one block");
    }
    this.#checkEntries();
    const ids = new Set<number>();
    for (const block of blocks) {
      this.#checkEndKind(block);
      for (const operation of block.operations) {
        if (ids.has(operation.id)) {
          this.#report(block, `${nameOf(operation)}: another operation has its id`);
        }
        ids.add(operation.id);
        this.#home.set(operation, block);
      }
    }
  }

  #checkEntries(): void {
    const { entries, kind } = this.#region;
    if (kind !== "region") {
      if (entries.length > 0) this.#problems.push(`a ${kind} has no entries`);
      return;
    }
    if (entries.length === 0) this.#problems.push("a region has at least one entry");
    if (new Set(entries.map((entry) => entry.block)).size !== entries.length) {
      this.#problems.push("two entries share a block");
    }
    for (const { block, conditions = [] } of entries) {
      const report = (problem: string): void => {
        this.#problems.push(`entry b${block.id}${problem}`);
      };
      if (!this.#blocks.has(block)) report(" is not in the region");
      for (const condition of conditions) {
        checkSlot("state.get", condition, (problem) => report(`: ${problem}`));
        if (condition.slot.type !== "i64") report(`: slot "${condition.slot.name}" is no i64`);
      }
    }
  }

  #checkEndKind(block: Block): void {
    const end = block.terminator;
    if (end === null) {
      this.#report(block, "has no end");
      return;
    }
    if (!ENDS[this.#region.kind].includes(end.kind)) {
      this.#report(block, `a ${this.#region.kind} cannot end with "${end.kind}"`);
    }
    for (const target of successors(block)) {
      if (!this.#blocks.has(target)) {
        this.#report(block, `target b${target.id} is not in the region`);
      }
    }
  }

  #checkVariables(): void {
    const { variables, signature, kind } = this.#region;
    const names = new Set<string>();
    for (const { name } of variables) {
      if (!IDENTIFIER.test(name)) this.#problems.push(`variable name "${name}" is no identifier`);
      if (names.has(name)) this.#problems.push(`two variables are named "${name}"`);
      names.add(name);
    }
    if ((signature !== null) !== (kind === "function")) {
      this.#problems.push("functions, and only they, have a signature");
    }
    signature?.parameters.forEach((type, index) => {
      if (variables[index]?.type !== type) {
        this.#problems.push(`variable ${index} is not the parameter of type ${type}`);
      }
    });
  }

  #checkBoundaries(block: Block): void {
    let count = 0;
    for (const operation of block.operations) {
      const { opcode } = operation;
      if (opcode === "guest.boundary") {
        const { index, length } = operation.attribute as BoundaryAttribute;
        if (index !== count) this.#report(block, `boundary ${count} has index ${index}`);
        if (length <= 0) this.#report(block, `boundary ${count} has length ${length}`);
        count++;
      } else if (
        count === 0 && this.#region.kind === "region" &&
        LEAVING_EFFECTS.includes(opcodeRow(opcode).effect)
      ) {
        this.#report(block, `${nameOf(operation)}: no boundary before it`);
      }
    }
    if (this.#region.kind === "region" && block.instructions !== count) {
      this.#report(block, `counts ${block.instructions} instructions but has ${count} boundaries`);
    }
  }

  // --- operations -----------------------------------------------------------------------------------

  #checkOperation(block: Block, operation: Operation): void {
    const { opcode, operands, attribute } = operation;
    const report = (problem: string) => this.#report(block, `${nameOf(operation)}: ${problem}`);
    this.#checkPlace(operation, report);
    const wanted: AttributeKind = opcodeRow(opcode).attribute;
    const given = attributeKind(attribute);
    if (given !== wanted) {
      report(`attribute is "${given}", expected "${wanted}"`);
      return;
    }
    this.#checkAttribute(opcode, attribute, report);
    const types = operandTypes(opcode, attribute);
    if (types.join() !== operands.map((operand) => operand.type).join()) {
      report(`operands (${operands.map((operand) => operand.type)}), expected (${types})`);
    }
    const result = resultType(opcode, attribute);
    if (operation.type !== result) report(`result ${operation.type}, expected ${result}`);
  }

  #checkPlace(operation: Operation, report: (problem: string) => void): void {
    const { opcode, attribute } = operation;
    const { kind } = this.#region;
    if (ALLOWED_IN[opcode]?.includes(kind) === false) report(`not allowed in a ${kind}`);
    if (kind !== "function") return;
    if (LEAVING_EFFECTS.includes(opcodeRow(opcode).effect)) report("a function cannot leave");
    if (attribute !== null && "slot" in attribute && attribute.slot.promotable) {
      report(`a function cannot touch promotable state "${attribute.slot.name}"`);
    }
  }

  #checkAttribute(
    opcode: Opcode,
    attribute: Attribute,
    report: (problem: string) => void,
  ): void {
    switch (attributeKind(attribute)) {
      case "constant":
        return checkConstant(opcode, (attribute as { constant: bigint }).constant, report);
      case "slot":
        return checkSlot(opcode, attribute as SlotAttribute, report);
      case "variable": {
        const { variable } = attribute as { variable: Variable };
        if (this.#region.variables[variable.index] !== variable) {
          report(`variable "${variable.name}" is not the region's`);
        }
        return;
      }
      case "memory":
        return checkMemory(opcode, attribute as MemoryAttribute, report);
      default:
        return;
    }
  }

  #checkEndTypes(block: Block): void {
    const end = block.terminator;
    if (end === null) return;
    const expect = (value: Operation, type: ValueType | "void", what: string) => {
      if (value.type !== type) this.#report(block, `${what} is ${value.type}, expected ${type}`);
    };
    switch (end.kind) {
      case "branch":
        return expect(end.condition, "i32", "branch condition");
      case "switch":
        return expect(end.index, "i32", "switch index");
      case "return": {
        const result = this.#region.signature?.result ?? "void";
        if ((end.value?.type ?? "void") !== result) {
          this.#report(block, `returns ${end.value?.type ?? "void"}, expected ${result}`);
        }
        return;
      }
      case "goto":
        expect(end.pc, "i64", "goto address");
        if (end.link !== null) expect(end.link, "i64", "goto link");
        return;
      case "call":
        expect(end.pc, "i64", "call address");
        return expect(end.link, "i64", "call link");
      case "dispatch":
        return expect(end.pc, "i64", "dispatch address");
      case "goto_if":
        expect(end.condition, "i32", "goto_if condition");
        expect(end.taken, "i64", "goto_if address");
        return expect(end.otherwise, "i64", "goto_if other address");
      case "exit":
        return expect(end.pc, "i64", "exit address");
      case "trap":
        expect(end.cause, "i32", "trap cause");
        return expect(end.value, "i64", "trap value");
      default:
        return;
    }
  }

  // --- definitions ----------------------------------------------------------------------------------

  #checkDominance(block: Block, flow: ControlFlow, dominators: DominatorTree): void {
    const defined = new Set<Operation>();
    const check = (user: string, operand: Operation) => {
      const home = this.#home.get(operand);
      if (home === undefined) {
        this.#report(block, `${user}: ${nameOf(operand)} is not in the region`);
      } else if (home === block) {
        if (!defined.has(operand)) {
          this.#report(block, `${user}: ${nameOf(operand)} is defined later`);
        }
      } else if (isReachable(flow, block) && !dominators.dominates(home, block)) {
        this.#report(block, `${user}: ${nameOf(operand)} in b${home.id} does not dominate it`);
      }
    };
    for (const operation of block.operations) {
      for (const operand of operation.operands) check(nameOf(operation), operand);
      defined.add(operation);
    }
    const end = block.terminator;
    if (end === null) return;
    for (const operand of terminatorOperands(end)) check(`"${end.kind}"`, operand);
  }
}

function nameOf(operation: Operation): string {
  return `%${operation.id} = ${operation.opcode}`;
}

function checkConstant(
  opcode: Opcode,
  constant: bigint,
  report: (problem: string) => void,
): void {
  const bits = opcode === "i32.const" ? 32 : 64;
  if (BigInt.asIntN(bits, constant) !== constant) {
    report(`${constant} is no signed ${bits}-bit number`);
  }
}

function checkSlot(
  opcode: Opcode,
  { slot, index }: SlotAttribute,
  report: (problem: string) => void,
): void {
  const isByOperand = opcode === "state.get_at" || opcode === "state.set_at";
  if (isByOperand && index !== 0) report("the element is named by operand and attribute");
  if (!Number.isInteger(index) || index < 0 || index >= slot.count) {
    report(`slot "${slot.name}" has no element ${index}`);
  }
}

function checkMemory(
  opcode: Opcode,
  { width, rmw }: MemoryAttribute,
  report: (problem: string) => void,
): void {
  if (!WIDTHS.includes(width)) report(`width ${width} is not one of ${WIDTHS}`);
  if ((rmw !== undefined) !== (opcode === "guest.rmw")) {
    report("guest.rmw, and only it, names an update");
  }
}
