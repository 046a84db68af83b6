/**
 * Which guest code the live regions of a page cover: block starts, and entries among them.
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
  /** Distances from the origin of the starts of its blocks. */
  readonly starts: readonly number[];
  /** Distances from the origin of the entries that it serves. */
  readonly entries: readonly number[];
}

interface CoveredRegion {
  readonly pages: readonly RegionPage[];
  readonly starts: ReadonlySet<number>;
  readonly entries: ReadonlySet<number>;
  readonly module: number;
}

/** See the header of this file. */
export class RegionCoverage {
  readonly #words: Int32Array;
  readonly #byPage = new Map<string, CoveredRegion[]>();

  /** Knows the machine's memory, to tell outdated regions. */
  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** Notes a region that is about to be published, and the number of its module, counted from 1. */
  add({ modeKey, pages, starts, entries }: CoveringRegion, module: number): void {
    const key = pageKey(pages[0].hostPage, modeKey);
    const covered = { pages, starts: new Set(starts), entries: new Set(entries), module };
    this.#byPage.set(key, [...this.#live(key), covered]);
  }

  /** Does a region that was published serve this place as an entry? */
  hasEntry(hostPage: number, modeKey: number, offset: number): boolean {
    return this.#live(pageKey(hostPage, modeKey)).some(({ entries }) => entries.has(offset));
  }

  /**
   * Is nothing to be compiled: is the hot address an entry already, or did it become hot only because a region
   * that covers it was not installed yet? In the latter case the block asks again if it stays hot.
   */
  isServed(hotspot: Hotspot): boolean {
    const { offset, modules } = hotspot;
    return this.#live(pageKey(hotPage(hotspot), hotspot.modeKey)).some((
      { entries, starts, module },
    ) => entries.has(offset) || (module > modules && starts.has(offset)));
  }

  /** Entries that a region for this hotspot should end at; empty when the hotspot is not covered. */
  entriesAround(hotspot: Hotspot): ReadonlySet<number> {
    const live = this.#live(pageKey(hotPage(hotspot), hotspot.modeKey));
    if (!live.some(({ starts }) => starts.has(hotspot.offset))) return new Set();
    return new Set(live.flatMap(({ entries }) => [...entries]));
  }

  #live(key: string): CoveredRegion[] {
    const known = this.#byPage.get(key) ?? [];
    return known.filter(({ pages }) =>
      pages.every(({ hostPage, generation }) =>
        isGenerationCurrent(this.#words, hostPage, generation)
      )
    );
  }
}

function pageKey(hostPage: number, modeKey: number): string {
  return `${hostPage}.${modeKey}`;
}
