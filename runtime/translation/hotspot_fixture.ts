/** Shared memory, guest code pages and a guest that lifts one jump: for tests of translation. */
import type { GuestFrontend, RegionRequest } from "../../frontend/frontend.ts";
import { Builder } from "../../ir/builder.ts";
import { Region } from "../../ir/region.ts";
import { armCodePage } from "../atomics/code_guard.ts";
import {
  GUEST_RAM_OFFSET,
  Machine,
  PAGE_BYTES,
  PAGE_SHIFT,
  Vcpu,
  VcpuState,
  vcpuWord,
} from "../atomics/shared_layout.ts";
import { EXECUTED_WORDS, NEIGHBOUR_PAGES, REQUEST_PAGES } from "./compile_request.ts";
import type { Hotspot } from "./region_builder.ts";

const RAM_PAGES = 16;
const PARCEL_BYTES = 2;
/** First page of guest RAM. */
export const FIRST_PAGE = GUEST_RAM_OFFSET >> PAGE_SHIFT;

/** A machine's memory with some pages of RAM, all harts idle. */
export function sharedWords(harts = 1): Int32Array {
  const words = new Int32Array(
    new SharedArrayBuffer(GUEST_RAM_OFFSET + RAM_PAGES * PAGE_BYTES),
  );
  words[Machine.HART_COUNT.offset >> 2] = harts;
  for (let hart = 0; hart < harts; hart++) {
    words[vcpuWord(hart, Vcpu.STATE) >> 2] = VcpuState.IDLE;
  }
  return words;
}

/** Makes pages code pages whose guard is complete. */
export function armPages(words: Int32Array, ...pages: readonly number[]): void {
  for (const page of pages) armCodePage(words, 0, page);
}

/** A hotspot whose window maps these pages and whose code was executed at these distances. */
export function hotspotAt(
  offset: number,
  pages: ReadonlyMap<number, number>,
  executed: readonly number[] = [],
): Hotspot {
  const bits = new Int32Array(REQUEST_PAGES * EXECUTED_WORDS);
  for (const distance of executed) {
    const parcel = NEIGHBOUR_PAGES * PAGE_BYTES / PARCEL_BYTES + distance / PARCEL_BYTES;
    bits[parcel >> 5] |= 1 << (parcel & 31);
  }
  return {
    modeKey: 3,
    offset,
    modules: 0,
    address: offset,
    pages: Array.from({ length: REQUEST_PAGES }, (_, at) => pages.get(at - NEIGHBOUR_PAGES) ?? 0),
    executed: bits,
    jumps: new Map(),
  };
}

/** A region whose blocks start at these distances; the first ones so many are entries. */
export function regionAt(starts: readonly number[], entryCount = 1): Region {
  const region = new Region("r", "region");
  const builder = new Builder(region);
  starts.forEach((offset, index) => {
    const block = region.addBlock();
    builder.setBlock(block);
    builder.append("guest.boundary", "void", [], { offset, length: 4, index: 0 });
    builder.goto(builder.i64(0), "jump");
    if (index < entryCount) region.entries.push({ block, offset });
  });
  return region;
}

/** A guest of which only lifting is asked. */
export function liftingGuest(lift: (request: RegionRequest) => Region): GuestFrontend {
  return { liftRegion: lift } as Partial<GuestFrontend> as GuestFrontend;
}
