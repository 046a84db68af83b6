import { assertEquals } from "@std/assert";
import { ByteQueue } from "./byte_queue.ts";

const CAPACITY = 0x4000;

function counting(first: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (first + index) * 31);
}

Deno.test("bytes come out as they went in, by views, over the end of the ring and its growth", () => {
  const queue = new ByteQueue(CAPACITY);
  let [pushed, dropped] = [0, 0];
  for (const [more, less] of [[5000, 4000], [7000, 100], [6000, 9000], [9000, 9000], [8000, 0]]) {
    const taken = queue.push(counting(pushed, more));
    assertEquals(taken, Math.min(more, CAPACITY - (pushed - dropped)));
    pushed += taken;
    assertEquals(queue.length, pushed - dropped);
    assertEquals(queue.view(0, queue.length), counting(dropped, queue.length));
    assertEquals(queue.view(700, 200), counting(dropped + 700, 200));
    const front = queue.front();
    assertEquals(front, counting(dropped, front.length));
    queue.drop(less);
    dropped += less;
  }
  assertEquals(queue.room, CAPACITY - (pushed - dropped));
});

Deno.test("what was taken from the front stays while others come behind it, also when the ring grows", () => {
  const queue = new ByteQueue(CAPACITY);
  queue.push(counting(0, 3000));
  const front = queue.front();
  queue.push(counting(3000, 12_000));
  assertEquals(front, counting(0, 3000));
  queue.drop(1000);
  assertEquals(queue.front()[0], counting(1000, 1)[0]);
});

Deno.test("the front of a ring that has come round is its first piece", () => {
  const queue = new ByteQueue(0x1000);
  queue.push(counting(0, 0x1000));
  queue.drop(0xf00);
  queue.push(counting(0x1000, 0x800));
  assertEquals(queue.front(), counting(0xf00, 0x100));
  queue.drop(0x100);
  assertEquals(queue.front(), counting(0x1000, 0x800));
});
