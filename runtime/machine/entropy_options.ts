/** Sources of entropy as a caller describes them. */

import type { PlugOptions } from "./slot_assignment.ts";

/** A source of entropy of a machine, as `-device virtio-rng-device`: random numbers of the host's. */
export type EntropyOptions = PlugOptions;

/** A source of entropy with every default filled in. */
export interface EntropyDescription {
  /** Its name in messages. */
  readonly name: string;
  /** Its slot. */
  readonly slot: number;
}

/** Its name in messages. */
export const ENTROPY_NAME = "a source of entropy";

/** Fills in the defaults. */
export function describeEntropy(slot: number): EntropyDescription {
  return { name: ENTROPY_NAME, slot };
}
