/**
 * A compiled region apart from any machine: its function with cut-out operands, and the guest code it stands for.
 *
 * It may run wherever that code is, byte for byte. Everything else that its translation depends on is in the key
 * of the cache (`cache_key.ts`); what was known of the run it was compiled in, such as which paths were taken,
 * only chose how much code it holds.
 */
import type { FunctionObject } from "../../wasm_backend/link/function_object.ts";
import type { RegionPage } from "../../wasm_backend/region/region_place.ts";
import { openForDecode, PROVISIONAL } from "../atomics/code_guard.ts";
import { PAGE_BYTES, PAGE_SHIFT } from "../atomics/shared_layout.ts";
import { UNKNOWN_PAGE } from "../translation/compile_request.ts";

const PARCEL_BYTES = 2;
const BYTE_BITS = 8;
/** Bytes from the hot address on that decide whether a page is looked at closely: two or more instructions. */
const LOOKED_AT_BYTES = 8;

/** Guest code without a gap, on one page. */
export interface CodeRange {
  /** Distance in bytes from the region's origin. */
  readonly offset: number;
  /** The code. */
  readonly bytes: Uint8Array;
}

/** A call of another region. */
export interface CachedCall {
  /** Name of the callee in the calling function. */
  readonly name: string;
  /** The callee; null when it is not in the cache any more. */
  readonly region: CachedRegion | null;
  /** Distance in pages of the callee's origin from the caller's. */
  readonly distance: number;
  /** Where the callee is entered: distance in bytes from its origin. */
  readonly entryOffset: number;
}

/** See the header of this file. */
export interface CachedRegion {
  /** Mode key it was compiled for. */
  readonly modeKey: number;
  /** Byte offset in the origin page of the address that was hot. */
  readonly hotOffset: number;
  /** Bytes of guest RAM that the code relies on; 0 when it does not. */
  readonly ramBytes: number;
  /** Distances from the origin of its entries, by label. */
  readonly entryOffsets: readonly number[];
  /** Distances from the origin of the starts of its blocks. */
  readonly starts: readonly number[];
  /** Distances of its pages from the origin page, which is the first. */
  readonly pages: readonly number[];
  /** The code it stands for; the first range holds the hot address. */
  readonly code: readonly CodeRange[];
  /** Its function. */
  readonly object: FunctionObject;
  /** Regions that the function calls. */
  readonly calls: readonly CachedCall[];
}

/** Why a region cannot run on some pages: other code, or code that may be there when they are known and guarded. */
export type Mismatch = "different" | "not ready";

/** The ranges of some parcels, that of the hot address first. */
export function rangesOf(parcels: ReadonlyMap<number, number>, hotOffset: number): CodeRange[] {
  const offsets = [...parcels.keys()].sort((a, b) => a - b);
  const ranges: { offset: number; bytes: number[] }[] = [];
  for (const offset of offsets) {
    const last = ranges.at(-1);
    const parcel = parcels.get(offset) ?? 0;
    const bytes = [parcel & 0xff, parcel >> BYTE_BITS];
    const goesOn = last !== undefined && last.offset + last.bytes.length === offset &&
      offset % PAGE_BYTES !== 0;
    if (goesOn) last.bytes.push(...bytes);
    else ranges.push({ offset, bytes });
  }
  const holdsHot = ({ offset, bytes }: { offset: number; bytes: number[] }): boolean =>
    hotOffset >= offset && hotOffset < offset + bytes.length;
  ranges.sort((a, b) => Number(holdsHot(b)) - Number(holdsHot(a)));
  return ranges.map(({ offset, bytes }) => ({ offset, bytes: Uint8Array.from(bytes) }));
}

/** Guest code as the compiler compares it with what it knows. */
export class GuestCode {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #parcels: Uint16Array;

  /** Reads the machine's memory. */
  constructor(words: Int32Array) {
    this.#words = words;
    this.#bytes = new Uint8Array(words.buffer);
    this.#parcels = new Uint16Array(words.buffer);
  }

  /** Does the origin page look as if the region was of use? A plain look, to be followed by {@linkcode match}. */
  mayMatch({ hotOffset, code: [{ offset, bytes }] }: CachedRegion, originPage: number): boolean {
    const from = hotOffset - offset;
    const end = Math.min(from + LOOKED_AT_BYTES, bytes.length);
    const at = originPage * PAGE_BYTES + offset;
    for (let i = from; i < end; i++) if (this.#bytes[at + i] !== bytes[i]) return false;
    return true;
  }

  /**
   * The pages that a region can run on, with generations that stand for the code that was compared: in the order
   * in which the compiler builds regions (`region_builder.ts`).
   * @param pageAt index in shared memory of the page at a distance from the origin
   */
  match(
    { code, pages }: CachedRegion,
    pageAt: (distance: number) => number,
  ): RegionPage[] | Mismatch {
    // Plain reads first: what is data there shall not be marked as code.
    if (!code.every((range) => this.#seems(range, pageAt))) return "different";
    const isKnown = pages.every((distance) => pageAt(distance) !== UNKNOWN_PAGE);
    return isKnown ? this.#matchGuarded(code, pages, pageAt) : "not ready";
  }

  /** Is a range what it should be, as far as its page is known? */
  #seems(range: CodeRange, pageAt: (distance: number) => number): boolean {
    if (pageAt(range.offset >> PAGE_SHIFT) === UNKNOWN_PAGE) return true;
    const at = hostOffset(range, pageAt);
    const { bytes } = range;
    for (let i = 0; i < bytes.length; i++) if (this.#bytes[at + i] !== bytes[i]) return false;
    return true;
  }

  #matchGuarded(
    code: readonly CodeRange[],
    pages: readonly number[],
    pageAt: (distance: number) => number,
  ): RegionPage[] | Mismatch {
    const generations = new Map<number, number>();
    for (const range of code) {
      const at = hostOffset(range, pageAt);
      const distance = range.offset >> PAGE_SHIFT;
      const generation = openForDecode(this.#words, at, range.bytes.length);
      const known = generations.get(distance) ?? generation;
      if (generation === PROVISIONAL || known !== generation) return "not ready";
      generations.set(distance, generation);
      if (!this.#is(range, at)) return "different";
    }
    return pages.map((distance) => {
      const generation = generations.get(distance) ?? PROVISIONAL;
      return { distance, hostPage: pageAt(distance), generation };
    });
  }

  #is({ bytes }: CodeRange, at: number): boolean {
    for (let i = 0; i < bytes.length; i += PARCEL_BYTES) {
      // ORDER: sc load after the generation; partner: the atomic store of a guarded store.
      const parcel = Atomics.load(this.#parcels, (at + i) / PARCEL_BYTES);
      if (parcel !== (bytes[i] | (bytes[i + 1] << BYTE_BITS))) return false;
    }
    return true;
  }
}

function hostOffset({ offset }: CodeRange, pageAt: (distance: number) => number): number {
  return pageAt(offset >> PAGE_SHIFT) * PAGE_BYTES + (offset & (PAGE_BYTES - 1));
}
