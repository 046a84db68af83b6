/**
 * Which interrupt a hart takes: lines and software-pended bits, local and global enables, delegation and
 * priority.
 *
 * Source: RISC-V Privileged ISA, "Machine Interrupt (mip and mie) Registers".
 */
import { type Builder, buildFunction } from "../../../ir/builder.ts";
import type { Region, Value } from "../../../ir/region.ts";
import { slot } from "../registers.ts";
import { anySet, maskIf } from "./bit_fields.ts";
import { Interrupt, Privilege } from "./causes.ts";
import { PENDING_INTERRUPT, WAKE_PENDING } from "./signatures.ts";
import { Status } from "./status_bits.ts";

/** From the least to the most urgent. */
const URGENCY: readonly number[] = [
  Interrupt.SUPERVISOR_TIMER,
  Interrupt.SUPERVISOR_SOFTWARE,
  Interrupt.SUPERVISOR_EXTERNAL,
  Interrupt.MACHINE_TIMER,
  Interrupt.MACHINE_SOFTWARE,
  Interrupt.MACHINE_EXTERNAL,
];

/** Bits of all interrupts there are. */
export const ALL_INTERRUPTS: bigint = URGENCY.reduce(
  (mask, cause) => mask | 1n << BigInt(cause),
  0n,
);

const NO_INTERRUPT = -1;

/** What `mip` shows: the lines, and what software pended beside them. */
export function pendingBits(b: Builder): Value {
  const pending = b.or(b.op("lines.get"), b.getState(slot("mip_software")));
  return b.and(b.zeroExtend(pending), b.i64(ALL_INTERRUPTS));
}

/** The bits in `set` that machine mode keeps, when it may be interrupted now. */
function machineCandidates(b: Builder, set: Value): Value {
  const status = b.getState(slot("mstatus"));
  const isBelow = b.ne(b.getState(slot("privilege")), b.i32(Privilege.MACHINE));
  const isEnabled = b.or(isBelow, anySet(b, status, Status.MIE));
  const kept = b.xor(b.getState(slot("mideleg")), b.i64(-1));
  return b.and(b.and(set, kept), maskIf(b, isEnabled, -1n));
}

/** The bits in `set` that are delegated to supervisor mode, when it may be interrupted now. */
function supervisorCandidates(b: Builder, set: Value): Value {
  const privilege = b.getState(slot("privilege"));
  const isUser = b.eq(privilege, b.i32(Privilege.USER));
  const isSupervisor = b.eq(privilege, b.i32(Privilege.SUPERVISOR));
  const isEnabled = anySet(b, b.getState(slot("mstatus")), Status.SIE);
  const mayInterrupt = b.or(isUser, b.and(isSupervisor, isEnabled));
  return b.and(b.and(set, b.getState(slot("mideleg"))), maskIf(b, mayInterrupt, -1n));
}

/** The most urgent one of a set of interrupts, or -1. */
export function mostUrgent(b: Builder, set: Value): Value {
  return URGENCY.reduce(
    (best, cause) => b.select(anySet(b, set, 1n << BigInt(cause)), b.i32(cause), best),
    b.i32(NO_INTERRUPT),
  );
}

/** Those that are pending and enabled by their own bit. */
export function locallyEnabled(b: Builder): Value {
  return b.and(pendingBits(b), b.getState(slot("mie")));
}

/** Body of {@linkcode PENDING_INTERRUPT}. */
export function pendingInterrupt(): Region {
  return buildFunction(PENDING_INTERRUPT, (b) => {
    const set = locallyEnabled(b);
    b.when(b.eqz(set), () => b.return(b.i32(NO_INTERRUPT)));
    const machine = machineCandidates(b, set);
    const supervisor = supervisorCandidates(b, set);
    b.return(mostUrgent(b, b.select(b.eqz(machine), supervisor, machine)));
  });
}

/** Body of {@linkcode WAKE_PENDING}. */
export function wakePending(): Region {
  return buildFunction(WAKE_PENDING, (b) => b.return(b.ne(locallyEnabled(b), b.i64(0))));
}
