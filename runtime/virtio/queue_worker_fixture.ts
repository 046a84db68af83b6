/** One of two workers of a device, on a thread of its own: it serves a queue of a source of entropy until STOP. */

import { ioAgent } from "../atomics/agents.ts";
import { DeviceStores } from "../atomics/device_store.ts";
import { GUEST_RAM_OFFSET } from "../atomics/shared_layout.ts";
import { EntropyDevice } from "./entropy_device.ts";
import { GuestRam } from "./guest_ram.ts";
import { IoThread } from "./io_thread.ts";
import { MmioSlot } from "./mmio_slot.ts";
import { QueueServer } from "./queue_server.ts";
import { RAM_BASE, RAM_BYTES, SLOT_AT } from "./slot_driver_fixture.ts";

/** What the worker begins with. */
export interface QueueWorkerStart {
  readonly words: Int32Array;
  readonly queue: number;
  /** What it fills rooms with. */
  readonly filling: number;
}

/** Longest time that a request takes, in looks at nothing. */
const MOST_LOOKS = 4000;

function serve({ words, queue, filling }: QueueWorkerStart): void {
  const { slot } = new MmioSlot(words, SLOT_AT, { setLevel: () => {} });
  slot.struct.countAs(queue);
  const stores = new DeviceStores(words, ioAgent(queue));
  const ram = new GuestRam(words, { base: RAM_BASE, offset: GUEST_RAM_OFFSET, bytes: RAM_BYTES });
  const fill = (bytes: Uint8Array): void => {
    bytes.fill(filling);
    for (let looks = Math.random() * MOST_LOOKS; looks > 0; looks--) slot.struct.doorbells();
  };
  const handler = new EntropyDevice({ struct: slot.struct, stores, fill });
  const server = new QueueServer({ slot, queue, ram, stores, handler });
  new IoThread(words, ioAgent(queue), [server]).run();
}

self.addEventListener("message", (event: Event) => {
  serve((event as MessageEvent<QueueWorkerStart>).data);
  (self as unknown as Worker).postMessage("done");
}, { once: true });
(self as unknown as Worker).postMessage("ready");
