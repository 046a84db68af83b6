// What a comparison of storms and boots records.

import type { BootCell, LoadCell, LoadRecord, Row } from "../load_results.ts";

/** A whole comparison. */
export interface StormRecord extends LoadRecord {
  readonly kind: "storms";
  /** Harts of each storm. */
  readonly harts: number;
  readonly storms: readonly Row<LoadCell>[];
  /** The boots in which the storms were. */
  readonly stormBoots: Row<BootCell>;
  readonly boots: readonly Row<BootCell>[];
}
