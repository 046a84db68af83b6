/**
 * Meaning of the atomic instructions. Width and ordering change the operation, so they come from the row.
 *
 * Source: Unprivileged ISA, "A" Extension for Atomic Instructions.
 */
import type { OrderSet } from "../../../ir/memory_order.ts";
import type { RmwOperation } from "../../../ir/opcodes.ts";
import type { Lifter } from "../instruction.ts";

/** Widths that atomic instructions have. */
export type AtomicWidth = 32 | 64;

/** What the row says of an atomic access. */
export interface AtomicForm {
  /** Bits accessed. */
  readonly width: AtomicWidth;
  /** What `aq` and `rl` ask for. */
  readonly order: OrderSet;
}

/** Meaning of an atomic instruction in one of its forms. */
export type AtomicLifter = (form: AtomicForm) => Lifter;

/** `lr` */
export function lr(form: AtomicForm): Lifter {
  return (c) => c.setX(c.b.loadReserved(c.x("rs1"), form));
}

/** `sc` */
export function sc(form: AtomicForm): Lifter {
  return (c) => c.setX(c.b.storeConditional(c.x("rs1"), c.x("rs2"), form));
}

function update(operation: RmwOperation, form: AtomicForm): Lifter {
  return (c) => c.setX(c.b.rmw(operation, c.x("rs1"), c.x("rs2"), form));
}

/** `amoswap` */
export function amoswap(form: AtomicForm): Lifter {
  return update("swap", form);
}

/** `amoadd` */
export function amoadd(form: AtomicForm): Lifter {
  return update("add", form);
}

/** `amoxor` */
export function amoxor(form: AtomicForm): Lifter {
  return update("xor", form);
}

/** `amoand` */
export function amoand(form: AtomicForm): Lifter {
  return update("and", form);
}

/** `amoor` */
export function amoor(form: AtomicForm): Lifter {
  return update("or", form);
}

/** `amomin` */
export function amomin(form: AtomicForm): Lifter {
  return update("min_s", form);
}

/** `amomax` */
export function amomax(form: AtomicForm): Lifter {
  return update("max_s", form);
}

/** `amominu` */
export function amominu(form: AtomicForm): Lifter {
  return update("min_u", form);
}

/** `amomaxu` */
export function amomaxu(form: AtomicForm): Lifter {
  return update("max_u", form);
}
