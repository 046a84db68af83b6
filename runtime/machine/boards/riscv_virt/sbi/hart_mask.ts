/**
 * Hart masks of calls: "Hart list parameter" of the specification. A mask of 64 bits counts from a base hart
 * id; a base of all ones means every hart.
 */

import { type HartSet, hasHart } from "../../../../atomics/remote_work.ts";
import type { SbiCaller, SbiHost } from "./sbi_host.ts";
import { ArgumentRegister, HartState } from "./sbi_host.ts";

const HALF_BITS = 32;
const MASK_BITS = 64;

/**
 * Decodes the mask in a0 and the base in a1.
 * @returns the harts, or undefined when the list names a hart that does not exist
 */
export function decodeHartMask(caller: SbiCaller, host: SbiHost): HartSet | undefined {
  const baseLow = caller.low(ArgumentRegister.A1);
  const baseHigh = caller.high(ArgumentRegister.A1);
  const everyHart = baseLow === -1 && baseHigh === -1;
  const harts: HartSet = { low: 0, high: 0 };
  if (everyHart) {
    for (let hart = 0; hart < host.hartCount; hart++) addHart(harts, hart);
    return harts;
  }
  const low = caller.low(ArgumentRegister.A0);
  const high = caller.high(ArgumentRegister.A0);
  const base = baseHigh === 0 ? baseLow >>> 0 : Infinity;
  for (let bit = 0; bit < MASK_BITS; bit++) {
    if (!hasBit(low, high, bit)) continue;
    if (base + bit >= host.hartCount) return undefined;
    addHart(harts, base + bit);
  }
  return harts;
}

/** Removes the harts that run no supervisor code: they see everything when they start. */
export function keepStarted(harts: HartSet, host: SbiHost): HartSet {
  const started: HartSet = { low: 0, high: 0 };
  for (let hart = 0; hart < host.hartCount; hart++) {
    if (hasHart(harts, hart) && host.hartState(hart) !== HartState.STOPPED) addHart(started, hart);
  }
  return started;
}

function hasBit(low: number, high: number, bit: number): boolean {
  return bit < HALF_BITS ? ((low >>> bit) & 1) === 1 : ((high >>> (bit - HALF_BITS)) & 1) === 1;
}

function addHart(harts: HartSet, hart: number): void {
  if (hart < HALF_BITS) harts.low |= 1 << hart;
  else harts.high |= 1 << (hart - HALF_BITS);
}
