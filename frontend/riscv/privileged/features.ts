/**
 * Choices of a machine that its harts' privileged functions look at while they run: bit numbers of the state
 * slot `features`.
 */

/** Bit numbers of the `features` slot. */
export const Feature = {
  /** Supervisor timer compare register. */
  SSTC: 0,
  /** Five-level page tables, beside three and four levels. */
  SV57: 1,
  /** A clear accessed or dirty bit always raises a page fault. Without it and SVADU the walk sets the bits. */
  SVADE: 2,
  /** `menvcfg.ADUE` chooses whether the walk sets accessed and dirty bits or raises a page fault. */
  SVADU: 3,
  /** Physical memory protection with 16 entries, granularity one page. */
  PMP: 4,
} as const;

/** The mask of some features. */
export function featureMask(...features: number[]): bigint {
  return features.reduce((mask, feature) => mask | (1n << BigInt(feature)), 0n);
}
