/**
 * What the lowering of accesses needs of the lowering of the region around it.
 */
import type { OrderSet } from "../../ir/memory_order.ts";
import type { Operation } from "../../ir/region.ts";
import type { ValueType } from "../../ir/types.ts";
import type { LocalAllocation } from "../lower/local_allocation.ts";
import type { Expression } from "../module_builder.ts";

/** See the header of this file. */
export interface AccessHost {
  /** Locals of the function. */
  readonly locals: LocalAllocation;
  /** Appends a statement. */
  push(statement: Expression): void;
  /** The value, for use in the next statement. */
  use(value: Operation): Expression;
  /** The value in a local. */
  useInLocal(value: Operation): number;
  /** Puts an expression into a scratch local. */
  toLocal(expression: Expression, type: ValueType): number;
  /** Statements that leave the current instruction to the cold tier. */
  stepHere(): Expression[];
  /** A fence; null when the host needs nothing. */
  fence(order: OrderSet): Expression | null;
}
