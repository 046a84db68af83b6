/** Words of a compile request in its ring record: written by a vCPU, read by the compiler. */
import { RegionPages } from "../../wasm_backend/abi/vcpu_layout.ts";

/** Pages on each side of the hot one whose mapping a request tells. */
export const NEIGHBOUR_PAGES: number = RegionPages.REACH;
/** Pages that a request describes. */
export const REQUEST_PAGES = 2 * NEIGHBOUR_PAGES + 1;
/** Words of a bitmap with one bit for each parcel of a page. */
export const EXECUTED_WORDS = 64;
/** A page that is not mapped or not known. */
export const UNKNOWN_PAGE = 0;

/** Most computed jumps that a request tells. */
export const COMPUTED_JUMPS = 256;
/** A computed jump in one word: site above these bits, target in them; both as distances in bytes. */
export const JUMP_TARGET_BITS = 16;

/** In place of an offset: nothing is hot yet, but code of the page begins to be executed. */
export const PAGE_OPENING = -1;

/** Does a request say no more than that a page was opened? */
export function isPageOpening({ offset }: { readonly offset: number }): boolean {
  return offset === PAGE_OPENING;
}

/** Word indices. */
export const RequestWord = {
  /** The hart that asks. */
  HART: 0,
  /** Mode key of the code. */
  MODE_KEY: 1,
  /** Byte offset of the hot address in its page, or {@linkcode PAGE_OPENING}. */
  OFFSET: 2,
  /** Modules that the vCPU had installed when it asked. */
  MODULES: 3,
  /** Virtual address of the hot place, low and high half. */
  ADDRESS: 4,
  /** Pages of shared memory from `-NEIGHBOUR_PAGES` to `+NEIGHBOUR_PAGES`, the hot one in the middle. */
  PAGES: 6,
  /** For each of those pages, which parcels start an instruction that this vCPU has executed. */
  EXECUTED: 6 + REQUEST_PAGES,
  /** Number of computed jumps told. */
  JUMP_COUNT: 6 + REQUEST_PAGES + REQUEST_PAGES * EXECUTED_WORDS,
  /** The computed jumps inside those pages, distances from the hot page: see {@linkcode JUMP_TARGET_BITS}. */
  JUMPS: 7 + REQUEST_PAGES + REQUEST_PAGES * EXECUTED_WORDS,
} as const;
