/**
 * How guest code is translated, as far as it can be chosen: by users the column of the order table, by tests
 * also what a laboratory needs to tell tiers and translations apart.
 */
import { PASS_NAMES, type PassName } from "../../optimizer/pass_names.ts";
import type { HostOrder } from "../../wasm_backend/host_order.ts";

/** Most guest instructions of one region, unless a test says otherwise. */
export const REGION_INSTRUCTIONS = 500;

/** What encodes modules of regions: the project's own encoder, or Binaryen. */
export const ENCODERS = ["direct", "binaryen"] as const;

/** One of {@linkcode ENCODERS}. */
export type Encoder = typeof ENCODERS[number];

/** The choices; the same for all workers of a machine. */
export interface TranslationSettings {
  /** Column of the order table. */
  readonly host: HostOrder;
  /** Are guest loads plain although other threads write? Wrong, and there to show that tests notice. */
  readonly hasPlainLoads: boolean;
  /** Is hot code compiled? Else the cold tier executes everything. */
  readonly hasRegions: boolean;
  /** What encodes modules. What is to be shown as text, Binaryen does in any case. */
  readonly encoder: Encoder;
  /** Passes of the optimizer that run. */
  readonly passes: readonly PassName[];
  /** Most guest instructions of one region. */
  readonly regionInstructions: number;
  /** Does a region execute exactly what its budget covers, for machines whose time is counted in instructions? */
  readonly isCounted: boolean;
  /**
   * Are modules compiled anew every few milliseconds, each time with other bytes? The host then never has time
   * to optimize them: code is that of its baseline compiler.
   */
  readonly renewsModules: boolean;
}

/** What users get. */
export function usualTranslation(host: HostOrder): TranslationSettings {
  return {
    host,
    hasPlainLoads: false,
    hasRegions: true,
    encoder: "direct",
    passes: PASS_NAMES,
    regionInstructions: REGION_INSTRUCTIONS,
    isCounted: false,
    renewsModules: false,
  };
}
