/**
 * A request with the guest code that answered it, as plain data: what the debug log (`-d request`) shows, and enough
 * to translate a region once more without its machine.
 */
import type { CodeReader, RegionRequest } from "../../frontend/frontend.ts";
import { PAGE_BYTES } from "../atomics/shared_layout.ts";
import { NEIGHBOUR_PAGES } from "./compile_request.ts";
import type { BuiltRegion } from "./region_builder.ts";

const PARCEL_BYTES = 2;
const WORD_BITS = 32;
/** First parcel of the hot page in the bitmap of a request. */
const ORIGIN_PARCEL = NEIGHBOUR_PAGES * PAGE_BYTES / PARCEL_BYTES;

/** Offsets are distances in bytes from the page of the hot place. */
export interface RecordedRequest {
  /** Number of the region, as in the rest of the log. */
  readonly region: number;
  /** Mode key of the code. */
  readonly modeKey: number;
  /** The hot entry. */
  readonly entryOffset: number;
  /** Most guest instructions of the region. */
  readonly instructionLimit: number;
  /** Was the region to be compared with the cold tier? */
  readonly isChecked: boolean;
  /** Could the host fuse multiplication and addition? */
  readonly hostFuses: boolean;
  /** The code that was read: 16 bits each, by offset. */
  readonly parcels: readonly (readonly [offset: number, parcel: number])[];
  /** Where instructions start that were executed. */
  readonly executed: readonly number[];
  /** Where other regions go on. */
  readonly stops: readonly number[];
  /** Where computed jumps went lately, by their own offset. */
  readonly jumps: readonly (readonly [site: number, targets: readonly number[]])[];
}

/** What is recorded of a region, before the optimizer changes it. */
export function recordRequest(
  { number, hotspot, request, parcels, stops }: BuiltRegion,
): RecordedRequest {
  return {
    region: number,
    modeKey: hotspot.modeKey,
    entryOffset: hotspot.offset,
    instructionLimit: request.instructionLimit,
    isChecked: request.isChecked,
    hostFuses: request.hostFuses,
    parcels: [...parcels],
    executed: executedOffsets(hotspot.executed),
    stops: [...stops],
    jumps: [...hotspot.jumps],
  };
}

/** The request again, answered from the record. */
export function requestFrom(record: RecordedRequest): RegionRequest {
  const { entryOffset, modeKey, isChecked, hostFuses, instructionLimit } = record;
  return {
    ...{ entryOffset, modeKey, isChecked, hostFuses, instructionLimit },
    code: new RecordedCode(record),
  };
}

/** Guest code out of a record. */
class RecordedCode implements CodeReader {
  readonly #parcels: ReadonlyMap<number, number>;
  readonly #executed: ReadonlySet<number>;
  readonly #stops: ReadonlySet<number>;
  readonly #jumps: ReadonlyMap<number, readonly number[]>;

  constructor({ parcels, executed, stops, jumps }: RecordedRequest) {
    this.#parcels = new Map(parcels);
    this.#executed = new Set(executed);
    this.#stops = new Set(stops);
    this.#jumps = new Map(jumps);
  }

  parcel(offset: number): number {
    return this.#parcels.get(offset) ?? -1;
  }

  isWanted(offset: number): boolean {
    return this.wasExecuted(offset) && !this.#stops.has(offset);
  }

  wasExecuted(offset: number): boolean {
    return this.#executed.has(offset);
  }

  computedTargets(offset: number): readonly number[] {
    return this.#jumps.get(offset) ?? [];
  }
}

function executedOffsets(bitmap: Int32Array): number[] {
  const offsets: number[] = [];
  bitmap.forEach((word, index) => {
    for (let bit = 0; bit < WORD_BITS; bit++) {
      if ((word >>> bit & 1) === 0) continue;
      offsets.push((index * WORD_BITS + bit - ORIGIN_PARCEL) * PARCEL_BYTES);
    }
  });
  return offsets;
}
