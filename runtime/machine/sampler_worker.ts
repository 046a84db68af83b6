/**
 * Entry point of the sampler's worker. It gets one message and then samples, blocking its thread, until the machine
 * has ended.
 */

import { errorText } from "./internal_error.ts";
import { runSampler } from "./sampler.ts";
import type { SamplerStart, WorkerReport } from "./worker_messages.ts";

function reportOf({ memory, samples }: SamplerStart): WorkerReport {
  try {
    runSampler(new Int32Array(memory.buffer), samples);
    return { stopped: true };
  } catch (error) {
    return { failure: errorText(error) };
  }
}

self.addEventListener("message", (event: Event) => {
  const { data } = event as MessageEvent<SamplerStart>;
  (self as unknown as Worker).postMessage(reportOf(data));
}, { once: true });
