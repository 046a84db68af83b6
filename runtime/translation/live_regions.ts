/**
 * Regions that were published and whose code has not changed: which places they serve, and in which slots.
 */
import type { RegionPage } from "../../wasm_backend/region/region_place.ts";
import { isGenerationCurrent } from "../atomics/code_guard.ts";
import { hotPage, type Hotspot } from "./region_builder.ts";
import { type CoveringRegion, RegionCoverage } from "./region_coverage.ts";
import type { SlotAllocator } from "./slot_allocator.ts";

/** Where a region starts. */
export interface Place {
  /** Index of its origin page in shared memory. */
  readonly hostPage: number;
  /** Byte offset in that page of the address that was hot. */
  readonly offset: number;
  /** Mode key of the code. */
  readonly modeKey: number;
}

interface LiveRegion {
  readonly pages: readonly RegionPage[];
  readonly slot: number;
}

/** The place that a request asks for. */
export function placeOf(hotspot: Hotspot): Place {
  return { hostPage: hotPage(hotspot), offset: hotspot.offset, modeKey: hotspot.modeKey };
}

/** A place as a text that can be compared. */
export function placeKey({ hostPage, offset, modeKey }: Place): string {
  return `${hostPage}.${offset}.${modeKey}`;
}

/** See the header of this file. */
export class LiveRegions {
  readonly #words: Int32Array;
  readonly #slots: SlotAllocator;
  readonly #coverage: RegionCoverage;
  readonly #live = new Map<string, LiveRegion>();
  /** Slots of outdated regions: retired with the next module. */
  readonly #outdated: number[] = [];

  /** Knows the machine's memory, to tell outdated regions. */
  constructor(words: Int32Array, slots: SlotAllocator) {
    this.#words = words;
    this.#slots = slots;
    this.#coverage = new RegionCoverage(words);
  }

  /** Is nothing to be made for a request? An outdated region of the place is dropped. */
  isServed(hotspot: Hotspot): boolean {
    const place = placeOf(hotspot);
    if (this.#live.has(placeKey(place))) return !this.#dropOutdated(place);
    return this.#coverage.isServed(hotspot);
  }

  /** Is a place an entry of a region? An outdated region of the place is dropped. */
  isEntry(place: Place): boolean {
    this.#dropOutdated(place);
    return this.#coverage.hasEntry(place.hostPage, place.modeKey, place.offset);
  }

  /** @returns true when there was a region whose code has changed */
  #dropOutdated(place: Place): boolean {
    const live = this.#live.get(placeKey(place));
    if (live === undefined || this.#isCurrent(live)) return false;
    this.#outdated.push(live.slot);
    this.#live.delete(placeKey(place));
    return true;
  }

  #isCurrent({ pages }: LiveRegion): boolean {
    return pages.every(({ hostPage, generation }) =>
      isGenerationCurrent(this.#words, hostPage, generation)
    );
  }

  /** Entries that a region for this hotspot should end at. */
  entriesAround(hotspot: Hotspot): ReadonlySet<number> {
    return this.#coverage.entriesAround(hotspot);
  }

  /**
   * Notes a region of the module with that number, counted from 1.
   * @returns its slot; 0 when there is none now, and it has to be asked for again
   */
  place(place: Place, code: CoveringRegion, module: number): number {
    const slot = this.#slots.take();
    if (slot === 0) return 0;
    this.#live.set(placeKey(place), { pages: code.pages, slot });
    this.#coverage.add(code, module);
    return slot;
  }

  /** The slots that are to be retired now; each is named once. */
  takeOutdated(): number[] {
    return this.#outdated.splice(0);
  }
}
