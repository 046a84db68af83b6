import { assertEquals } from "@std/assert";
import { take } from "../atomics/pending.ts";
import { createSampleBuffer, takeIdle } from "../atomics/sample_ring.ts";
import { Machine, Pending, RunState, Vcpu, VcpuState, vcpuWord } from "../atomics/shared_layout.ts";
import { runSampler, sampleAll } from "./sampler.ts";

const SHARED_BYTES = 0x8_0000;
const HARTS = 2;

Deno.test("a running hart is asked for a sample, a sleeping one is counted and left asleep", () => {
  const words = new Int32Array(new SharedArrayBuffer(SHARED_BYTES));
  const samples = createSampleBuffer(HARTS);
  words[vcpuWord(1, Vcpu.STATE) >> 2] = VcpuState.RUNNING;
  sampleAll(words, samples, HARTS);
  sampleAll(words, samples, HARTS);
  assertEquals([take(words, 0), take(words, 1)], [0, Pending.SAMPLE]);
  assertEquals([takeIdle(samples, 0), takeIdle(samples, 1)], [2, 0]);
});

Deno.test("the sampler of a machine that has ended returns and asks nobody", () => {
  const words = new Int32Array(new SharedArrayBuffer(SHARED_BYTES));
  const samples = createSampleBuffer(HARTS);
  words[Machine.HART_COUNT.offset >> 2] = HARTS;
  words[Machine.RUN_STATE.offset >> 2] = RunState.ENDED;
  runSampler(words, samples);
  assertEquals([take(words, 0), takeIdle(samples, 0)], [0, 0]);
});
