// A device that two threads serve is reset and used again in the middle of its requests, as often as there is time for.

import { assert } from "@std/assert";
import { ioAgent } from "../atomics/agents.ts";
import { post } from "../atomics/pending.ts";
import { Pending } from "../atomics/shared_layout.ts";
import { SlotCounter } from "./device_struct.ts";
import { ENTROPY_FEATURES } from "./entropy_device.ts";
import type { QueueWorkerStart } from "./queue_worker_fixture.ts";
import { DescriptorFlag, DeviceId, MmioRegister } from "./registers.ts";
import { Place, queueBase, RAM_BASE, type RingFormat, SlotDriver } from "./slot_driver_fixture.ts";

const QUEUES = 2;
const QUEUE_SIZE = 8;
/** A store of one takes some microseconds, which a reset may meet. */
const ROOM_BYTES = 0x2000;
const LONGEST_MS = 1000;
const HUNG_AFTER_MS = 60_000;
/** Resets that even a busy host has time for. */
const FEWEST_RESETS = 20;
/** What stands in memory that nobody may store to. */
const MARK = 0x11;
const FILLED = 0xee;
const MARK_WORD = 0x1111_1111;
const USED_BYTES = 0x3_0000;
const MOST_LOOKS = 3000;

function look(driver: SlotDriver, times: number): void {
  for (; times > 0; times--) driver.read(MmioRegister.STATUS);
}

function offerAll(driver: SlotDriver): void {
  for (let queue = 0; queue < QUEUES; queue++) {
    for (let head = 0; head < QUEUE_SIZE; head++) {
      const address = Place.DATA + (queue * QUEUE_SIZE + head) * ROOM_BYTES;
      const room = { address, length: ROOM_BYTES, flags: DescriptorFlag.WRITE };
      driver.chain(head, [room], queueBase(queue));
      driver.offer(head, queue);
    }
    driver.write(MmioRegister.QUEUE_NOTIFY, queue);
  }
}

/** @returns how often the access was made again */
function reset(driver: SlotDriver): number {
  let again = 0;
  while (driver.write(MmioRegister.STATUS, 0)) again++;
  return again;
}

async function withWorkers(format: RingFormat, use: (driver: SlotDriver) => void): Promise<void> {
  const config = new Uint8Array(0);
  const device = { id: DeviceId.ENTROPY, features: ENTROPY_FEATURES, queues: QUEUES, config };
  const driver = new SlotDriver({ device, workers: QUEUES, format });
  const url = import.meta.resolve("./queue_worker_fixture.ts");
  const workers = Array.from({ length: QUEUES }, () => new Worker(url, { type: "module" }));
  try {
    await Promise.all(workers.map(nextMessage));
    workers.forEach((worker, queue) => {
      const start: QueueWorkerStart = { words: driver.words, queue, filling: FILLED };
      worker.postMessage(start);
    });
    const ended = workers.map(nextMessage);
    use(driver);
    for (let queue = 0; queue < QUEUES; queue++) post(driver.words, ioAgent(queue), Pending.STOP);
    await Promise.all(ended);
  } finally {
    for (const worker of workers) worker.terminate();
  }
}

function nextMessage(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.onmessage = () => resolve();
    worker.onerror = (event) => reject(new Error(event.message));
  });
}

for (const format of ["split", "packed"] as const) {
  Deno.test(`stress: two threads store nothing behind a reset, and serve what comes then: ${format} rings`, async () => {
    await withWorkers(format, (driver) => {
      const memory = driver.bytes(RAM_BASE, USED_BYTES);
      const marked = new Int32Array(memory.buffer, memory.byteOffset, USED_BYTES / 4);
      const end = performance.now() + LONGEST_MS;
      for (let resets = 0; resets < FEWEST_RESETS || performance.now() < end; resets++) {
        memory.fill(0);
        driver.start(0, QUEUE_SIZE, QUEUES);
        offerAll(driver);
        look(driver, Math.random() * MOST_LOOKS);
        reset(driver);
        memory.fill(MARK);
        look(driver, Math.random() * MOST_LOOKS);
        assert(marked.every((word) => word === MARK_WORD), `a store behind reset ${resets}`);
      }
      memory.fill(0);
      driver.start(0, QUEUE_SIZE, QUEUES);
      offerAll(driver);
      const hung = performance.now() + HUNG_AFTER_MS;
      while (driver.usedOf(0) < QUEUE_SIZE || driver.usedOf(1) < QUEUE_SIZE) {
        assert(performance.now() < hung, "requests are not served behind a reset");
      }
      const rooms = driver.bytes(Place.DATA, QUEUES * QUEUE_SIZE * ROOM_BYTES);
      assert(rooms.every((byte) => byte === FILLED));
      assert(driver.slot.struct.total(SlotCounter.READS) > FEWEST_RESETS);
    });
  });
}
