/**
 * Meaning of the control and status register instructions. What a register does is the privileged
 * functions' business; they are told the register, what to do with the source, and whether to write at all.
 *
 * Source: Unprivileged ISA, "Zicsr" Extension for Control and Status Register (CSR) Instructions.
 */
import type { Value } from "../../../ir/region.ts";
import { AccessStatus, CSR_ACCESS, CsrOperation } from "../privileged/signatures.ts";
import { slot } from "../registers.ts";
import type { LiftContext } from "./lift_context.ts";

function access(c: LiftContext, operation: number, writes: Value, source: Value): void {
  const status = c.b.call(CSR_ACCESS, c.field("imm"), c.b.i32(operation), writes, source);
  c.illegalIf(c.b.and(status, c.b.i32(AccessStatus.ILLEGAL)));
  c.setX(c.b.getState(slot("csr_result")));
  c.b.leaveIf(c.b.and(status, c.b.i32(AccessStatus.LEAVE)));
}

/** Setting and clearing write nothing when `rs1`, register number or immediate, is 0. */
function writesUnlessZero(c: LiftContext): Value {
  return c.b.ne(c.field("rs1"), c.b.i32(0));
}

/** The immediate in the field `rs1`. */
function smallImmediate(c: LiftContext): Value {
  return c.b.zeroExtend(c.field("rs1"));
}

/** `csrrw` */
export function csrrw(c: LiftContext): void {
  access(c, CsrOperation.WRITE, c.b.i32(1), c.x("rs1"));
}

/** `csrrs` */
export function csrrs(c: LiftContext): void {
  access(c, CsrOperation.SET, writesUnlessZero(c), c.x("rs1"));
}

/** `csrrc` */
export function csrrc(c: LiftContext): void {
  access(c, CsrOperation.CLEAR, writesUnlessZero(c), c.x("rs1"));
}

/** `csrrwi` */
export function csrrwi(c: LiftContext): void {
  access(c, CsrOperation.WRITE, c.b.i32(1), smallImmediate(c));
}

/** `csrrsi` */
export function csrrsi(c: LiftContext): void {
  access(c, CsrOperation.SET, writesUnlessZero(c), smallImmediate(c));
}

/** `csrrci` */
export function csrrci(c: LiftContext): void {
  access(c, CsrOperation.CLEAR, writesUnlessZero(c), smallImmediate(c));
}
