/**
 * From compile requests to regions with their pages: reads guest code, lifts and optimizes it, and takes back
 * what changed meanwhile.
 *
 * Only fully guarded pages are read. A page's lines are marked as code and its generation is read before the
 * bytes, and the generation must be the same afterwards: then the region stands for exactly that generation.
 */
import type { CodeReader, GuestFrontend, RegionRequest } from "../../frontend/frontend.ts";
import type { BoundaryAttribute, Region } from "../../ir/region.ts";
import { hostFuses } from "../../wasm_backend/host_fusing.ts";
import type { RegionPage } from "../../wasm_backend/region/region_place.ts";
import { isGenerationCurrent, openForDecode, PROVISIONAL } from "../atomics/code_guard.ts";
import { PAGE_BYTES, PAGE_SHIFT } from "../atomics/shared_layout.ts";
import { guestAddress } from "../profile/guest_address.ts";
import {
  EXECUTED_WORDS,
  JUMP_TARGET_BITS,
  NEIGHBOUR_PAGES,
  REQUEST_PAGES,
  RequestWord,
  UNKNOWN_PAGE,
} from "./compile_request.ts";
import { REGION_INSTRUCTIONS } from "./translation_settings.ts";

const PARCEL_BYTES = 2;

/** A request, copied out of the ring. */
export interface Hotspot {
  /** Mode key of the code. */
  readonly modeKey: number;
  /** Byte offset of the hot address in its page. */
  readonly offset: number;
  /** Modules that the vCPU had installed when it asked. */
  readonly modules: number;
  /** Virtual address of the hot place for the hart that asked: `guest_address.ts`. For people: code is found by page. */
  readonly address: number;
  /** Pages of shared memory around the hot one, which is in the middle. */
  readonly pages: readonly number[];
  /** For each page, one bit for each parcel that starts an executed instruction. */
  readonly executed: Int32Array;
  /** Targets that computed jumps had lately, by site; all as distances from the hot page. */
  readonly jumps: ReadonlyMap<number, readonly number[]>;
}

/** A lifted region and what it was built from. */
export interface BuiltRegion {
  /** Which one it is of all that were built, from 1. */
  readonly number: number;
  /** The request it answers. */
  readonly hotspot: Hotspot;
  /** What the guest was asked to lift. */
  readonly request: RegionRequest;
  /** Distances from the origin where other regions go on. */
  readonly stops: ReadonlySet<number>;
  /** The region. */
  readonly region: Region;
  /** Its pages, the origin page first. */
  readonly pages: readonly RegionPage[];
  /** The code that was read: parcels by their distance from the origin. */
  readonly parcels: ReadonlyMap<number, number>;
}

/** Copies a request out of the ring. */
export function readHotspot(words: Int32Array, request: number): Hotspot {
  const first = request + RequestWord.PAGES;
  const executed = request + RequestWord.EXECUTED;
  return {
    modeKey: words[request + RequestWord.MODE_KEY],
    offset: words[request + RequestWord.OFFSET],
    modules: words[request + RequestWord.MODULES],
    address: guestAddress(
      words[request + RequestWord.ADDRESS],
      words[request + RequestWord.ADDRESS + 1],
    ),
    pages: [...words.subarray(first, first + REQUEST_PAGES)],
    executed: words.slice(executed, executed + REQUEST_PAGES * EXECUTED_WORDS),
    jumps: readJumps(words, request),
  };
}

function readJumps(words: Int32Array, request: number): Map<number, number[]> {
  const jumps = new Map<number, number[]>();
  const first = request + RequestWord.JUMPS;
  for (const packed of words.subarray(first, first + words[request + RequestWord.JUMP_COUNT])) {
    const site = packed >> JUMP_TARGET_BITS;
    const target = (packed << JUMP_TARGET_BITS) >> JUMP_TARGET_BITS;
    jumps.set(site, [...jumps.get(site) ?? [], target]);
  }
  return jumps;
}

/** Page of shared memory that holds the hot address. */
export function hotPage({ pages }: Hotspot): number {
  return pages[NEIGHBOUR_PAGES];
}

/** Reads parcels through a request's page list and remembers the pages it read from. */
class GuardedCode implements CodeReader {
  readonly used = new Map<number, RegionPage>();
  readonly read = new Map<number, number>();
  readonly #words: Int32Array;
  readonly #parcels: Uint16Array;
  readonly #hotspot: Hotspot;
  isStale = false;

  readonly #stops: ReadonlySet<number>;

  constructor(
    words: Int32Array,
    parcels: Uint16Array,
    hotspot: Hotspot,
    stops: ReadonlySet<number>,
  ) {
    this.#stops = stops;
    this.#words = words;
    this.#parcels = parcels;
    this.#hotspot = hotspot;
  }

  isWanted(offset: number): boolean {
    return this.wasExecuted(offset) && !this.#stops.has(offset);
  }

  computedTargets(offset: number): readonly number[] {
    return this.#hotspot.jumps.get(offset) ?? [];
  }

  wasExecuted(offset: number): boolean {
    const page = NEIGHBOUR_PAGES + (offset >> PAGE_SHIFT);
    if (page < 0 || page >= REQUEST_PAGES) return false;
    const parcel = (offset & (PAGE_BYTES - 1)) / PARCEL_BYTES;
    return ((this.#hotspot.executed[page * EXECUTED_WORDS + (parcel >> 5)] >>> (parcel & 31)) &
      1) === 1;
  }

  parcel(offset: number): number {
    const distance = offset >> PAGE_SHIFT;
    const hostPage = this.#hotspot.pages[NEIGHBOUR_PAGES + distance] ?? UNKNOWN_PAGE;
    if (hostPage === UNKNOWN_PAGE) return -1;
    const hostOffset = hostPage * PAGE_BYTES + (offset & (PAGE_BYTES - 1));
    const generation = openForDecode(this.#words, hostOffset, PARCEL_BYTES);
    if (generation === PROVISIONAL) return -1;
    const known = this.used.get(distance);
    if (known !== undefined && known.generation !== generation) this.isStale = true;
    if (known === undefined) this.used.set(distance, { distance, hostPage, generation });
    // ORDER: sc load after the generation; partner: the atomic store of a guarded store.
    const parcel = Atomics.load(this.#parcels, hostOffset / PARCEL_BYTES);
    this.read.set(offset, parcel);
    return parcel;
  }

  /** Do all pages still have the generations that were read? */
  isCurrent(): boolean {
    return !this.isStale &&
      [...this.used.values()].every(({ hostPage, generation }) =>
        isGenerationCurrent(this.#words, hostPage, generation)
      );
  }
}

/** Builds regions from requests. */
export class RegionBuilder {
  readonly #words: Int32Array;
  readonly #parcels: Uint16Array;
  readonly #frontend: GuestFrontend;
  readonly #isChecked: boolean;
  readonly #instructionLimit: number;
  readonly #hostFuses = hostFuses();
  #built = 0;

  /** Reads code from the machine's memory; `isChecked`: for regions that are compared with the cold tier. */
  constructor(
    words: Int32Array,
    frontend: GuestFrontend,
    isChecked: boolean,
    instructionLimit: number = REGION_INSTRUCTIONS,
  ) {
    this.#isChecked = isChecked;
    this.#instructionLimit = instructionLimit;
    this.#words = words;
    this.#parcels = new Uint16Array(words.buffer);
    this.#frontend = frontend;
  }

  /**
   * The region for a request, or null when its code is not stable or not there. `stops` are distances from the
   * origin where other regions go on.
   */
  build(hotspot: Hotspot, stops: ReadonlySet<number>): BuiltRegion | null {
    const code = new GuardedCode(this.#words, this.#parcels, hotspot, stops);
    const request: RegionRequest = {
      entryOffset: hotspot.offset,
      modeKey: hotspot.modeKey,
      code,
      isChecked: this.#isChecked,
      hostFuses: this.#hostFuses,
      instructionLimit: this.#instructionLimit,
    };
    const region = this.#frontend.liftRegion(request);
    if (region.blocks.length === 0 || region.entries.length === 0 || !code.isCurrent()) return null;
    const pages = [...code.used.values()].sort((a, b) => rank(a) - rank(b));
    const number = ++this.#built;
    return { number, hotspot, request, stops, region, pages, parcels: code.read };
  }
}

/**
 * Distances from the origin of the addresses at which the blocks of a region start. Where one goes on to the next
 * page, so do blocks of the cold tier start: they do not cross pages.
 */
export function blockStarts(region: Region): number[] {
  return region.blocks.flatMap(({ operations }) => {
    let page = NaN;
    return operations.flatMap(({ opcode, attribute }) => {
      if (opcode !== "guest.boundary") return [];
      const { offset } = attribute as BoundaryAttribute;
      const isStart = offset >> PAGE_SHIFT !== page;
      page = offset >> PAGE_SHIFT;
      return isStart ? [offset] : [];
    });
  });
}

/** The origin page comes first, then the others by distance. */
function rank({ distance }: RegionPage): number {
  return distance === 0 ? -Infinity : distance;
}
