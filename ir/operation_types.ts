/**
 * Types and attributes of an operation, where the opcode table leaves them to the attribute.
 */
import { type AttributeKind, type Opcode, opcodeRow } from "./opcodes.ts";
import type { Attribute, FunctionSignature, SlotAttribute, Variable } from "./region.ts";
import type { ValueType } from "./types.ts";

/** Which alternative an attribute is. */
export function attributeKind(attribute: Attribute): AttributeKind {
  if (attribute === null) return "none";
  if ("constant" in attribute) return "constant";
  if ("slot" in attribute) return "slot";
  if ("variable" in attribute) return "variable";
  if ("field" in attribute) return "field";
  if ("width" in attribute) return "memory";
  if ("callee" in attribute) return "callee";
  if ("length" in attribute) return "boundary";
  return "offset" in attribute ? "offset" : "order";
}

/** Operand types of an operation whose attribute is of the opcode's kind. */
export function operandTypes(opcode: Opcode, attribute: Attribute): readonly ValueType[] {
  switch (opcode) {
    case "state.set":
      return [(attribute as SlotAttribute).slot.type];
    case "state.set_at":
      return ["i32", (attribute as SlotAttribute).slot.type];
    case "var.set":
      return [(attribute as { variable: Variable }).variable.type];
    case "call":
      return (attribute as { callee: FunctionSignature }).callee.parameters;
    case "call_unless": {
      const { parameters, result } = (attribute as { callee: FunctionSignature }).callee;
      return ["i32", result as ValueType, ...parameters];
    }
    default:
      return opcodeRow(opcode).operands ?? [];
  }
}

/** Result type of an operation whose attribute is of the opcode's kind. */
export function resultType(opcode: Opcode, attribute: Attribute): ValueType | "void" {
  switch (opcode) {
    case "state.get":
    case "state.get_at":
      return (attribute as SlotAttribute).slot.type;
    case "var.get":
      return (attribute as { variable: Variable }).variable.type;
    case "call":
    case "call_unless":
      return (attribute as { callee: FunctionSignature }).callee.result;
    default:
      return opcodeRow(opcode).result ?? "void";
  }
}
