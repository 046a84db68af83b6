/**
 * Text form of regions; the parser's header has the grammar. What is printed parses to the same region, with
 * the same ids of values and blocks.
 */
import type { StateLayout } from "../guest_state.ts";
import { formatOrder } from "../memory_order.ts";
import { opcodeRow } from "../opcodes.ts";
import type {
  Block,
  BoundaryAttribute,
  CalleeAttribute,
  FunctionSignature,
  MemoryAttribute,
  Operation,
  Region,
  RegionEntry,
  SlotAttribute,
  Terminator,
  Value,
  Variable,
} from "../region.ts";

/** Constants beyond this magnitude are addresses or masks, which read better in hexadecimal. */
const LARGEST_DECIMAL = 0xffffn;
const HEXADECIMAL = 16;
const PLAIN_SYMBOL = /^[\w.]+$/;

/** Text of a region. */
export function printRegion(region: Region): string {
  return [
    `${printHead(region)} {`,
    ...region.variables.slice(region.signature?.parameters.length ?? 0).map(({ name, type }) =>
      `  var $${name}: ${type}`
    ),
    ...region.entries.map(printEntry),
    ...region.blocks.flatMap(printBlock),
    "}",
    "",
  ].join("\n");
}

/** Text of the state declarations that a region's slots come from. */
export function printLayout(layout: StateLayout): string {
  return [...layout.slots()].map(({ name, type, count, promotable }) => {
    const elements = count === 1 ? "" : `[${count}]`;
    return `state ${name}: ${type}${elements}${promotable ? " promotable" : ""}\n`;
  }).join("");
}

function printHead({ kind, name, signature }: Region): string {
  return `${kind} ${signature === null ? printSymbol(name) : printSignature(signature)}`;
}

function printEntry({ block, offset, conditions = [] }: RegionEntry): string {
  const entry = `  entry b${block.id} ${printOffset(offset)}`;
  if (conditions.length === 0) return entry;
  const list = conditions.map((one) => `${printSlot("state.get", one)} ${one.range}`);
  return `${entry} if ${list.join(", ")}`;
}

function printBlock(block: Block): string[] {
  return [
    `b${block.id}:`,
    ...block.operations.map((operation) => `  ${printOperation(operation)}`),
    ...(block.terminator === null ? [] : [`  ${printTerminator(block.terminator)}`]),
  ];
}

/** Text of one operation, without indentation. */
export function printOperation(operation: Operation): string {
  const result = operation.type === "void" ? "" : `%${operation.id} = `;
  const attribute = printAttribute(operation);
  const operands = printValues(operation.operands);
  return result + [operation.opcode, attribute, operands].filter((part) => part !== "").join(" ");
}

/** Text of an end of a block, without indentation. */
export function printTerminator(end: Terminator): string {
  switch (end.kind) {
    case "jump":
      return `jump b${end.target.id}`;
    case "branch":
      return `branch ${printValue(end.condition)}, b${end.taken.id}, b${end.otherwise.id}`;
    case "switch": {
      const targets = end.targets.map((block) => `b${block.id}`).join(", ");
      return `switch ${printValue(end.index)}, [${targets}], b${end.otherwise.id}`;
    }
    case "return":
      return end.value === null ? "return" : `return ${printValue(end.value)}`;
    case "next":
      return "next";
    case "goto":
      return `goto ${end.transfer} ${
        printValues(end.link === null ? [end.pc] : [end.pc, end.link])
      }`;
    case "call":
      return `call ${printValues([end.pc, end.link])}, b${end.then.id}`;
    case "dispatch": {
      const targets = end.targets.map(({ offset, block }) => `${printOffset(offset)} b${block.id}`);
      return `dispatch ${end.transfer} ${printValue(end.pc)}, [${targets.join(", ")}]`;
    }
    case "goto_if":
      return `goto_if ${printValues([end.condition, end.taken, end.otherwise])}`;
    case "exit":
      return `exit ${end.reason} ${printValue(end.pc)}`;
    case "trap":
      return `trap ${printValues([end.cause, end.value])}`;
  }
}

function printAttribute({ opcode, attribute }: Operation): string {
  switch (opcodeRow(opcode).attribute) {
    case "none":
      return "";
    case "constant":
      return printConstant((attribute as { constant: bigint }).constant);
    case "slot":
      return printSlot(opcode, attribute as SlotAttribute);
    case "variable":
      return `$${(attribute as { variable: Variable }).variable.name}`;
    case "field":
      return (attribute as { field: string }).field;
    case "memory":
      return printMemory(attribute as MemoryAttribute);
    case "order":
      return formatOrder((attribute as { order: number }).order);
    case "callee":
      return printCallee(attribute as CalleeAttribute);
    case "boundary": {
      const { offset, length, index } = attribute as BoundaryAttribute;
      return `${printOffset(offset)} length ${length} index ${index}`;
    }
    case "offset":
      return printOffset((attribute as { offset: number }).offset);
  }
}

function printSlot(opcode: Operation["opcode"], { slot, index }: SlotAttribute): string {
  const isByOperand = opcode === "state.get_at" || opcode === "state.set_at";
  return slot.count === 1 || isByOperand ? slot.name : `${slot.name}[${index}]`;
}

function printMemory({ width, signed, order, rmw }: MemoryAttribute): string {
  const access = `${signed ? "s" : "u"}${width}`;
  const parts = [rmw ?? "", access, order === 0 ? "" : formatOrder(order)];
  return parts.filter((part) => part !== "").join(" ");
}

function printSignature({ name, parameters, result }: FunctionSignature): string {
  const arrow = result === "void" ? "" : ` -> ${result}`;
  return `${printSymbol(name)}(${parameters.join(", ")})${arrow}`;
}

function printCallee({ callee, changes }: CalleeAttribute): string {
  const names = changes?.map(({ name }) => name).join(", ");
  return printSignature(callee) + (names === undefined ? "" : ` changing [${names}]`);
}

function printSymbol(name: string): string {
  return PLAIN_SYMBOL.test(name) ? `@${name}` : `@${JSON.stringify(name)}`;
}

function printOffset(offset: number): string {
  return offset < 0 ? `${offset}` : `+${offset}`;
}

function printConstant(constant: bigint): string {
  const magnitude = constant < 0n ? -constant : constant;
  if (magnitude <= LARGEST_DECIMAL) return `${constant}`;
  return `${constant < 0n ? "-" : ""}0x${magnitude.toString(HEXADECIMAL)}`;
}

function printValues(values: readonly Value[]): string {
  return values.map(printValue).join(", ");
}

function printValue(value: Value): string {
  return `%${value.id}`;
}
