// What a comparison of disks records.

import type { BootCell, LoadCell, LoadRecord, Row } from "../load_results.ts";

/** Work on one hart while the other one sleeps, and while it reads from the disk. */
export interface WorkRows {
  /** Who carried the reads out. */
  readonly name: string;
  readonly alone: Row<LoadCell>;
  readonly beside: Row<LoadCell>;
  /** The same beside reads at a rate that all emulators keep up with. */
  readonly paced: Row<LoadCell>;
}

/** A whole comparison. */
export interface DiskRecord extends LoadRecord {
  readonly kind: "disks";
  /** Requests in a second, by kind, number of processes and who carries them out. */
  readonly requests: readonly Row<LoadCell>[];
  readonly work: readonly WorkRows[];
  /** The boots in which all this was. */
  readonly boots: readonly Row<BootCell>[];
}
