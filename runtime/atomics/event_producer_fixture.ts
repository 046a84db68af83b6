/** A worker that records events as fast as it can, for a test of two threads. */

import { type EventBuffer, EventPhase, EventRing } from "./event_ring.ts";

/** First message. */
export interface ProducerStart {
  readonly buffer: EventBuffer;
  readonly hart: number;
  readonly count: number;
}

const FACTOR = 0x9e37_79b1;
const KINDS = 200;

/** Kind, halves of the program counter and details of an event by its number. */
export function checkValues(number: number): [kind: number, ...words: number[]] {
  const mixed = Math.imul(number, FACTOR);
  return [number % KINDS, mixed, ~mixed, number, mixed ^ number];
}

function produce({ buffer, hart, count }: ProducerStart): void {
  const ring = new EventRing(buffer, hart);
  for (let number = 0; number < count; number++) {
    const [kind, low, high, first, second] = checkValues(number);
    ring.record(EventPhase.INSTANT, kind, low, high, first, second);
  }
}

self.addEventListener("message", (event: Event) => {
  produce((event as MessageEvent<ProducerStart>).data);
  (self as unknown as Worker).postMessage("done");
});
