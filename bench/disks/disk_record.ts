// What a comparison of disks records.

import type { BootCell, LoadCell, LoadRecord, Row } from "../load_results.ts";

/** A whole comparison. */
export interface DiskRecord extends LoadRecord {
  readonly kind: "disks";
  /** Requests in a second, by kind and number of processes. */
  readonly requests: readonly Row<LoadCell>[];
  /** Work on one hart while the other one sleeps, and while it reads from the disk. */
  readonly work: { readonly alone: Row<LoadCell>; readonly beside: Row<LoadCell> };
  /** The boots in which all this was. */
  readonly boots: Row<BootCell>;
}
