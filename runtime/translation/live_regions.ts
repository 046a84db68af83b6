/**
 * Regions that were published and are of use: which places they serve, in which slots, and which of them are to go,
 * because their code has changed or there is too much of it.
 */
import type { RegionPage } from "../../wasm_backend/region/region_place.ts";
import { isGenerationCurrent } from "../atomics/code_guard.ts";
import { CodeClock } from "./code_clock.ts";
import { hotPage, type Hotspot } from "./region_builder.ts";
import type { InstalledModule } from "./region_catalog.ts";
import { type CoveringRegion, RegionCoverage } from "./region_coverage.ts";
import type { SlotAllocator } from "./slot_allocator.ts";

/** Regions that are looked at for changed code with each one that is published: so all are, sooner or later. */
const LOOKED_AT = 8;

/** Where a region starts. */
export interface Place {
  /** Index of its origin page in shared memory. */
  readonly hostPage: number;
  /** Byte offset in that page of the address that was hot. */
  readonly offset: number;
  /** Mode key of the code. */
  readonly modeKey: number;
}

/** What becomes of older regions with a module. */
export type Displacement = Pick<InstalledModule, "outdated" | "evicted" | "suspended" | "ticket">;

interface LiveRegion {
  readonly key: string;
  readonly modeKey: number;
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
  readonly #clock: CodeClock;
  readonly #live = new Map<string, LiveRegion>();
  readonly #bySlot = new Map<number, LiveRegion>();
  /** Slots of outdated regions: retired with the next module. */
  readonly #outdated: number[] = [];
  /** Goes round all regions. */
  #hand: Iterator<LiveRegion> = this.#bySlot.values();

  /** Knows the machine's memory, to tell outdated regions; keeps code of about so many bytes. */
  constructor(words: Int32Array, slots: SlotAllocator, codeBytes: number) {
    this.#words = words;
    this.#slots = slots;
    this.#coverage = new RegionCoverage(words);
    this.#clock = new CodeClock(codeBytes);
  }

  /** Is nothing to be made for a request? An outdated region of the place is dropped; one that serves it is in use. */
  isServed(hotspot: Hotspot): boolean {
    const live = this.#live.get(placeKey(placeOf(hotspot)));
    if (live === undefined ? !this.#coverage.isServed(hotspot) : this.#dropOutdated(live)) {
      return false;
    }
    for (const slot of this.#coverage.slotsAt(hotspot)) this.#clock.touch(slot);
    return true;
  }

  /** Is a place an entry of a region? An outdated region of the place is dropped. */
  isEntry(place: Place): boolean {
    const live = this.#live.get(placeKey(place));
    if (live !== undefined) this.#dropOutdated(live);
    return this.#coverage.hasEntry(place.hostPage, place.modeKey, place.offset);
  }

  /** @returns true when its code has changed */
  #dropOutdated(live: LiveRegion): boolean {
    if (this.#isCurrent(live)) return false;
    this.#drop(live);
    this.#outdated.push(live.slot);
    return true;
  }

  #drop(live: LiveRegion): void {
    if (this.#live.get(live.key) === live) this.#live.delete(live.key);
    this.#bySlot.delete(live.slot);
    this.#coverage.remove(live, live.slot);
    this.#clock.forget([live.slot]);
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
    const { pages, modeKey } = code;
    const live = { key: placeKey(place), modeKey, pages, slot };
    this.#live.set(live.key, live);
    this.#bySlot.set(slot, live);
    this.#coverage.add(code, { module, slot });
    return slot;
  }

  /** A module with the regions in these slots was made; what becomes of others is to be told with it. */
  admit(slots: readonly number[], moduleBytes: number): Displacement {
    this.#lookForOutdated(new Set(slots));
    const outdated = this.#outdated.splice(0);
    const isAcknowledged = (ticket: number): boolean => this.#slots.isAcknowledged(ticket);
    const evicted = this.#clock.overdue(moduleBytes, isAcknowledged);
    for (const slot of evicted) this.#drop(this.#bySlot.get(slot)!);
    this.#clock.add(slots, moduleBytes);
    this.#slots.retire([...outdated, ...evicted]);
    const ticket = this.#slots.ticket();
    return { outdated, evicted, suspended: this.#clock.suspend(ticket), ticket };
  }

  /** Code may change and never be asked for again. What is published now cannot be retired by the same message. */
  #lookForOutdated(published: ReadonlySet<number>): void {
    for (let looked = 0; looked < published.size * LOOKED_AT; looked++) {
      const { value, done } = this.#hand.next();
      if (done) {
        this.#hand = this.#bySlot.values();
        return;
      }
      if (!published.has(value.slot)) this.#dropOutdated(value);
    }
  }
}
