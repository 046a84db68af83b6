/**
 * The list of what was compiled, with the samples of a profile that fell into it.
 *
 * A sample names a place in memory and a mode; it counts for the region that has this place among its instructions,
 * rather for one that can be entered there, rather for the newest. That is where a hart was, not by which tier: the
 * first executions of a place, before its region was there, count as well.
 */

import { GUEST_RAM_OFFSET } from "../atomics/shared_layout.ts";
import type { Symbols } from "../profile/symbols.ts";
import type { ModuleRecord, RegionRecord } from "../translation/region_record.ts";
import type { JitRegion } from "./machine_interface.ts";

/** Above all mode keys. */
const MODE_RANGE = 0x1000;

interface Row {
  readonly record: RegionRecord;
  readonly made: ModuleRecord;
  /** What is added to the number: regions of the power cycles before. */
  readonly base: number;
}

/** What the list needs to know of its machine. */
export interface JitMapParts {
  /** Guest physical address of RAM. */
  readonly ramBase: number;
  /** Names of functions. */
  readonly symbols: Symbols;
}

/** See the header of this file. */
export class JitMap {
  readonly #parts: JitMapParts;
  readonly #rows: Row[] = [];
  /** Samples by place and mode. */
  readonly #samples = new Map<number, number>();
  #base = 0;
  #last = 0;

  /** An empty list. */
  constructor(parts: JitMapParts) {
    this.#parts = parts;
  }

  /** A compiler that numbers from 1 follows. */
  beginCycle(): void {
    this.#base = this.#last;
  }

  /** Adds a module's regions. */
  add(made: ModuleRecord): void {
    for (const record of made.regions) {
      this.#rows.push({ record, made, base: this.#base });
      this.#last = Math.max(this.#last, this.#base + record.number);
    }
  }

  /** Counts a sample. @param host where the next instruction is in shared memory, or 0 */
  count(host: number, modeKey: number): void {
    const place = placeOf(host, modeKey);
    this.#samples.set(place, (this.#samples.get(place) ?? 0) + 1);
  }

  /** The list up to now, in the order of the modules. */
  regions(): JitRegion[] {
    const counts = this.#countsByRow();
    return this.#rows.map((row) => this.#region(row, counts.get(row) ?? 0));
  }

  #countsByRow(): Map<Row, number> {
    const owners = new Map<number, Row>();
    const note = (row: Row, hosts: readonly number[]): void => {
      for (const host of hosts) owners.set(placeOf(host, row.record.modeKey), row);
    };
    for (const row of this.#rows) note(row, row.record.code);
    for (const row of this.#rows) note(row, row.record.entries);
    const counts = new Map<Row, number>();
    for (const [place, samples] of this.#samples) {
      const row = owners.get(place);
      if (row !== undefined) counts.set(row, (counts.get(row) ?? 0) + samples);
    }
    return counts;
  }

  #region({ record, made, base }: Row, samples: number): JitRegion {
    const { address, entries, code, bytes, modeKey, times } = record;
    const { symbols, ramBase } = this.#parts;
    return {
      number: base + record.number,
      physical: entries[0] - GUEST_RAM_OFFSET + ramBase,
      virtual: address,
      modeKey,
      symbol: symbols.nameOf(address, false),
      instructions: code.length,
      bytes,
      entries: entries.length,
      module: made.module,
      moduleBytes: made.bytes,
      moduleRegions: made.regions.length,
      liftMilliseconds: times.lift,
      optimizeMilliseconds: times.optimize,
      samples,
    };
  }
}

function placeOf(host: number, modeKey: number): number {
  return host * MODE_RANGE + modeKey;
}
