/**
 * `mip`, `mie`, their views `sip` and `sie`, and `mideleg`.
 *
 * The pending bits are the hart's interrupt lines, which devices and other harts change at any time: an
 * instruction that sets or clears touches only the bits it names. The external interrupt that software pends
 * for supervisor mode is a bit of its own, so that neither it nor the interrupt controller's line can be lost
 * through a read-modify-write.
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

function updateLines(update: CsrUpdate, writable: Value): void {
  const { b } = update;
  const set = b.wrap(b.and(update.bitsToSet(), writable));
  const cleared = b.wrap(b.and(update.bitsToClear(), writable));
  b.when(set, () => b.append("lines.or", "void", [set], null));
  b.when(cleared, () => {
    b.append("lines.and", "void", [b.xor(cleared, b.i32(-1))], null);
  });
}

function updateSoftwareExternal(update: CsrUpdate): void {
  const { b } = update;
  const bit = b.i32(Number(SEI));
  const old = b.getState(slot("seip_software"));
  const set = b.or(old, b.and(b.wrap(update.bitsToSet()), bit));
  const cleared = b.and(b.wrap(update.bitsToClear()), bit);
  b.setState(slot("seip_software"), b.and(set, b.xor(cleared, b.i32(-1))));
}

/** Writes `mip`: the timer bit belongs to the compare register while that is enabled. */
export function writeMachinePending(update: CsrUpdate): void {
  const { b } = update;
  const hasCompare = anySet(b, b.getState(slot("menvcfg")), MENVCFG_STCE);
  updateLines(update, b.select(hasCompare, b.i64(SSI), b.i64(SSI | STI)));
  updateSoftwareExternal(update);
  update.leaveIfInterrupted();
}

/** Writes `sip`: only the software interrupt, when it is delegated. */
export function writeSupervisorPending(update: CsrUpdate): void {
  const { b } = update;
  updateLines(update, b.and(b.getState(slot("mideleg")), b.i64(SSI)));
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
