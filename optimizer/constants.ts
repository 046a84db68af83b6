/**
 * Reading constants out of values.
 */
import type { Value } from "../ir/region.ts";

/** The value's constant, or null when it is none. */
export function constantOf(value: Value): bigint | null {
  if (value.opcode !== "i64.const" && value.opcode !== "i32.const") return null;
  return (value.attribute as { constant: bigint }).constant;
}

/** Is the value a constant? */
export function isConstant(value: Value): boolean {
  return value.opcode === "i64.const" || value.opcode === "i32.const";
}
