/**
 * Hot block heads become compile requests: the physical page and offset, the mode key, and how the pages
 * around it are mapped now, so that the compiler can follow code across page ends without a page walk.
 */
import type { GuestFrontend } from "../../frontend/frontend.ts";
import {
  ComputedJumps,
  CONTEXT_MODE_BITS,
  Control,
  Tlb,
  TLB_ENTRIES,
} from "../../wasm_backend/abi/vcpu_layout.ts";
import { NO_REQUEST, publishRequest, reserveRequest } from "../atomics/compile_ring.ts";
import { PAGE_SHIFT } from "../atomics/shared_layout.ts";
import {
  COMPUTED_JUMPS,
  EXECUTED_WORDS,
  JUMP_TARGET_BITS,
  NEIGHBOUR_PAGES,
  PAGE_OPENING,
  REQUEST_PAGES,
  RequestWord,
  UNKNOWN_PAGE,
} from "../translation/compile_request.ts";
import type { RegionCatalog } from "../translation/region_catalog.ts";
import type { DecodedPages } from "./decoded_pages.ts";
import type { VcpuMemory } from "./vcpu_memory.ts";

const MODE_MASK = (1 << CONTEXT_MODE_BITS) - 1;
const PAGE_OFFSET_MASK = 4095;
const PAGE_MASK = ~PAGE_OFFSET_MASK;
const PAGE_BYTES = 4096;
const JUMP_TARGET_MASK = (1 << JUMP_TARGET_BITS) - 1;

function isNear(distance: number): boolean {
  return distance >= -NEIGHBOUR_PAGES * PAGE_BYTES && distance < (NEIGHBOUR_PAGES + 1) * PAGE_BYTES;
}

/** See the header of this file. */
export class CompileRequests {
  readonly #shared: Int32Array;
  readonly #hart: number;
  readonly #memory: VcpuMemory;
  readonly #frontend: GuestFrontend;
  readonly #pages: DecodedPages;
  readonly #catalog: RegionCatalog;

  /** Requests of one vCPU. */
  constructor(
    shared: Int32Array,
    hart: number,
    { memory, frontend, pages, catalog }: {
      readonly memory: VcpuMemory;
      readonly frontend: GuestFrontend;
      readonly pages: DecodedPages;
      readonly catalog: RegionCatalog;
    },
  ) {
    this.#pages = pages;
    this.#catalog = catalog;
    this.#shared = shared;
    this.#hart = hart;
    this.#memory = memory;
    this.#frontend = frontend;
  }

  /**
   * Asks for a region at an address. A full ring drops the request: the block stays hot and asks again. One that was
   * suspended goes on at once, and is asked for nevertheless: so the compiler learns that it is in use.
   */
  request(pcLow: number, pcHigh: number): void {
    this.#resume(pcLow, pcHigh);
    const request = this.#begin(pcLow, pcHigh, pcLow & PAGE_OFFSET_MASK);
    if (request === NO_REQUEST) return;
    for (let index = 0; index < REQUEST_PAGES; index++) {
      const executed = request + RequestWord.EXECUTED + index * EXECUTED_WORDS;
      const page = this.#shared[request + RequestWord.PAGES + index];
      this.#pages.copyExecuted(page, this.#shared, executed);
    }
    this.#tellComputedJumps(request, pcLow & PAGE_MASK, pcHigh);
    publishRequest(this.#shared, request);
  }

  #resume(pcLow: number, pcHigh: number): void {
    const modeKey = this.#memory.control(Control.CONTEXT) & MODE_MASK;
    const hostPage = this.#hostPage(pcLow & PAGE_MASK, pcHigh);
    const region = this.#catalog.resume(hostPage, pcLow & PAGE_OFFSET_MASK, modeKey);
    if (region !== undefined) this.#pages.tellEntries(region);
  }

  /** Tells that code of the page of an address begins to be executed. A full ring drops that. */
  tellOpening(pcLow: number, pcHigh: number): void {
    const request = this.#begin(pcLow, pcHigh, PAGE_OPENING);
    if (request === NO_REQUEST) return;
    this.#shared[request + RequestWord.JUMP_COUNT] = 0;
    publishRequest(this.#shared, request);
  }

  /** Takes a request and says in it where the code is. */
  #begin(pcLow: number, pcHigh: number, offset: number): number {
    const modeKey = this.#memory.control(Control.CONTEXT) & MODE_MASK;
    if (!this.#frontend.describeMode(modeKey).isCompilable) return NO_REQUEST;
    const origin = this.#hostPage(pcLow & PAGE_MASK, pcHigh);
    if (origin === UNKNOWN_PAGE) return NO_REQUEST;
    const request = reserveRequest(this.#shared);
    if (request === NO_REQUEST) return NO_REQUEST;
    this.#shared[request + RequestWord.HART] = this.#hart;
    this.#shared[request + RequestWord.MODE_KEY] = modeKey;
    this.#shared[request + RequestWord.OFFSET] = offset;
    this.#shared[request + RequestWord.MODULES] = this.#catalog.modules;
    this.#shared[request + RequestWord.ADDRESS] = pcLow;
    this.#shared[request + RequestWord.ADDRESS + 1] = pcHigh;
    for (let index = 0; index < REQUEST_PAGES; index++) {
      const low = (pcLow & PAGE_MASK) + (index - NEIGHBOUR_PAGES) * PAGE_BYTES;
      const page = low === (low | 0) ? this.#hostPage(low, pcHigh) : UNKNOWN_PAGE;
      this.#shared[request + RequestWord.PAGES + index] = page;
    }
    return request;
  }

  /** Where computed jumps between the request's pages went. */
  #tellComputedJumps(request: number, origin: number, high: number): void {
    const { words } = this.#memory;
    const entryWords = 1 << (ComputedJumps.ENTRY_SHIFT - 2);
    const first = ComputedJumps.BASE >> 2;
    const end = first + (entryWords << ComputedJumps.INDEX_BITS);
    let count = 0;
    for (let entry = first; entry < end && count < COMPUTED_JUMPS; entry += entryWords) {
      const site = entry + (ComputedJumps.SITE >> 2);
      const target = entry + (ComputedJumps.TARGET >> 2);
      if (words[site + 1] !== high || words[target + 1] !== high) continue;
      const [from, to] = [(words[site] - origin) | 0, (words[target] - origin) | 0];
      if (!isNear(from) || !isNear(to)) continue;
      this.#shared[request + RequestWord.JUMPS + count] = (from << JUMP_TARGET_BITS) |
        (to & JUMP_TARGET_MASK);
      count++;
    }
    this.#shared[request + RequestWord.JUMP_COUNT] = count;
  }

  /** Page of shared memory that a fetch of this virtual page hits in the TLB. */
  #hostPage(low: number, high: number): number {
    const { words } = this.#memory;
    const set = this.#memory.control(Control.FETCH_TLB);
    const index = (low >>> PAGE_SHIFT) & (TLB_ENTRIES - 1);
    const entry = (set + (index << Tlb.ENTRY_SHIFT)) >> 2;
    const tag = entry + (Tlb.FETCH_TAG >> 2);
    if (words[tag] !== low || words[tag + 1] !== high) return UNKNOWN_PAGE;
    return ((low + words[entry + (Tlb.ADDEND >> 2)]) | 0) >>> PAGE_SHIFT;
  }
}
