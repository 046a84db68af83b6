/**
 * How the code of an access finds its page: in a page cache, which costs one compare. Where addresses depend on
 * data the cache may give up one day; such code also has a probe of the TLB in place, for from then on. Where
 * addresses move in strides it has the probe alone: a cache would miss every few turns.
 */
import type { Expression } from "../module_builder.ts";
import type { AccessSpan, AccessTranslation, ProbeKind } from "./access_translation.ts";

/** Locals and places of one finder. */
export interface FinderPlaces {
  /** Place of the page cache; null where only the TLB is looked at. */
  readonly cache: number | null;
  /** Local for the addend. */
  readonly addend: number;
  /** Local for a TLB entry; null where no probe is wanted in place, because there is a cache. */
  readonly entry: number | null;
}

/** See the header of this file. */
export class PageFinder {
  /** Local of the addend, once it was found. */
  readonly addend: number;
  readonly #translation: AccessTranslation;
  readonly #kind: ProbeKind;
  readonly #cache: number | null;
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
    const cache = this.#cache;
    if (cache === null) return this.#findInTlb(span, null, this.#search(span, otherwise));
    const misses = translation.misses(span, cache);
    const atHand = m.localSet(this.addend, translation.cachedAddend(cache));
    const search = this.#search(span, otherwise);
    if (this.#entry === null) return m.ifRare(misses, search, atHand);
    return m.if(misses, this.#findInTlb(span, cache, search), atHand);
  }

  #search(span: AccessSpan, otherwise: readonly Expression[]): Expression[] {
    const { m } = this.#translation;
    const searched = this.#cache === null
      ? this.#translation.search(this.#kind, span)
      : this.#translation.refill(this.#kind, span, this.#cache, this.#entry !== null);
    return [m.localSet(this.addend, searched), ...otherwise];
  }

  #findInTlb(span: AccessSpan, cache: number | null, search: readonly Expression[]): Expression {
    const translation = this.#translation;
    const { m } = translation;
    if (this.#entry === null) throw new TypeError("Cannot look into the TLB without a local");
    const isRare = translation.missesTlb(this.#kind, span, cache, this.#entry);
    return m.ifRare(isRare, search, m.localSet(this.addend, translation.addendOf(this.#entry)));
  }
}
