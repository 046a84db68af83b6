/**
 * Finds cached regions for the code that a machine executes: for a block that became hot, and, long before that,
 * for a page from which something is executed for the first time.
 *
 * A region on several pages waits until it is known which pages lie side by side: vCPUs tell how the pages
 * around theirs are mapped. It also waits for the guards of its pages, without which their code is not stable
 * (`atomics/code_guard.ts`). Whether pages are mapped like that at an entry the region itself looks up, so what
 * is known here may be old: then time is lost and nothing else.
 */
import type { RegionPage } from "../../wasm_backend/region/region_place.ts";
import { isCodePage } from "../atomics/code_guard.ts";
import { NEIGHBOUR_PAGES, UNKNOWN_PAGE } from "../translation/compile_request.ts";
import { hotPage, type Hotspot } from "../translation/region_builder.ts";
import { type CachedRegion, GuestCode } from "./cached_region.ts";

/** A cached region whose code is there. */
export interface FoundRegion {
  /** The region. */
  readonly region: CachedRegion;
  /** Its pages, the origin page first. */
  readonly pages: readonly RegionPage[];
}

/** A page of code in one mode. */
interface OpenPage {
  readonly hostPage: number;
  readonly modeKey: number;
  /** Pages around it: index in shared memory by distance. */
  readonly around: Map<number, number>;
  /** Regions that may start here once more is known. */
  waiting: CachedRegion[];
}

/** What is to be looked at: a request of a vCPU, as far as it says where the code is. */
export type PageView = Pick<Hotspot, "modeKey" | "pages">;

/** See the header of this file. */
export class WarmCode {
  readonly #words: Int32Array;
  readonly #code: GuestCode;
  readonly #regions = new Map<number, Set<CachedRegion>>();
  readonly #pages = new Map<string, OpenPage>();
  /** Pages of which something is to be tried. */
  readonly #changed = new Set<OpenPage>();

  /** Looks for code in the machine's memory. */
  constructor(words: Int32Array) {
    this.#words = words;
    this.#code = new GuestCode(words);
  }

  /** Offers regions from now on. */
  add(regions: Iterable<CachedRegion>): void {
    for (const region of regions) {
      const known = this.#regions.get(region.modeKey);
      if (known === undefined) this.#regions.set(region.modeKey, new Set([region]));
      else known.add(region);
    }
  }

  /** Does something wait for vCPUs to acknowledge guards? Then {@linkcode ready} is worth another try soon. */
  get waitsForGuards(): boolean {
    return this.#changed.size > 0;
  }

  /** A vCPU executes from a page for the first time, or again after its code has changed. */
  open(view: PageView): void {
    const page = this.#page(hotPageOf(view), view.modeKey);
    const candidates = this.#regions.get(view.modeKey) ?? [];
    page.waiting = [...candidates].filter((region) => this.#code.mayMatch(region, page.hostPage));
    this.tellMapping(view);
    for (const hostPage of page.around.values()) this.#try(this.#page(hostPage, view.modeKey));
  }

  #try(page: OpenPage): void {
    if (page.waiting.length > 0) this.#changed.add(page);
  }

  /** Learns which pages lie side by side. */
  tellMapping({ modeKey, pages }: PageView): void {
    const origin = this.#page(pages[NEIGHBOUR_PAGES], modeKey);
    pages.forEach((hostPage, index) => {
      const distance = index - NEIGHBOUR_PAGES;
      if (hostPage === UNKNOWN_PAGE || distance === 0) return;
      this.#place(origin, distance, hostPage);
      this.#place(this.#page(hostPage, modeKey), -distance, origin.hostPage);
    });
  }

  #place(page: OpenPage, distance: number, hostPage: number): void {
    if (page.around.get(distance) === hostPage) return;
    page.around.set(distance, hostPage);
    this.#try(page);
  }

  #page(hostPage: number, modeKey: number): OpenPage {
    const key = `${hostPage}.${modeKey}`;
    let page = this.#pages.get(key);
    if (page === undefined) {
      page = { hostPage, modeKey, around: new Map([[0, hostPage]]), waiting: [] };
      this.#pages.set(key, page);
    }
    return page;
  }

  /** The regions whose pages are all known and guarded by now; each is named once. */
  ready(): FoundRegion[] {
    const pages = [...this.#changed];
    this.#changed.clear();
    return pages.flatMap((page) => this.#readyOn(page));
  }

  #readyOn(page: OpenPage): FoundRegion[] {
    const { waiting, around } = page;
    const found: FoundRegion[] = [];
    page.waiting = waiting.filter((region) => {
      const pages = this.#code.match(region, (distance) => around.get(distance) ?? UNKNOWN_PAGE);
      if (pages === "not ready") return true;
      if (pages !== "different") found.push({ region, pages });
      return false;
    });
    if (page.waiting.some((region) => this.#isArmed(region, page))) this.#changed.add(page);
    return found;
  }

  /** Are all pages of the region code pages, so that nothing but their guards is missing? */
  #isArmed({ pages }: CachedRegion, { around }: OpenPage): boolean {
    return pages.every((distance) => {
      const hostPage = around.get(distance);
      return hostPage !== undefined && isCodePage(this.#words, hostPage);
    });
  }

  /** A region for a hot place, or null. */
  find(hotspot: Hotspot): FoundRegion | null {
    const { modeKey, offset, pages } = hotspot;
    for (const region of this.#regions.get(modeKey) ?? []) {
      if (region.hotOffset !== offset) continue;
      if (!this.#code.mayMatch(region, hotPage(hotspot))) continue;
      const match = this.#code.match(region, (distance) => pages[NEIGHBOUR_PAGES + distance]);
      if (typeof match !== "string") return { region, pages: match };
    }
    return null;
  }
}

function hotPageOf({ pages }: PageView): number {
  return pages[NEIGHBOUR_PAGES];
}
