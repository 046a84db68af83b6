import { assert, assertEquals } from "@std/assert";
import type { CodeReader, RegionRequest } from "../../frontend/frontend.ts";
import type { Region } from "../../ir/region.ts";
import { beginCodeStore, endCodeStore, isCodePage } from "../atomics/code_guard.ts";
import { COMPILE_REQUEST_WORDS } from "../atomics/compile_ring.ts";
import { PAGE_BYTES } from "../atomics/shared_layout.ts";
import { EXECUTED_WORDS, NEIGHBOUR_PAGES, REQUEST_PAGES, RequestWord } from "./compile_request.ts";
import {
  armPages,
  FIRST_PAGE,
  hotspotAt,
  liftingGuest,
  regionAt,
  sharedWords,
} from "./hotspot_fixture.ts";
import { hotPage, readHotspot, RegionBuilder } from "./region_builder.ts";

const [HOT, NEXT, BEFORE] = [FIRST_PAGE + 2, FIRST_PAGE + 9, FIRST_PAGE + 5];
const PAGES = new Map([[0, HOT], [1, NEXT], [-1, BEFORE]]);
const OFFSET = 0x40;

/** Builds with a guest that reads as it is told, and lifts one block. */
function buildReading(
  words: Int32Array,
  read: (code: CodeReader, request: RegionRequest) => void,
  stops: ReadonlySet<number> = new Set(),
  executed: readonly number[] = [],
  region: Region = regionAt([OFFSET]),
) {
  const guest = liftingGuest((request) => {
    read(request.code, request);
    return region;
  });
  const builder = new RegionBuilder(words, guest, false);
  return builder.build(hotspotAt(OFFSET, PAGES, executed), stops);
}

Deno.test("a request's words are read back as they were written, and fit into a record", () => {
  const words = new Int32Array(COMPILE_REQUEST_WORDS + 100).map((_, index) => index);
  const hotspot = readHotspot(words, 100);
  assertEquals(hotspot.modeKey, 100 + RequestWord.MODE_KEY);
  assertEquals(hotspot.offset, 100 + RequestWord.OFFSET);
  assertEquals(hotspot.pages.length, REQUEST_PAGES);
  assertEquals(hotPage(hotspot), 100 + RequestWord.PAGES + NEIGHBOUR_PAGES);
  assertEquals(hotspot.executed.length, REQUEST_PAGES * EXECUTED_WORDS);
  assertEquals(hotspot.executed[0], 100 + RequestWord.PAGES + REQUEST_PAGES);
  assert(RequestWord.EXECUTED + REQUEST_PAGES * EXECUTED_WORDS <= COMPILE_REQUEST_WORDS);
  words.fill(0);
  assertEquals(hotspot.executed[1], 101 + RequestWord.EXECUTED);
});

Deno.test("code is read through the window, and its pages are named with their generations", () => {
  const words = sharedWords();
  armPages(words, HOT, NEXT, BEFORE);
  beginCodeStore(words, NEXT);
  endCodeStore(words, NEXT);
  const parcels = new Uint16Array(words.buffer);
  parcels[(HOT * PAGE_BYTES + OFFSET) / 2] = 0x1234;
  parcels[NEXT * PAGE_BYTES / 2] = 0x5678;
  parcels[(BEFORE * PAGE_BYTES + PAGE_BYTES - 2) / 2] = 0x9abc;
  const seen: number[] = [];
  const built = buildReading(words, (code) => {
    for (const at of [PAGE_BYTES, OFFSET, -2, 2 * PAGE_BYTES]) seen.push(code.parcel(at));
  });
  assertEquals(seen, [0x5678, 0x1234, 0x9abc, -1]);
  assertEquals(built?.pages, [
    { distance: 0, hostPage: HOT, generation: 0 },
    { distance: -1, hostPage: BEFORE, generation: 0 },
    { distance: 1, hostPage: NEXT, generation: 1 },
  ]);
});

Deno.test("a page that is not guarded is not read, one with a store in flight neither", () => {
  const words = sharedWords();
  armPages(words, HOT, NEXT);
  beginCodeStore(words, NEXT);
  buildReading(words, (code) => {
    assertEquals(code.parcel(OFFSET), 0);
    assertEquals(code.parcel(-2), -1);
    assertEquals(code.parcel(PAGE_BYTES), -1);
  });
  assertEquals(isCodePage(words, BEFORE), false);
});

Deno.test("a region whose code changed while it was read or lifted is taken back", () => {
  const words = sharedWords();
  armPages(words, HOT);
  const change = (): void => {
    beginCodeStore(words, HOT);
    endCodeStore(words, HOT);
  };
  const lifted = buildReading(words, (code) => {
    code.parcel(OFFSET);
    change();
  });
  assertEquals(lifted, null);
  const read = buildReading(words, (code) => {
    code.parcel(OFFSET);
    change();
    code.parcel(OFFSET + 2);
  });
  assertEquals(read, null);
  assert(buildReading(words, (code) => code.parcel(OFFSET)) !== null);
});

Deno.test("only executed code is wanted, and none that other regions start at", () => {
  const words = sharedWords();
  const executed = [-2, 0, OFFSET, PAGE_BYTES, PAGE_BYTES + 6];
  buildReading(
    words,
    (code) => {
      for (const at of [...executed, 2, OFFSET + 2, PAGE_BYTES + 4, 9 * PAGE_BYTES]) {
        assertEquals(code.isWanted(at), executed.includes(at) && at !== PAGE_BYTES, `${at}`);
      }
    },
    new Set([PAGE_BYTES]),
    executed,
  );
});

Deno.test("a region without blocks or entries is none", () => {
  const words = sharedWords();
  assertEquals(buildReading(words, () => {}, new Set(), [], regionAt([])), null);
  assertEquals(buildReading(words, () => {}, new Set(), [], regionAt([OFFSET], 0)), null);
});
