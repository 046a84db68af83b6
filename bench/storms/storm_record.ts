// What a comparison of storms and boots records.

import type { BootCell, LoadCell, Row } from "../load_results.ts";
import type { MachineDescription, RECORD_SCHEMA } from "../record.ts";

/** A whole comparison. */
export interface StormRecord {
  readonly schema: typeof RECORD_SCHEMA;
  readonly kind: "storms";
  readonly date: string;
  readonly commit: string;
  readonly machine: MachineDescription;
  readonly rounds: number;
  /** Seconds and harts of each storm. */
  readonly seconds: number;
  readonly harts: number;
  /** What is compared, the subject first: name (version). */
  readonly engines: readonly string[];
  readonly storms: readonly Row<LoadCell>[];
  /** The boots in which the storms were. */
  readonly stormBoots: Row<BootCell>;
  readonly boots: readonly Row<BootCell>[];
}
