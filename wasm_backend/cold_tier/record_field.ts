/** How handlers read operand fields of a decoded record. */
import type { ValueType } from "../../ir/types.ts";
import { Record } from "../abi/vcpu_layout.ts";
import { type Expression, type ModuleBuilder, wasmType } from "../module_builder.ts";

/**
 * A field of the record at an address; `fields` names the byte-wide ones in order.
 * @throws {RangeError} when there is no such field.
 */
export function recordField(
  m: ModuleBuilder,
  record: Expression,
  fields: readonly string[],
  name: string,
  type: ValueType,
): Expression {
  if (name === "imm") return m.load("cpu", 4, true, wasmType(type), record, Record.IMMEDIATE);
  const position = fields.indexOf(name);
  if (position < 0) throw new RangeError(`Cannot find record field "${name}"`);
  return m.load("cpu", 1, false, wasmType(type), record, Record.FIELDS + position);
}
