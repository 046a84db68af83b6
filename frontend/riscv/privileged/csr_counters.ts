/**
 * Counters and timers. Cycles are retired instructions. A counter is the host's count plus an offset; while
 * it is inhibited its offset holds the frozen value instead.
 *
 * Source: RISC-V Privileged ISA, "Hardware Performance Monitor", "Machine Counter-Enable (mcounteren)
 * Register", "Machine Counter-Inhibit (mcountinhibit) Register", "Supervisor Timer (stimecmp) Register".
 */
import type { Builder } from "../../../ir/builder.ts";
import type { Value } from "../../../ir/region.ts";
import { GUEST_TIME, RETIRED_INSTRUCTIONS, TIMER_CHANGED } from "../host_functions.ts";
import { slot } from "../registers.ts";
import { anySet, bitAt } from "./bit_fields.ts";
import { Privilege } from "./causes.ts";
import type { CsrUpdate } from "./csr_update.ts";
import { MENVCFG_STCE } from "./environment_bits.ts";
import { Feature, hasFeature } from "./features.ts";

/** Bits of the counters in `mcounteren`, `scounteren` and `mcountinhibit`. */
const CounterBit = { CYCLE: 1n << 0n, TIME: 1n << 1n, INSTRET: 1n << 2n } as const;
const COUNTER_ONES = 31;

/** `supervisor_deadline` when there is none. */
export const NO_DEADLINE: bigint = -1n;

/** A counter that can be written. */
export interface Counter {
  /** Slot of its offset. */
  readonly offset: string;
  /** Its bit in `mcountinhibit`. */
  readonly bit: bigint;
}

/** `mcycle`. */
export const CYCLE: Counter = { offset: "cycle_offset", bit: CounterBit.CYCLE };
/** `minstret`. */
export const INSTRET: Counter = { offset: "instret_offset", bit: CounterBit.INSTRET };

function isInhibited(b: Builder, counter: Counter): Value {
  return anySet(b, b.getState(slot("mcountinhibit")), counter.bit);
}

/** The host's count when the current instruction has retired: writes take effect after it. */
function countAfterInstruction(b: Builder): Value {
  return b.add(b.call(RETIRED_INSTRUCTIONS), b.i64(1));
}

/** Reads a counter. */
export function readCounter({ b }: CsrUpdate, counter: Counter): Value {
  const offset = b.getState(slot(counter.offset));
  const running = b.add(offset, b.call(RETIRED_INSTRUCTIONS));
  return b.select(isInhibited(b, counter), offset, running);
}

/** Writes a counter. */
export function writeCounter({ b }: CsrUpdate, counter: Counter, value: Value): void {
  const offset = b.sub(value, countAfterInstruction(b));
  b.setState(slot(counter.offset), b.select(isInhibited(b, counter), value, offset));
}

/** Freezes or releases a counter whose bit differs between the old and the new inhibit register. */
function switchCounter(b: Builder, counter: Counter, inhibit: Value): void {
  const changed = b.xor(inhibit, b.getState(slot("mcountinhibit")));
  b.when(anySet(b, changed, counter.bit), () => {
    const offset = b.getState(slot(counter.offset));
    const count = countAfterInstruction(b);
    const isFrozen = anySet(b, inhibit, counter.bit);
    const switched = b.select(isFrozen, b.add(offset, count), b.sub(offset, count));
    b.setState(slot(counter.offset), switched);
  });
}

/** Writes `mcountinhibit`. */
export function writeCounterInhibit({ b }: CsrUpdate, value: Value): void {
  const inhibit = b.and(value, b.i64(CounterBit.CYCLE | CounterBit.INSTRET));
  switchCounter(b, CYCLE, inhibit);
  switchCounter(b, INSTRET, inhibit);
  b.setState(slot("mcountinhibit"), inhibit);
}

/** Reads `time`. */
export function readTime({ b }: CsrUpdate): Value {
  return b.op("i64.trunc_sat_f64_u", b.call(GUEST_TIME));
}

/** May this privilege read the user counter that the low bits of the CSR number name? */
export function isCounterAccessible(update: CsrUpdate): Value {
  const { b } = update;
  const index = b.and(update.number, b.i32(COUNTER_ONES));
  const byMachine = bitAt(b, b.getState(slot("mcounteren")), index);
  const bySupervisor = bitAt(b, b.getState(slot("scounteren")), index);
  const belowMachine = b.or(update.isPrivilege(Privilege.MACHINE), byMachine);
  return b.and(belowMachine, b.or(b.not(update.isPrivilege(Privilege.USER)), bySupervisor));
}

/** May this privilege access `stimecmp`? */
export function isCompareAccessible(update: CsrUpdate): Value {
  const { b } = update;
  const isEnabled = anySet(b, b.getState(slot("menvcfg")), MENVCFG_STCE);
  const isTimeGiven = anySet(b, b.getState(slot("mcounteren")), CounterBit.TIME);
  const isMachine = update.isPrivilege(Privilege.MACHINE);
  const isGiven = b.or(isMachine, b.and(isEnabled, isTimeGiven));
  return b.and(isGiven, hasFeature(b, Feature.SSTC));
}

/** Tells the host when the supervisor timer is due, after a change of compare value or its enable. */
export function publishDeadline(update: CsrUpdate): void {
  const { b } = update;
  const isEnabled = anySet(b, b.getState(slot("menvcfg")), MENVCFG_STCE);
  const deadline = b.select(isEnabled, b.getState(slot("stimecmp")), b.i64(NO_DEADLINE));
  b.setState(slot("supervisor_deadline"), deadline);
  b.call(TIMER_CHANGED);
  update.leaveIfInterrupted();
}

/** Writes `stimecmp`. */
export function writeCompare(update: CsrUpdate, value: Value): void {
  update.b.setState(slot("stimecmp"), value);
  publishDeadline(update);
}
