// What a comparison of networks records.

import type { BootCell, LoadCell, LoadRecord, Row } from "../load_results.ts";

/** A whole comparison. */
export interface NetworkRecord extends LoadRecord {
  readonly kind: "network";
  /** Megabits that arrive in a second, by kind and number of connections. */
  readonly transfers: readonly Row<LoadCell>[];
  /** Round trips in a second, by number of connections. */
  readonly trips: readonly Row<LoadCell>[];
  /** The boots in which all this was. */
  readonly boots: Row<BootCell>;
}
