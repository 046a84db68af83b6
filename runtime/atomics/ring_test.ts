/** The rings as one thread can see them; model and stress test cover the rest. */

import { assert, assertEquals, assertFalse } from "@std/assert";
import {
  COMPILE_REQUEST_WORDS,
  droppedRequests,
  nextRequest,
  NO_REQUEST,
  publishRequest,
  releaseRequest,
  reserveRequest,
} from "./compile_ring.ts";
import {
  availableInput,
  awaitOutputRoom,
  drainOutput,
  INPUT_CAPACITY,
  OUTPUT_CAPACITY,
  OUTPUT_SLEEP_OFFSET,
  prepareInputSleep,
  prepareOutputSleep,
  putInput,
  putOutput,
  takeInput,
} from "./console_ring.ts";
import { take } from "./pending.ts";
import { COMPILE_RING_ENTRIES, PAGE_ATTRIBUTES, Pending } from "./shared_layout.ts";

const createWords = (): Int32Array => new Int32Array(new SharedArrayBuffer(PAGE_ATTRIBUTES));

Deno.test("output: a full ring refuses, keeps order, and wakes the harts that wait", () => {
  const words = createWords();
  for (let k = 0; k < OUTPUT_CAPACITY; k++) assert(putOutput(words, k));
  assertFalse(putOutput(words, 0));
  for (const hart of [0, 31, 32, 63]) assert(awaitOutputRoom(words, hart));
  const bytes = new Uint8Array(10);
  assertEquals(drainOutput(words, bytes), 10);
  assertEquals([...bytes], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  for (const hart of [0, 31, 32, 63]) assertEquals(take(words, hart), Pending.WORK);
  assertEquals(take(words, 1), 0);
  assertFalse(awaitOutputRoom(words, 0), "there is room now");
  const rest = new Uint8Array(2 * OUTPUT_CAPACITY);
  assertEquals(drainOutput(words, rest), OUTPUT_CAPACITY - 10);
  assertEquals(drainOutput(words, rest), 0);
});

Deno.test("output: byte 0 and byte 255 pass, positions wrap", () => {
  const words = createWords();
  const bytes = new Uint8Array(4);
  for (let round = 0; round < OUTPUT_CAPACITY; round++) {
    for (const byte of [0, 255, round & 0xff]) assert(putOutput(words, byte));
    assertEquals(drainOutput(words, bytes), 3);
    assertEquals([...bytes.subarray(0, 3)], [0, 255, round & 0xff]);
  }
});

Deno.test("output: the sleeper is told by the next byte, and does not sleep on output", () => {
  const words = createWords();
  assert(prepareOutputSleep(words));
  assertEquals(words[OUTPUT_SLEEP_OFFSET >> 2], 1);
  putOutput(words, 1);
  assertEquals(words[OUTPUT_SLEEP_OFFSET >> 2], 0);
  assertFalse(prepareOutputSleep(words));
});

Deno.test("input: order, count, full and empty", () => {
  const words = createWords();
  assertEquals(takeInput(words), -1);
  for (let k = 0; k < INPUT_CAPACITY; k++) assert(putInput(words, k));
  assertFalse(putInput(words, 0));
  assertEquals(availableInput(words), INPUT_CAPACITY);
  assert(prepareInputSleep(words), "no room to wait for");
  for (let k = 0; k < INPUT_CAPACITY; k++) assertEquals(takeInput(words), k & 0xff);
  assertEquals([availableInput(words), takeInput(words)], [0, -1]);
  assertFalse(prepareInputSleep(words), "there is room");
});

Deno.test("compile requests: in place, in order, dropped and counted when full", () => {
  const words = createWords();
  assertEquals(nextRequest(words), NO_REQUEST);
  for (let k = 0; k < COMPILE_RING_ENTRIES; k++) {
    const request = reserveRequest(words);
    words.fill(k, request, request + COMPILE_REQUEST_WORDS);
    assertEquals(nextRequest(words) === NO_REQUEST, k === 0, "reserved is not published");
    publishRequest(words, request);
  }
  assertEquals(reserveRequest(words), NO_REQUEST);
  assertEquals(droppedRequests(words), 1);
  for (let k = 0; k < COMPILE_RING_ENTRIES; k++) {
    const request = nextRequest(words);
    assertEquals(words[request], k);
    assertEquals(words[request + COMPILE_REQUEST_WORDS - 1], k);
    releaseRequest(words);
  }
  assertEquals(nextRequest(words), NO_REQUEST);
});
