import { assert, assertEquals } from "@std/assert";
import { ioAgent } from "./agents.ts";
import { requestFence, serveRemote } from "./remote_work.ts";
import { GUEST_RAM_OFFSET, Machine, RemoteWork, Vcpu, vcpuWord } from "./shared_layout.ts";
import {
  ALL_SPACES,
  coversAll,
  FENCE_SLOTS,
  fenceOfAll,
  leaveFence,
  takeFences,
  type TranslationFence,
} from "./translation_fences.ts";

const TARGET = 1;

function createWords(harts = 2): Int32Array {
  const words = new Int32Array(new SharedArrayBuffer(GUEST_RAM_OFFSET));
  words[Machine.HART_COUNT.offset >> 2] = harts;
  return words;
}

function fence(page: number): TranslationFence {
  return { addressLow: page << 12, addressHigh: -page, pages: page, space: page + 7 };
}

function taken(words: Int32Array, bits: number): TranslationFence[] {
  const seen: TranslationFence[] = [];
  takeFences(words, TARGET, bits, fenceOfAll(), (one) => void seen.push({ ...one }));
  return seen;
}

Deno.test("fences arrive whole, each once, and leave their slots free", () => {
  const words = createWords();
  for (let round = 0; round < 3; round++) {
    const sent = Array.from({ length: FENCE_SLOTS }, (_, index) => fence(round * 10 + index + 1));
    const bits = sent.map((one) => leaveFence(words, TARGET, one)).reduce((all, bit) => all | bit);
    assertEquals(bits, RemoteWork.FENCES);
    assertEquals(taken(words, bits), sent);
    assertEquals(taken(words, 0), []);
  }
});

Deno.test("when all slots are claimed everything is asked for, until some are served", () => {
  const words = createWords();
  const bits = Array.from({ length: FENCE_SLOTS }, () => leaveFence(words, TARGET, fence(1)));
  assertEquals(leaveFence(words, TARGET, fence(2)), RemoteWork.FLUSH_TRANSLATIONS);
  assertEquals(taken(words, bits[3]).length, 1);
  assertEquals(leaveFence(words, TARGET, fence(2)), bits[3]);
});

Deno.test("a fence of everything needs no slot, and covers those that have one", () => {
  const words = createWords();
  assert(coversAll(fenceOfAll()));
  for (const part of [{ pages: 1 }, { space: 0 }]) {
    assert(!coversAll({ ...fenceOfAll(), ...part }));
  }
  assertEquals(leaveFence(words, TARGET, fenceOfAll()), RemoteWork.FLUSH_TRANSLATIONS);
  const bit = leaveFence(words, TARGET, fence(1));
  assertEquals(taken(words, bit | RemoteWork.FLUSH_TRANSLATIONS), []);
  assertEquals(leaveFence(words, TARGET, fence(2)), bit, "it was freed");
});

Deno.test("one request leaves its fence with each target, with I/O workers no range", () => {
  const words = createWords(3);
  words[Machine.IO_WORKER_COUNT.offset >> 2] = 1;
  const everyone = { low: -1, high: -1 };
  requestFence(words, 0, everyone, { ...fence(1), space: ALL_SPACES });
  const bits: number[] = [];
  for (const agent of [0, 1, 2, ioAgent(0)]) serveRemote(words, agent, (work) => bits.push(work));
  const slot = 1 << RemoteWork.FENCE_SHIFT;
  assertEquals(bits, [slot, slot, RemoteWork.FLUSH_TRANSLATIONS]);
  assertEquals(words[vcpuWord(0, Vcpu.FENCE_CLAIMS) >> 2], 0);
});
