/** A worker that fills a hart's part of a sample buffer as fast as it can, for a test of two threads. */

import { NO_SAMPLE_SLOT, publishSample, reserveSample } from "./sample_ring.ts";
import { SAMPLE_WORDS } from "./shared_layout.ts";

/** First message. */
export interface ProducerStart {
  readonly samples: Int32Array<SharedArrayBuffer>;
  readonly hart: number;
  readonly count: number;
}

/** What a word of a sample is to hold. */
export function checkWord(number: number, word: number): number {
  return Math.imul(number, 0x9e37_79b1) ^ word;
}

function produce({ samples, hart, count }: ProducerStart): void {
  for (let number = 0; number < count; number++) {
    const sample = reserveSample(samples, hart);
    if (sample === NO_SAMPLE_SLOT) continue;
    samples[sample] = number;
    for (let word = 1; word < SAMPLE_WORDS; word++) {
      samples[sample + word] = checkWord(number, word);
    }
    publishSample(samples, hart);
  }
}

self.addEventListener("message", (event: Event) => {
  produce((event as MessageEvent<ProducerStart>).data);
  (self as unknown as Worker).postMessage("done");
});
