import { assert, assertEquals } from "@std/assert";
import {
  countIdle,
  createSampleBuffer,
  drainSamples,
  droppedSamples,
  NO_SAMPLE_SLOT,
  publishSample,
  reserveSample,
  takeIdle,
} from "./sample_ring.ts";
import { checkWord, type ProducerStart } from "./sample_producer_fixture.ts";
import { SAMPLE_SLOTS, SAMPLE_WORDS } from "./shared_layout.ts";

function drained(samples: Int32Array, hart: number): number[] {
  const found: number[] = [];
  drainSamples(samples, hart, (sample) => found.push(samples[sample]));
  return found;
}

function put(samples: Int32Array, hart: number, value: number): boolean {
  const sample = reserveSample(samples, hart);
  if (sample === NO_SAMPLE_SLOT) return false;
  samples[sample] = value;
  publishSample(samples, hart);
  return true;
}

Deno.test("samples arrive once, in order, for their hart alone", () => {
  const samples = createSampleBuffer(2);
  for (let value = 1; value <= 3; value++) assert(put(samples, 1, value));
  assertEquals(drained(samples, 0), []);
  assertEquals(drained(samples, 1), [1, 2, 3]);
  assertEquals(drained(samples, 1), []);
});

Deno.test("a full buffer drops samples and counts them, and goes on when it was emptied", () => {
  const samples = createSampleBuffer(1);
  for (let value = 0; value < SAMPLE_SLOTS; value++) assert(put(samples, 0, value));
  assertEquals([put(samples, 0, -1), put(samples, 0, -1)], [false, false]);
  assertEquals(droppedSamples(samples, 0), 2);
  assertEquals(drained(samples, 0).length, SAMPLE_SLOTS);
  assert(put(samples, 0, 7));
  assertEquals(drained(samples, 0), [7]);
});

Deno.test("a sample that is being filled is not handed out", () => {
  const samples = createSampleBuffer(1);
  reserveSample(samples, 0);
  assertEquals(drained(samples, 0), []);
});

Deno.test("idle counts are taken once", () => {
  const samples = createSampleBuffer(2);
  countIdle(samples, 1);
  countIdle(samples, 1);
  assertEquals([takeIdle(samples, 0), takeIdle(samples, 1), takeIdle(samples, 1)], [0, 2, 0]);
});

Deno.test("two harts' threads and a reader: no sample is lost uncounted, doubled or torn", async () => {
  const COUNT = 30_000;
  const samples = createSampleBuffer(2);
  const source = new URL("./sample_producer_fixture.ts", import.meta.url);
  const workers = [0, 1].map(() => new Worker(source, { type: "module" }));
  const ended = workers.map((worker) =>
    new Promise<void>((resolve) => worker.onmessage = () => resolve())
  );
  const seen = [0, 0];
  const last = [-1, -1];
  const read = (hart: number): void =>
    drainSamples(samples, hart, (sample) => {
      const number = samples[sample];
      assert(number > last[hart], "out of order");
      last[hart] = number;
      seen[hart]++;
      for (let word = 1; word < SAMPLE_WORDS; word++) {
        assertEquals(samples[sample + word], checkWord(number, word));
      }
    });
  workers.forEach((worker, hart) => {
    worker.postMessage({ samples, hart, count: COUNT } satisfies ProducerStart);
  });
  let isOver = false;
  const all = Promise.all(ended).then(() => isOver = true);
  while (!isOver) {
    read(0);
    read(1);
    await Promise.race([all, nextTurn()]);
  }
  for (const hart of [0, 1]) {
    read(hart);
    assertEquals(seen[hart] + droppedSamples(samples, hart), COUNT);
    assert(seen[hart] >= SAMPLE_SLOTS);
  }
  for (const worker of workers) worker.terminate();
});

/** One turn of the event loop. */
function nextTurn(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
