/**
 * The address of a hart's interrupt file, as an APLIC makes it of its configuration: "Addresses and Data for Outgoing
 * MSIs" of the RISC-V Advanced Interrupt Architecture. Without guests.
 */

import { PAGE_BYTES } from "../../../../atomics/shared_layout.ts";

/** The two registers of a configuration. */
export interface MessageConfiguration {
  readonly low: number;
  readonly high: number;
}

/** Fields of the upper register. */
const Field = {
  PAGE_MASK: 0xfff,
  HART_WIDTH_SHIFT: 12,
  HART_WIDTH_ONES: 0xf,
  GROUP_WIDTH_SHIFT: 16,
  GROUP_WIDTH_ONES: 7,
  HART_SHIFT_SHIFT: 20,
  HART_SHIFT_ONES: 7,
  GROUP_SHIFT_SHIFT: 24,
  GROUP_SHIFT_ONES: 0x1f,
} as const;
/** What the shift of groups is counted from. */
const GROUP_SHIFT_BASE = 12;
/** Bits of a page number in the lower register. */
const LOW_BITS = 32;

/** Bits of the upper register that can be written in machine mode's configuration: all but the lock. */
export const CONFIGURATION_HIGH_WRITABLE = 0x1f77_ffff;
/** The same of supervisor mode's, which has widths and the place of groups from machine mode's. */
export const SUPERVISOR_HIGH_WRITABLE = 0x0070_0fff;
/** Says in machine mode's that both can be written no more. */
export const CONFIGURATION_LOCK: number = 1 << 31;

function ones(bits: number): number {
  return (1 << bits) - 1;
}

/**
 * The address of a hart's file.
 * @param low the lower register of the level's configuration
 * @param high its upper register
 * @param widths the upper register of machine mode's
 * @returns -1 where it is above what any hart's file is at
 */
export function messageAddress(low: number, high: number, widths: number, hart: number): number {
  const hartBits = (widths >>> Field.HART_WIDTH_SHIFT) & Field.HART_WIDTH_ONES;
  const groupBits = (widths >>> Field.GROUP_WIDTH_SHIFT) & Field.GROUP_WIDTH_ONES;
  const hartShift = (high >>> Field.HART_SHIFT_SHIFT) & Field.HART_SHIFT_ONES;
  const groupShift = ((widths >>> Field.GROUP_SHIFT_SHIFT) & Field.GROUP_SHIFT_ONES) +
    GROUP_SHIFT_BASE;
  const group = (hart >>> hartBits) & ones(groupBits);
  const isHigh = group !== 0 && groupShift + groupBits > LOW_BITS;
  if (isHigh || (high & Field.PAGE_MASK) !== 0) return -1;
  const groupPart = group === 0 ? 0 : group << groupShift;
  const page = (low | groupPart | (hart & ones(hartBits)) << hartShift) >>> 0;
  return page * PAGE_BYTES;
}

/** The configuration for files that lie one behind the other from an address on. */
export function plainConfiguration(base: number, hartCount: number): MessageConfiguration {
  const hartBits = LOW_BITS - Math.clz32(hartCount - 1);
  return { low: base / PAGE_BYTES, high: hartBits << Field.HART_WIDTH_SHIFT };
}
