import { assertEquals, assertThrows } from "@std/assert";
import {
  MAX_QUEUES,
  MAX_SERVERS,
  QUEUE_WORDS,
  SLOT_WORDS,
  SlotCounter,
  SlotStruct,
  SlotWord,
} from "./device_struct.ts";

const EMPTY = { agents: [0], id: 1, features: { low: 0, high: 0 }, config: new Uint8Array() };

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

Deno.test("workers count for themselves, and what they counted is one sum", () => {
  const words = new Int32Array(new SharedArrayBuffer(SLOT_WORDS * 4));
  const [main, ...workers] = Array.from({ length: 4 }, () => new SlotStruct(words, 0));
  [0, 1, MAX_SERVERS - 1].forEach((worker, index) => {
    workers[index].countAs(worker);
    workers[index].count(SlotCounter.READS, 10 ** index);
  });
  assertEquals(main.total(SlotCounter.READS), 111);
  assertEquals(main.total(SlotCounter.WRITES), 0);
  assertEquals(workers.map(({ counters }) => counters[SlotCounter.READS]), [1, 10, 100]);
});
