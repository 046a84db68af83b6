/**
 * Which guest code the live regions of a page cover: block starts, and entries among them.
 *
 * A block that is covered but no entry can still become hot in the cold tier, for example where execution
 * resumes after a device access. Its region need not hold the same code again: it ends at the entries of the
 * regions that do.
 */
import { isGenerationCurrent } from "../atomics/code_guard.ts";
import type { BoundaryAttribute } from "../../ir/region.ts";
import { type BuiltRegion, hotPage, type Hotspot } from "./region_builder.ts";

interface CoveredRegion {
  readonly built: BuiltRegion;
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

  /**
   * Notes a region that is about to be compiled, the distances of the entries it will serve, and the number of
   * its module, counted from 1.
   */
  add(built: BuiltRegion, entries: readonly number[], module: number): void {
    const key = pageKey(built.hotspot);
    const starts = new Set(built.region.blocks.flatMap(({ operations }) => {
      const first = operations.find(({ opcode }) => opcode === "guest.boundary");
      return first === undefined ? [] : [(first.attribute as BoundaryAttribute).offset];
    }));
    this.#byPage.set(key, [
      ...this.#live(key),
      { built, starts, entries: new Set(entries), module },
    ]);
  }

  /**
   * Is nothing to be compiled: is the hot address an entry already, or did it become hot only because a region
   * that covers it was not installed yet? In the latter case the block asks again if it stays hot.
   */
  isServed(hotspot: Hotspot): boolean {
    const { offset, modules } = hotspot;
    return this.#live(pageKey(hotspot)).some(({ entries, starts, module }) =>
      entries.has(offset) || (module > modules && starts.has(offset))
    );
  }

  /** Entries that a region for this hotspot should end at; empty when the hotspot is not covered. */
  entriesAround(hotspot: Hotspot): ReadonlySet<number> {
    const live = this.#live(pageKey(hotspot));
    if (!live.some(({ starts }) => starts.has(hotspot.offset))) return new Set();
    return new Set(live.flatMap(({ entries }) => [...entries]));
  }

  #live(key: string): CoveredRegion[] {
    const known = this.#byPage.get(key) ?? [];
    return known.filter(({ built }) =>
      built.pages.every(({ hostPage, generation }) =>
        isGenerationCurrent(this.#words, hostPage, generation)
      )
    );
  }
}

function pageKey(hotspot: Hotspot): string {
  return `${hotPage(hotspot)}.${hotspot.modeKey}`;
}
