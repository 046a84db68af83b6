/**
 * `mip`, `mie`, their views `sip` and `sie`, and `mideleg`.
 *
 * The pending bits are the hart's interrupt lines, which devices and other harts change at any time: an
 * instruction that sets or clears touches only the bits it names. Supervisor timer and external interrupts
 * that machine mode pends are bits of their own beside the lines of timer and interrupt controller, so that
 * neither is lost through the other.
 */
import type { Value } from "../../../ir/region.ts";
import { slot } from "../registers.ts";
import { anySet, replaceBits } from "./bit_fields.ts";
import { Interrupt } from "./causes.ts";
import type { CsrUpdate } from "./csr_update.ts";
import { MENVCFG_STCE } from "./environment_bits.ts";
import { ALL_INTERRUPTS, pendingBits } from "./interrupt.ts";

const SSI = 1n << BigInt(Interrupt.SUPERVISOR_SOFTWARE);
const STI = 1n << BigInt(Interrupt.SUPERVISOR_TIMER);
const SEI = 1n << BigInt(Interrupt.SUPERVISOR_EXTERNAL);

/** Interrupts that may be delegated. */
export const DELEGABLE_INTERRUPTS: bigint = SSI | STI | SEI;

/** Reads `mip`. */
export function readMachinePending({ b }: CsrUpdate): Value {
  return pendingBits(b);
}

/** Reads `sip`. */
export function readSupervisorPending({ b }: CsrUpdate): Value {
  return b.and(pendingBits(b), b.getState(slot("mideleg")));
}

/** Raises or lowers the software interrupt's line; `writable` holds its bit when that is allowed. */
function updateLine(update: CsrUpdate, writable: Value): void {
  const { b } = update;
  const set = b.wrap(b.and(update.bitsToSet(), writable));
  const cleared = b.wrap(b.and(update.bitsToClear(), writable));
  b.when(set, () => b.append("lines.or", "void", [set], null));
  b.when(cleared, () => {
    b.append("lines.and", "void", [b.xor(cleared, b.i32(-1))], null);
  });
}

function updateSoftwarePending(update: CsrUpdate, writable: Value): void {
  const { b } = update;
  const set = b.wrap(b.and(update.bitsToSet(), writable));
  const cleared = b.wrap(b.and(update.bitsToClear(), writable));
  const pending = b.or(b.getState(slot("mip_software")), set);
  b.setState(slot("mip_software"), b.and(pending, b.xor(cleared, b.i32(-1))));
}

/** Writes `mip`: the timer bit belongs to the compare register while that is enabled. */
export function writeMachinePending(update: CsrUpdate): void {
  const { b } = update;
  const hasCompare = anySet(b, b.getState(slot("menvcfg")), MENVCFG_STCE);
  updateLine(update, b.i64(SSI));
  updateSoftwarePending(update, b.select(hasCompare, b.i64(SEI), b.i64(SEI | STI)));
  update.leaveIfInterrupted();
}

/** Writes `sip`: only the software interrupt, when it is delegated. */
export function writeSupervisorPending(update: CsrUpdate): void {
  const { b } = update;
  updateLine(update, b.and(b.getState(slot("mideleg")), b.i64(SSI)));
  update.leaveIfInterrupted();
}

/** Writes `mie`. */
export function writeMachineEnable(update: CsrUpdate, value: Value): void {
  const { b } = update;
  b.setState(slot("mie"), b.and(value, b.i64(ALL_INTERRUPTS)));
  update.leaveIfInterrupted();
}

/** Reads `sie`. */
export function readSupervisorEnable({ b }: CsrUpdate): Value {
  return b.and(b.getState(slot("mie")), b.getState(slot("mideleg")));
}

/** Writes `sie`: those of `mie` that are delegated. */
export function writeSupervisorEnable(update: CsrUpdate, value: Value): void {
  const { b } = update;
  const mie = slot("mie");
  b.setState(mie, replaceBits(b, b.getState(mie), value, b.getState(slot("mideleg"))));
  update.leaveIfInterrupted();
}

/** Writes `mideleg`. */
export function writeInterruptDelegation(update: CsrUpdate, value: Value): void {
  const { b } = update;
  b.setState(slot("mideleg"), b.and(value, b.i64(DELEGABLE_INTERRUPTS)));
  update.leaveIfInterrupted();
}
