import { assert, assertEquals } from "@std/assert";
import { setImmediate } from "node:timers/promises";
import { ioAgent } from "../atomics/agents.ts";
import { pauseEpoch, releasePause, requestPause } from "../atomics/pause.ts";
import { post } from "../atomics/pending.ts";
import { GUEST_RAM_OFFSET, Machine, Pending, Vcpu, vcpuWord } from "../atomics/shared_layout.ts";
import { type EventDevice, EventThread } from "./event_thread.ts";

const AGENT = ioAgent(0);

/** A device that notes its calls. */
class NotedDevice implements EventDevice {
  readonly calls: string[] = [];
  /** Has it more to do than a slice of time? */
  isBusy = false;

  serve(isWanted: () => boolean): void {
    this.calls.push("serve");
    while (this.isBusy && !isWanted());
  }

  stand(): void {
    this.calls.push("stand");
  }
}

/** Runs the thread; turns of the event loop have to come until it has ended. */
function started(words: Int32Array, device: NotedDevice): () => Promise<void> {
  let hasEnded = false;
  new EventThread(words, AGENT, device).run().then(() => hasEnded = true);
  return () => until(() => hasEnded);
}

function sharedWords(): Int32Array {
  const words = new Int32Array(new SharedArrayBuffer(GUEST_RAM_OFFSET));
  words[Machine.HART_COUNT.offset >> 2] = 1;
  words[Machine.IO_WORKER_COUNT.offset >> 2] = 1;
  return words;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate();
}

function hasAcknowledged(words: Int32Array): boolean {
  return words[vcpuWord(AGENT, Vcpu.PAUSE_ACK) >> 2] === pauseEpoch(words);
}

Deno.test("a thread of events begins paused, serves when it is posted, and ends by STOP", async () => {
  const words = sharedWords();
  const device = new NotedDevice();
  requestPause(words);
  const ended = started(words, device);
  await until(() => hasAcknowledged(words));
  post(words, AGENT, Pending.WORK);
  for (let turn = 0; turn < 20; turn++) await setImmediate();
  assert(!device.calls.includes("serve"), "it served in a pause");
  releasePause(words);
  await until(() => device.calls.includes("serve"));
  const before = device.calls.length;
  for (let turn = 0; turn < 20; turn++) await setImmediate();
  assertEquals(device.calls.length, before, "it does not sleep");
  post(words, AGENT, Pending.WORK);
  await until(() => device.calls.length > before);
  post(words, AGENT, Pending.STOP);
  await ended();
});

Deno.test("a pause is acknowledged after the device was told, and STOP ends it", async () => {
  const words = sharedWords();
  const device = new NotedDevice();
  const ended = started(words, device);
  await until(() => device.calls.includes("serve"));
  device.calls.length = 0;
  requestPause(words);
  await until(() => hasAcknowledged(words));
  assertEquals(device.calls.at(-1), "stand");
  post(words, AGENT, Pending.STOP);
  await ended();
});

Deno.test("a device that is always busy leaves the host its turns, and can be paused and ended", async () => {
  const words = sharedWords();
  const device = new NotedDevice();
  device.isBusy = true;
  const ended = started(words, device);
  await until(() => device.calls.filter((call) => call === "serve").length > 5);
  requestPause(words);
  await until(() => hasAcknowledged(words));
  releasePause(words);
  post(words, AGENT, Pending.STOP);
  await ended();
});
