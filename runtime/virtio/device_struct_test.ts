import { assertEquals, assertThrows } from "@std/assert";
import {
  MAX_QUEUES,
  QUEUE_WORDS,
  SLOT_WORDS,
  SlotCounter,
  SlotStruct,
  SlotWord,
} from "./device_struct.ts";

const EMPTY = { agent: 0, id: 1, features: { low: 0, high: 0 }, config: new Uint8Array() };

Deno.test("the queues of a full slot have words of their own", () => {
  const words = new Int32Array(new SharedArrayBuffer(SLOT_WORDS * 4));
  const struct = new SlotStruct(words, 0);
  struct.install({ ...EMPTY, queues: MAX_QUEUES });
  for (let queue = 0; queue < MAX_QUEUES; queue++) {
    for (let word = 0; word < QUEUE_WORDS; word++) {
      struct.setQueue(queue, word, queue * QUEUE_WORDS + word + 1);
    }
  }
  struct.count(SlotCounter.READS, 7);
  for (let queue = 0; queue < MAX_QUEUES; queue++) {
    for (let word = 0; word < QUEUE_WORDS; word++) {
      assertEquals(struct.queue(queue, word), queue * QUEUE_WORDS + word + 1);
    }
  }
  assertEquals(struct.get(SlotWord.QUEUES), MAX_QUEUES);
  assertEquals([...struct.counters], [7, 0, 0, 0, 0, 0, 0, 0]);
});

Deno.test("a device of more queues than a slot has room for is refused", () => {
  const words = new Int32Array(new SharedArrayBuffer(SLOT_WORDS * 4));
  const struct = new SlotStruct(words, 0);
  assertThrows(() => struct.install({ ...EMPTY, queues: MAX_QUEUES + 1 }), RangeError);
});
