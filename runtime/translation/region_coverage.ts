/**
 * Which guest code live regions cover: block starts, and entries among them.
 *
 * A block that is covered but no entry can still become hot in the cold tier, for example where execution
 * resumes after a device access. Its region need not hold the same code again: it ends at the entries of the
 * regions that do.
 */
import { isGenerationCurrent } from "../atomics/code_guard.ts";
import type { RegionPage } from "../../wasm_backend/region/region_place.ts";
import { hotPage, type Hotspot } from "./region_builder.ts";

/** Code of a region. */
export interface CoveringRegion {
  /** Mode key it was compiled for. */
  readonly modeKey: number;
  /** Its pages, the origin page first. */
  readonly pages: readonly RegionPage[];
  /** Distances from the origin of the starts of its blocks, also of parts of blocks on further pages. */
  readonly starts: readonly number[];
  /** Distances from the origin of the entries that it serves. */
  readonly entries: readonly number[];
}

const PAGE_BYTES = 4096;

/** How a region was published. */
export interface Publication {
  /** Number of its module, counted from 1. */
  readonly module: number;
  /** Its slot. */
  readonly slot: number;
}

interface CoveredRegion extends Publication {
  readonly pages: readonly RegionPage[];
  readonly starts: ReadonlySet<number>;
  readonly entries: ReadonlySet<number>;
}

/** A region seen from one of its pages. */
interface PageCoverage {
  readonly region: CoveredRegion;
  /** Bytes from the region's origin to the page. */
  readonly base: number;
}

/** See the header of this file. */
export class RegionCoverage {
  readonly #words: Int32Array;
  readonly #byPage = new Map<string, PageCoverage[]>();

  /** Knows the machine's memory, to tell outdated regions. */
  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** Notes a region that is about to be published. */
  add({ modeKey, pages, starts, entries }: CoveringRegion, publication: Publication): void {
    const region = { pages, starts: new Set(starts), entries: new Set(entries), ...publication };
    for (const { distance, hostPage } of pages) {
      const key = pageKey(hostPage, modeKey);
      this.#byPage.set(key, [...this.#live(key), { region, base: distance * PAGE_BYTES }]);
    }
  }

  /** Forgets a region. */
  remove({ modeKey, pages }: Pick<CoveringRegion, "modeKey" | "pages">, slot: number): void {
    for (const { hostPage } of pages) {
      const key = pageKey(hostPage, modeKey);
      const left = this.#live(key).filter(({ region }) => region.slot !== slot);
      if (left.length > 0) this.#byPage.set(key, left);
      else this.#byPage.delete(key);
    }
  }

  /** Slots of the regions that serve the hot place as an entry. */
  slotsAt(hotspot: Hotspot): number[] {
    return this.#around(hotspot)
      .filter(({ region, base }) => region.entries.has(base + hotspot.offset))
      .map(({ region }) => region.slot);
  }

  /** Does a region that was published serve this place as an entry? */
  hasEntry(hostPage: number, modeKey: number, offset: number): boolean {
    return this.#live(pageKey(hostPage, modeKey)).some(({ region, base }) =>
      region.entries.has(base + offset)
    );
  }

  /**
   * Is nothing to be compiled: is the hot address an entry already, or did it become hot only because a region
   * that covers it was not installed yet? In the latter case the block asks again if it stays hot.
   */
  isServed(hotspot: Hotspot): boolean {
    const { offset, modules } = hotspot;
    return this.#around(hotspot).some(({ region: { entries, starts, module }, base }) =>
      entries.has(base + offset) || (module > modules && starts.has(base + offset))
    );
  }

  /** Entries that a region for this hotspot should end at; empty when the hotspot is not covered. */
  entriesAround(hotspot: Hotspot): ReadonlySet<number> {
    const around = this.#around(hotspot);
    const isCovered = around.some(({ region, base }) => region.starts.has(base + hotspot.offset));
    if (!isCovered) return new Set();
    return new Set(
      around.flatMap(({ region, base }) => [...region.entries].map((entry) => entry - base)),
    );
  }

  #around(hotspot: Hotspot): PageCoverage[] {
    return this.#live(pageKey(hotPage(hotspot), hotspot.modeKey));
  }

  #live(key: string): PageCoverage[] {
    const known = this.#byPage.get(key) ?? [];
    return known.filter(({ region }) =>
      region.pages.every(({ hostPage, generation }) =>
        isGenerationCurrent(this.#words, hostPage, generation)
      )
    );
  }
}

function pageKey(hostPage: number, modeKey: number): string {
  return `${hostPage}.${modeKey}`;
}
