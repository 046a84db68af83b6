import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { HostFile } from "../disk_images/image_file.ts";
import { createImage } from "../disk_images/qcow2/image_size.ts";
import { ioAgent } from "../atomics/agents.ts";
import { MAX_IO_WORKERS, RING_BLOCK } from "../atomics/shared_layout.ts";
import { DeviceRegion } from "../devices/device_region.ts";
import { QueueWord, SLOT_WORDS } from "../virtio/device_struct.ts";
import { VirtioSlot } from "../virtio/virtio_slot.ts";
import { ConfigurationError } from "./configuration_error.ts";
import { describeDevices } from "./device_options.ts";
import { DeviceSet } from "./device_set.ts";
import type { DriveOptions } from "./drive_options.ts";
import type { DriveStart } from "./worker_messages.ts";

async function withImages(
  count: number,
  use: (paths: readonly string[]) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const paths = Array.from({ length: count }, (_, index) => join(folder, `${index}.img`));
    for (const path of paths) await Deno.writeFile(path, new Uint8Array(0x1_0000));
    await use(paths);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function opened(drives: readonly DriveOptions[]): Promise<DeviceSet> {
  return DeviceSet.open(describeDevices({ drives }, 1));
}

function threadsNamed(prefix: string, count: number): { readonly iothread: string }[] {
  return Array.from({ length: count }, (_, index) => ({ iothread: `${prefix}${index}` }));
}

Deno.test("each worker of a disk serves its own queues, and the guest's doorbells go there", async () => {
  await withImages(2, async ([shared, other]) => {
    const iothreads = [{ iothread: "a", queues: [2, 0] }, { iothread: "b", queues: [1] }];
    const devices = await opened([
      { source: other, format: "raw", iothread: "b", slot: 1 },
      { source: shared, format: "raw", queues: 3, iothreads, slot: 0 },
    ]);
    try {
      const served = devices.plan().map(({ name, devices: starts }) => [
        name,
        ...starts.map((start) => {
          const { slot, server, queues } = start as DriveStart;
          return `slot ${slot}: ${server}, ${queues.join()}`;
        }),
      ]);
      assertEquals(served, [
        ["I/O b", "slot 1: 0, 0", "slot 0: 1, 1"],
        ["I/O a", "slot 0: 0, 0,2"],
      ]);
      const words = new Int32Array(new SharedArrayBuffer(RING_BLOCK));
      const region = new DeviceRegion();
      const bus = {
        interruptChanged: () => {},
        mayReachMemory: () => true,
        sendsMessages: () => false,
        send: () => {},
      };
      const slots = [0, 1].map(() => new VirtioSlot(words, region.take(SLOT_WORDS), bus));
      devices.install(slots);
      const agents = [0, 1, 2].map((queue) => slots[0].struct.queue(queue, QueueWord.AGENT));
      assertEquals(agents, [ioAgent(1), ioAgent(0), ioAgent(1)]);
      assertEquals(slots[1].struct.queue(0, QueueWord.AGENT), ioAgent(0));
    } finally {
      devices.close();
    }
  });
});

Deno.test("an image with tables is not shared by several threads", async () => {
  await withImages(1, async ([path]) => {
    const file = await Deno.open(path, { read: true, write: true, truncate: true });
    createImage(path, new HostFile(file), { size: 0x1_0000 });
    file.close();
    const drive = { source: path, queues: 2 };
    await assertRejects(
      () => opened([{ ...drive, iothreads: threadsNamed("t", 2) }]),
      ConfigurationError,
      "tables of a qcow2 image",
    );
    (await opened([{ ...drive, iothread: "t" }])).close();
  });
});

Deno.test("more threads for devices than a machine has room for are refused, and nothing stays open", async () => {
  await withImages(8, async (paths) => {
    const drives = paths.map((source, index) => ({
      source,
      format: "raw" as const,
      queues: 8,
      iothreads: threadsNamed(`${index}-`, 8),
    }));
    await assertRejects(() => opened(drives), ConfigurationError, `at most ${MAX_IO_WORKERS}`);
    (await opened(drives.slice(0, MAX_IO_WORKERS / 8))).close();
  });
});
