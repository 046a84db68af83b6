/**
 * `mstatus` and its view `sstatus`. Float state counts as dirty as soon as a float instruction has written;
 * that is remembered outside the register and folded in where it is read.
 */
import type { Builder } from "../../../ir/builder.ts";
import type { Value } from "../../../ir/region.ts";
import { slot } from "../registers.ts";
import { anySet, maskIf, replaceBits } from "./bit_fields.ts";
import type { CsrUpdate } from "./csr_update.ts";
import { hasLetter } from "./machine_isa.ts";
import {
  MACHINE_STATUS_WRITABLE,
  Status,
  SUPERVISOR_STATUS_VISIBLE,
  SUPERVISOR_STATUS_WRITABLE,
} from "./status_bits.ts";

/** MPP of the level between supervisor and machine. */
const MPP_HYPERVISOR = 1n << 12n;

/** What the mode key depends on. */
const MODE_BITS = Status.FS | Status.MXR | Status.SUM | Status.MPRV | Status.MPP;

/** `mstatus` as software reads it. */
export function readMachineStatus({ b }: CsrUpdate): Value {
  const stored = b.getState(slot("mstatus"));
  const isFloatOn = anySet(b, stored, Status.FS);
  const isDirty = b.and(isFloatOn, b.getState(slot("fs_dirty")));
  const status = b.or(stored, maskIf(b, isDirty, Status.FS));
  const fs = b.and(status, b.i64(Status.FS));
  return b.or(status, maskIf(b, b.eq(fs, b.i64(Status.FS)), Status.SD));
}

/** `sstatus` as software reads it. */
export function readSupervisorStatus(update: CsrUpdate): Value {
  return update.b.and(readMachineStatus(update), update.b.i64(SUPERVISOR_STATUS_VISIBLE));
}

/**
 * Without float registers FS stays off. Kernels switch interrupts off and on all the time: what follows from other
 * bits is looked at where those change, and for interrupts where they are switched on.
 */
function writeStatus(update: CsrUpdate, value: Value, mask: Value): void {
  const { b } = update;
  const float = b.select(hasLetter(b, "f"), b.i64(-1), b.i64(~Status.FS));
  const before = b.getState(slot("mstatus"));
  const status = replaceBits(b, before, value, b.and(mask, float));
  const changed = b.xor(before, status);
  b.when(anySet(b, changed, MODE_BITS), () => {
    update.leaveIfModeChanges(() => b.setState(slot("mstatus"), status));
  });
  b.setState(slot("mstatus"), status);
  b.setState(slot("fs_dirty"), b.i32(0));
  b.when(anySet(b, b.and(changed, status), Status.MIE | Status.SIE), () => {
    update.leaveIfInterrupted();
  });
}

/** Is the written MPP the hypervisor's level, which this hart lacks? */
function namesAbsentPrivilege(b: Builder, value: Value): Value {
  return b.eq(b.and(value, b.i64(Status.MPP)), b.i64(MPP_HYPERVISOR));
}

/** Writes `mstatus`; an MPP that names no privilege is dropped. */
export function writeMachineStatus(update: CsrUpdate, value: Value): void {
  const { b } = update;
  const kept = maskIf(b, namesAbsentPrivilege(b, value), Status.MPP);
  writeStatus(update, value, b.xor(b.i64(MACHINE_STATUS_WRITABLE), kept));
}

/** Writes `sstatus`. */
export function writeSupervisorStatus(update: CsrUpdate, value: Value): void {
  writeStatus(update, value, update.b.i64(SUPERVISOR_STATUS_WRITABLE));
}
