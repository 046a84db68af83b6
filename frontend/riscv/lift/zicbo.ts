/**
 * Meaning of the cache-block instructions. Guest memory has no caches above it that a guest could see: cleaning,
 * flushing and invalidating do nothing once they are allowed, and invalidating always keeps what was stored, as
 * a flush does. A prefetch does nothing.
 *
 * Source: Unprivileged ISA, "Cache-Block Management Instructions", "Cache-Block Zero Instructions", "Traps";
 * Privileged ISA, "Machine Environment Configuration (menvcfg) Register".
 */
import type { Value } from "../../../ir/region.ts";
import { Privilege } from "../privileged/causes.ts";
import { ENVCFG_CBCFE, ENVCFG_CBIE, ENVCFG_CBZE } from "../privileged/environment_bits.ts";
import { CHECK_BLOCK } from "../privileged/signatures.ts";
import { slot } from "../registers.ts";
import type { LiftContext } from "./lift_context.ts";

/** Bytes that each of these instructions works on. */
const BLOCK_BYTES = 64;
const WORD_BYTES = 8;

/** Illegal where machine mode, or for user mode supervisor mode, has not set one of the fields. */
function requireEnabled(c: LiftContext, fields: bigint): void {
  const { b } = c;
  const isOff = (register: string): Value =>
    b.eqz(b.and(b.getState(slot(register)), b.i64(fields)));
  const privilege = b.getState(slot("privilege"));
  const isBelowMachine = b.ne(privilege, b.i32(Privilege.MACHINE));
  const isUser = b.eq(privilege, b.i32(Privilege.USER));
  c.illegalIf(b.or(b.and(isBelowMachine, isOff("menvcfg")), b.and(isUser, isOff("senvcfg"))));
}

/** The block must be there; a fault is that of a store, and names the address itself. */
function manage(c: LiftContext, fields: bigint): void {
  const { b } = c;
  requireEnabled(c, fields);
  const address = c.x("rs1");
  const cause = b.call(CHECK_BLOCK, address);
  b.trapIf(b.ne(cause, b.i32(0)), cause, address);
}

/** `cbo.inval` */
export function cboInval(c: LiftContext): void {
  manage(c, ENVCFG_CBIE);
}

/** `cbo.clean` */
export function cboClean(c: LiftContext): void {
  manage(c, ENVCFG_CBCFE);
}

/** `cbo.flush` */
export function cboFlush(c: LiftContext): void {
  manage(c, ENVCFG_CBCFE);
}

/** `cbo.zero`: the first store is at the address itself, so that a fault names it; the others share its page. */
export function cboZero(c: LiftContext): void {
  const { b } = c;
  requireEnabled(c, ENVCFG_CBZE);
  const address = c.x("rs1");
  b.store(address, b.i64(0), { width: 8 });
  const block = b.and(address, b.i64(-BLOCK_BYTES));
  for (let offset = 0; offset < BLOCK_BYTES; offset += WORD_BYTES) {
    b.store(b.add(block, b.i64(offset)), b.i64(0), { width: 64 });
  }
}

/** A hint that needs nothing. */
export function prefetch(_: LiftContext): void {}
