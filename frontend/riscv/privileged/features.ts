/**
 * Choices of a machine that its harts' privileged functions look at while they run: bit numbers of the state
 * slot `features`.
 */
import type { Builder } from "../../../ir/builder.ts";
import type { Value } from "../../../ir/region.ts";
import { slot } from "../registers.ts";
import { anySet } from "./bit_fields.ts";

/** Bit numbers of the `features` slot. */
export const Feature = {
  /** Supervisor timer compare register. */
  SSTC: 0,
  /** Five-level page tables, beside three and four levels. */
  SV57: 1,
  /** A clear accessed or dirty bit raises a page fault. With neither this nor SVADU the walk sets the bits. */
  SVADE: 2,
  /** `menvcfg.ADUE` chooses whether the walk sets accessed and dirty bits or raises a page fault. */
  SVADU: 3,
  /** Physical memory protection with 16 entries, granularity one page. */
  PMP: 4,
  /** Contiguous pages of 64 KiB. */
  SVNAPOT: 5,
  /** Page-based memory types, while `menvcfg.PBMTE` is set. */
  SVPBMT: 6,
  /** Cache-block clean, flush and invalidate. */
  ZICBOM: 7,
  /** Cache-block zero. */
  ZICBOZ: 8,
  /** Registers of the advanced interrupt architecture, and an interrupt file for each of the two upper modes. */
  AIA: 9,
} as const;

/** Extensions that the privileged functions look at while they run. */
const FEATURE_OF_EXTENSION: Readonly<Record<string, number>> = {
  sv57: Feature.SV57,
  smaia: Feature.AIA,
  svade: Feature.SVADE,
  svadu: Feature.SVADU,
  svnapot: Feature.SVNAPOT,
  svpbmt: Feature.SVPBMT,
  zicbom: Feature.ZICBOM,
  zicboz: Feature.ZICBOZ,
};

/** The features of a machine whose harts have these extensions. */
export function featuresOf(extensions: ReadonlySet<string>): bigint {
  const chosen = Object.entries(FEATURE_OF_EXTENSION).filter(([name]) => extensions.has(name));
  return featureMask(Feature.SSTC, Feature.PMP, ...chosen.map(([, feature]) => feature));
}

/** The mask of some features. */
export function featureMask(...features: number[]): bigint {
  return features.reduce((mask, feature) => mask | (1n << BigInt(feature)), 0n);
}

/** 1 when the machine has the feature. */
export function hasFeature(b: Builder, feature: number): Value {
  return anySet(b, b.getState(slot("features")), featureMask(feature));
}
