/**
 * Meaning of the privileged instructions. Whether the current mode may execute them is decided by the
 * privileged functions, whose status says so.
 *
 * Source: Privileged ISA, "Machine-Mode Privileged Instructions" and "Supervisor Instructions".
 */
import { ExitReason } from "../../../ir/exit_reason.ts";
import type { FunctionSignature, Value } from "../../../ir/region.ts";
import { Privilege } from "../privileged/causes.ts";
import { AccessStatus, CHECK_SFENCE, CHECK_WFI, MRET, SRET } from "../privileged/signatures.ts";
import { slot } from "../registers.ts";
import type { LiftContext } from "./lift_context.ts";

/** Bits of the state slot `flush_scope`. */
const FlushScope = { ADDRESS: 1, SPACE: 2 } as const;

/** Calls a function that may find the instruction illegal here. */
function callChecked(c: LiftContext, signature: FunctionSignature): void {
  c.illegalIf(c.b.and(c.b.call(signature), c.b.i32(AccessStatus.ILLEGAL)));
}

/** The called function has set mode and program counter. */
function returnFromTrap(c: LiftContext, signature: FunctionSignature): void {
  callChecked(c, signature);
  c.b.exit(ExitReason.REFRESH, c.b.getState(slot("pc")));
}

/** `mret` */
export function mret(c: LiftContext): void {
  returnFromTrap(c, MRET);
}

/** `sret` */
export function sret(c: LiftContext): void {
  returnFromTrap(c, SRET);
}

/** `wfi` */
export function wfi(c: LiftContext): void {
  callChecked(c, CHECK_WFI);
  c.b.exit(ExitReason.WAIT_FOR_INTERRUPT, c.nextPc());
}

/** A register operand narrows the fence; x0 does not, whatever it holds. */
function scopeOf(c: LiftContext, field: "rs1" | "rs2", bit: number): Value {
  return c.b.select(c.field(field), c.b.i32(bit), c.b.i32(0));
}

/** `sfence.vma`, and `sinval.vma`, which may do as much. */
export function sfenceVma(c: LiftContext): void {
  callChecked(c, CHECK_SFENCE);
  c.b.setState(slot("flush_address"), c.x("rs1"));
  c.b.setState(slot("flush_space"), c.x("rs2"));
  const scope = c.b.or(
    scopeOf(c, "rs1", FlushScope.ADDRESS),
    scopeOf(c, "rs2", FlushScope.SPACE),
  );
  c.b.setState(slot("flush_scope"), scope);
  c.b.exit(ExitReason.FLUSH_TRANSLATIONS, c.nextPc());
}

/** `sfence.w.inval`, `sfence.inval.ir`: what they order, an invalidation itself has ordered already. */
export function sfenceInval(c: LiftContext): void {
  c.illegalIf(c.b.eq(c.b.getState(slot("privilege")), c.b.i32(Privilege.USER)));
}
