/**
 * Which guest code this vCPU has compiled regions for: physical place and mode to slot and entry. Every vCPU
 * has its own, filled from what the compiler sends with each module.
 */
import { ENTRY_INDEX_BITS } from "../../wasm_backend/abi/vcpu_layout.ts";
import { SUSPENDED_HEAT } from "./heat.ts";

/** One way into a region. */
export interface InstalledEntry {
  /** Page of the entry: index in shared memory. */
  readonly hostPage: number;
  /** Byte offset of the entry in the page. */
  readonly offset: number;
}

/** A region as the compiler announces it. */
export interface InstalledRegion {
  /** Slot in every vCPU's table. */
  readonly slot: number;
  /** Export name in the module. */
  readonly name: string;
  /** Mode key it was compiled for. */
  readonly modeKey: number;
  /** Entries in entry-index order; all on the origin page. */
  readonly entries: readonly InstalledEntry[];
  /** Guest code, IR and Wasm text, for the report of check mode; null when regions are not checked. */
  readonly report: string | null;
  /** Other pages the region was built from: distance in pages from the origin, and index in shared memory. */
  readonly pages: readonly (readonly [distance: number, hostPage: number])[];
}

/** A batch of regions with their module: what the compiler posts to every vCPU. */
export interface InstalledModule {
  /** Slots whose regions' code has changed: acknowledged with the ticket once this vCPU holds none of them. */
  readonly outdated: readonly number[];
  /** Slots whose regions are given up, because there is too much code; acknowledged like the outdated ones. */
  readonly evicted: readonly number[];
  /** Slots whose regions are to be entered no more, until they are wanted again. */
  readonly suspended: readonly number[];
  /** Ticket of all this. */
  readonly ticket: number;
  /** The compiled module. */
  readonly module: WebAssembly.Module;
  /** Its regions. */
  readonly regions: readonly InstalledRegion[];
}

const MODE_RANGE = 0x1000;
const OFFSET_RANGE = 0x1000;

function key(hostPage: number, offset: number, modeKey: number): number {
  return (hostPage * OFFSET_RANGE + offset) * MODE_RANGE + modeKey;
}

/** See the header of this file. */
export class RegionCatalog {
  readonly #targets = new Map<number, number>();
  readonly #regions = new Map<number, InstalledRegion>();
  /** Slots of suspended regions by place. */
  readonly #suspended = new Map<number, number>();

  /** Modules installed so far. */
  modules = 0;

  /** Adds a region; a region installed later for the same place replaces it. */
  add(region: InstalledRegion): void {
    this.#regions.set(region.slot, region);
    region.entries.forEach(({ hostPage, offset }, index) => {
      const target = (region.slot << ENTRY_INDEX_BITS) | index;
      const place = key(hostPage, offset, region.modeKey);
      if (index === 0 || !this.#targets.has(place)) this.#targets.set(place, target);
      this.#suspended.delete(place);
    });
  }

  /** Slot and entry for a place, or 0. Slot 0 is never used. */
  target(hostPage: number, offset: number, modeKey: number): number {
    return this.#targets.get(key(hostPage, offset, modeKey)) ?? 0;
  }

  /** What the count of executions of a block head is to be: negative where a region is entered. */
  heat(hostPage: number, offset: number, modeKey: number): number {
    const place = key(hostPage, offset, modeKey);
    const target = this.#targets.get(place) ?? 0;
    if (target !== 0) return -target;
    return this.#suspended.has(place) ? SUSPENDED_HEAT : 0;
  }

  /** A region is not to be entered until it is resumed. */
  suspend(slot: number): void {
    this.#forEachTarget(slot, (place) => {
      this.#targets.delete(place);
      this.#suspended.set(place, slot);
    });
  }

  /** Resumes the region that was suspended and that has an entry at a place. */
  resume(hostPage: number, offset: number, modeKey: number): InstalledRegion | undefined {
    const slot = this.#suspended.get(key(hostPage, offset, modeKey)) ?? 0;
    const region = this.#regions.get(slot);
    if (region !== undefined) this.add(region);
    return region;
  }

  /** The region in a slot. */
  region(slot: number): InstalledRegion | undefined {
    return this.#regions.get(slot);
  }

  /** Forgets a region: all its entries. */
  remove(slot: number): void {
    const region = this.#regions.get(slot);
    if (region === undefined) return;
    this.#forEachTarget(slot, (place) => this.#targets.delete(place));
    this.#regions.delete(slot);
    for (const { hostPage, offset } of region.entries) {
      const place = key(hostPage, offset, region.modeKey);
      if (this.#suspended.get(place) === slot) this.#suspended.delete(place);
    }
  }

  /** Calls for each place whose entry is one of this region. */
  #forEachTarget(slot: number, visit: (place: number) => void): void {
    const region = this.#regions.get(slot);
    for (const { hostPage, offset } of region?.entries ?? []) {
      const place = key(hostPage, offset, region?.modeKey ?? 0);
      if ((this.#targets.get(place) ?? 0) >>> ENTRY_INDEX_BITS === slot) visit(place);
    }
  }
}
