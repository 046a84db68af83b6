// A small record for tests: two references, of which sometimes the one and sometimes the other is faster.

import { RECORD_SCHEMA } from "../record.ts";
import { summarize } from "../statistics.ts";
import type { ItemGroup } from "./items.ts";
import type { LinuxRecord, LinuxRow } from "./linux_record.ts";

/** A row with the subject's and the references' wall times; CPU time is twice that. */
export function rowOf(
  name: string,
  group: ItemGroup,
  [subject, ...references]: readonly number[],
): LinuxRow {
  const time = (ms: number) => ({ wallMs: summarize([ms]), cpuMs: summarize([2 * ms]) });
  return { name, group, repeat: 1000, subject: time(subject), references: references.map(time) };
}

/** A record with the given rows. */
export function recordOf(
  rows: readonly LinuxRow[],
  scaling: LinuxRecord["scaling"] = [],
): LinuxRecord {
  return {
    ...{ schema: RECORD_SCHEMA, kind: "linux", date: "2000-01-01", commit: "0000000", rounds: 1 },
    machine: { cpu: "Some CPU", cores: 2, os: "linux", architecture: "x86_64" },
    ...{ subject: "A (1)", references: ["B (2)", "C (3)"] },
    ...{ rows, scaling },
  };
}
