import { assert, assertEquals } from "@std/assert";
import { toIdle, toRunning } from "./agent_state.ts";
import {
  armCodePage,
  beginGuardedStore,
  endCodeStore,
  isCodePage,
  isGenerationCurrent,
  isGuardComplete,
  isPageGuarded,
  markCodeLines,
  openForDecode,
  PROVISIONAL,
  readStableGeneration,
  releaseCodePage,
  requestGuard,
  serveGuard,
  touchesCodeLine,
} from "./code_guard.ts";
import { take } from "./pending.ts";
import {
  GUEST_RAM_OFFSET,
  Machine,
  PAGE_ATTRIBUTES,
  PAGE_BYTES,
  PAGE_SHIFT,
  PageAttribute,
  Pending,
} from "./shared_layout.ts";

const PAGE = GUEST_RAM_OFFSET >> PAGE_SHIFT;
const LINE_BYTES = 64;
const WORD_BYTES = 4;
const nothing = (): void => {};

function createMachine(harts: number): Int32Array {
  const words = new Int32Array(new SharedArrayBuffer(GUEST_RAM_OFFSET + PAGE_BYTES));
  words[Machine.HART_COUNT.offset >> 2] = harts;
  for (let hart = 0; hart < harts; hart++) toRunning(words, hart, nothing);
  return words;
}

Deno.test("a page is guarded once every running vCPU has served", () => {
  const words = createMachine(3);
  assert(armCodePage(words, 0, PAGE));
  assert(!armCodePage(words, 1, PAGE), "one hart arms");
  assert(isCodePage(words, PAGE));
  assertEquals([0, 1, 2].map((hart) => take(words, hart)), [0, Pending.FLUSH, Pending.FLUSH]);
  const drops: number[] = [];
  for (const hart of [0, 1]) serveGuard(words, hart, () => drops.push(hart));
  assert(!isPageGuarded(words, PAGE));
  toIdle(words, 2);
  assert(isPageGuarded(words, PAGE), "an IDLE vCPU does not delay the guard");
  serveGuard(words, 0, () => drops.push(0));
  assertEquals(drops, [0, 1], "entries are dropped once per request");
});

Deno.test("other attributes of a page survive arming, and the ticket stands above them", () => {
  const words = createMachine(1);
  words[(PAGE_ATTRIBUTES >> 2) + PAGE] = PageAttribute.WATCH;
  armCodePage(words, 0, PAGE);
  const attribute = words[(PAGE_ATTRIBUTES >> 2) + PAGE];
  assertEquals(
    attribute,
    PageAttribute.WATCH | PageAttribute.CODE | 1 << PageAttribute.TICKET_SHIFT,
  );
});

Deno.test("tickets stay right when 24 and 32 bits wrap", () => {
  for (const start of [0xff_fffe, 0x7fff_fffe, -2]) {
    const words = createMachine(2);
    words[Machine.GUARD_REQUEST.offset >> 2] = start;
    words[Machine.GUARD_COMPLETED.offset >> 2] = start;
    for (const hart of [0, 1]) serveGuard(words, hart, nothing);
    for (let page = PAGE - 3; page <= PAGE; page++) {
      armCodePage(words, 0, page);
      assert(words[(PAGE_ATTRIBUTES >> 2) + page] >>> PageAttribute.TICKET_SHIFT !== 0);
      serveGuard(words, 0, nothing);
      assert(!isPageGuarded(words, page), `page ${page} after ${start}`);
    }
    serveGuard(words, 1, nothing);
    for (let page = PAGE - 3; page <= PAGE; page++) assert(isPageGuarded(words, page));
  }
});

Deno.test("completion is monotonic and later tickets need later acknowledgements", () => {
  const words = createMachine(2);
  const first = requestGuard(words, 0);
  for (const hart of [0, 1]) serveGuard(words, hart, nothing);
  assert(isGuardComplete(words, first));
  const second = requestGuard(words, 1);
  assert(isGuardComplete(words, first));
  assert(!isGuardComplete(words, second));
});

Deno.test("line marks cover exactly the lines of the range", () => {
  const words = createMachine(1);
  const lines = PAGE_BYTES / LINE_BYTES;
  for (const [first, last] of [[0, 0], [31, 32], [5, 40], [63, 63]]) {
    markCodeLines(
      words,
      GUEST_RAM_OFFSET + first * LINE_BYTES + 2,
      (last - first) * LINE_BYTES + 4,
    );
    for (let line = 0; line < lines; line++) {
      const offset = GUEST_RAM_OFFSET + line * LINE_BYTES;
      assertEquals(touchesCodeLine(words, offset, LINE_BYTES), line >= first && line <= last);
    }
    new Int32Array(words.buffer).fill(0);
  }
});

Deno.test("a store that straddles into a code line counts as a code store", () => {
  const words = createMachine(1);
  markCodeLines(words, GUEST_RAM_OFFSET + LINE_BYTES, 4);
  beginGuardedStore(words, GUEST_RAM_OFFSET + LINE_BYTES - 4, 8);
  endCodeStore(words, PAGE);
  assertEquals(readStableGeneration(words, PAGE), 1);
});

Deno.test("stores beside code leave the generation alone, stores to code change it", () => {
  const words = createMachine(1);
  armCodePage(words, 0, PAGE);
  serveGuard(words, 0, nothing);
  const generation = openForDecode(words, GUEST_RAM_OFFSET, 4);
  assertEquals(generation, 0);
  beginGuardedStore(words, GUEST_RAM_OFFSET + LINE_BYTES, 8);
  assertEquals(readStableGeneration(words, PAGE), PROVISIONAL);
  assert(isGenerationCurrent(words, PAGE, generation), "a region beside it runs on");
  endCodeStore(words, PAGE);
  assertEquals(readStableGeneration(words, PAGE), generation);
  beginGuardedStore(words, GUEST_RAM_OFFSET + LINE_BYTES - 1, 1);
  assert(!isGenerationCurrent(words, PAGE, generation));
  assertEquals(openForDecode(words, GUEST_RAM_OFFSET, 4), PROVISIONAL);
  endCodeStore(words, PAGE);
  assertEquals(openForDecode(words, GUEST_RAM_OFFSET, 4), 1);
  assert(!isGenerationCurrent(words, PAGE, PROVISIONAL));
});

Deno.test("a released page is an ordinary one, and what was built from it is out of date", () => {
  const words = createMachine(1);
  armCodePage(words, 0, PAGE);
  serveGuard(words, 0, nothing);
  const generation = openForDecode(words, GUEST_RAM_OFFSET, WORD_BYTES);
  assertEquals(isGenerationCurrent(words, PAGE, generation), true);
  releaseCodePage(words, PAGE);
  assertEquals(isCodePage(words, PAGE), false);
  assertEquals(isGenerationCurrent(words, PAGE, generation), false);
  assertEquals(openForDecode(words, GUEST_RAM_OFFSET, WORD_BYTES), PROVISIONAL);
  assertEquals(armCodePage(words, 0, PAGE), true);
  assertEquals(openForDecode(words, GUEST_RAM_OFFSET, WORD_BYTES), PROVISIONAL);
  serveGuard(words, 0, nothing);
  assertEquals(openForDecode(words, GUEST_RAM_OFFSET, WORD_BYTES), generation + 1);
});
