/** Names of the passes, without the passes: for whoever only chooses among them. */

/** All passes, in the order in which they run; see `pipeline.ts` for why. */
export const PASS_NAMES = [
  "block_merging",
  "fence_merging",
  "copy_propagation",
  "constant_folding",
  "dead_state_writes",
  "entry_conditions",
  "extension_narrowing",
  "dead_code",
  "state_reuse",
] as const;

/** Name of a pass. */
export type PassName = typeof PASS_NAMES[number];
