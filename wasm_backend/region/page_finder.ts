/**
 * How the code of an access finds its page: in a page cache, which costs one compare. Where addresses depend on
 * data the cache may give up one day; such code also has a probe of the TLB in place, for from then on.
 */
import type { Expression } from "../module_builder.ts";
import type { AccessSpan, AccessTranslation, ProbeKind } from "./access_translation.ts";

/** Locals and places of one finder. */
export interface FinderPlaces {
  /** Place of the page cache. */
  readonly cache: number;
  /** Local for the addend. */
  readonly addend: number;
  /** Local for a TLB entry; null where no probe is wanted in place. */
  readonly entry: number | null;
}

/** See the header of this file. */
export class PageFinder {
  /** Local of the addend, once it was found. */
  readonly addend: number;
  readonly #translation: AccessTranslation;
  readonly #kind: ProbeKind;
  readonly #cache: number;
  readonly #entry: number | null;

  /** Takes places that nothing else uses meanwhile, but for the cache. */
  constructor(translation: AccessTranslation, kind: ProbeKind, places: FinderPlaces) {
    this.#translation = translation;
    this.#kind = kind;
    this.#cache = places.cache;
    this.#entry = places.entry;
    this.addend = places.addend;
  }

  /**
   * A statement that finds the page of a span. `otherwise` stands behind a slow search for the page of its
   * start, of whose result an odd one means that there is no such page.
   */
  find(span: AccessSpan, otherwise: readonly Expression[]): Expression {
    const translation = this.#translation;
    const { m } = translation;
    const entry = this.#entry;
    const searched = translation.refill(this.#kind, span, this.#cache, entry !== null);
    const search = [m.localSet(this.addend, searched), ...otherwise];
    const misses = translation.misses(span, this.#cache);
    const atHand = m.localSet(this.addend, translation.cachedAddend(this.#cache));
    if (entry === null) return m.ifRare(misses, search, atHand);
    const isRare = translation.missesTlb(this.#kind, span, this.#cache, entry);
    const probed = m.localSet(this.addend, translation.addendOf(entry));
    return m.if(misses, m.ifRare(isRare, search, probed), atHand);
  }
}
