// What a comparison of disks records.

import type { BootCell, LoadCell, Row } from "../load_results.ts";
import type { MachineDescription, RECORD_SCHEMA } from "../record.ts";

/** A whole comparison. */
export interface DiskRecord {
  readonly schema: typeof RECORD_SCHEMA;
  readonly kind: "disks";
  readonly date: string;
  readonly commit: string;
  readonly machine: MachineDescription;
  readonly rounds: number;
  /** Seconds of each load. */
  readonly seconds: number;
  /** What is compared, the subject first: name (version). */
  readonly engines: readonly string[];
  /** Requests in a second, by kind and number of processes. */
  readonly requests: readonly Row<LoadCell>[];
  /** Work on one hart while the other one sleeps, and while it reads from the disk. */
  readonly work: { readonly alone: Row<LoadCell>; readonly beside: Row<LoadCell> };
  /** The boots in which all this was. */
  readonly boots: Row<BootCell>;
}
