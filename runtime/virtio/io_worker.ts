/**
 * Entry point of an I/O worker. It gets one message, opens the devices that it serves, and serves them, blocking its
 * thread, until the machine has ended.
 */

import { Machine, RunState } from "../atomics/shared_layout.ts";
import type { DeviceStart, DriveStart, IoStart } from "../machine/worker_messages.ts";
import { CallMailbox } from "./back_end_call.ts";
import { BlockDevice } from "./block_device.ts";
import { CallerDisk } from "./caller_disk.ts";
import type { Disk } from "./disk.ts";
import { EntropyDevice } from "./entropy_device.ts";
import { FileDisk } from "./file_disk.ts";
import { IoThread } from "./io_thread.ts";
import { OverlayDisk } from "./overlay_disk.ts";
import { QueueServer, type RequestHandler } from "./queue_server.ts";
import { openWorkerView, serveFirstMessage, type WorkerView } from "./worker_view.ts";

const WORD_SHIFT = 2;
/** The queue that these devices have. */
const REQUESTS = 0;

function openDisk({ source, isReadonly, overlay }: DriveStart, words: Int32Array): Disk {
  if ("path" in source) {
    if (overlay === null) return FileDisk.open(source.path, isReadonly);
    const base = FileDisk.open(source.path, true);
    return new OverlayDisk(base, FileDisk.open(overlay.path, false), overlay.map);
  }
  const { mailbox, port, bytes } = source;
  const disk = new CallerDisk({
    mailbox: new CallMailbox(mailbox),
    ring: () => port.postMessage(null),
    // ORDER: sc load; partner: whoever ends the machine.
    hasEnded: () => Atomics.load(words, Machine.RUN_STATE.offset >> WORD_SHIFT) === RunState.ENDED,
    bytes,
  });
  if (overlay === null) return disk;
  return new OverlayDisk(disk, FileDisk.open(overlay.path, false), overlay.map);
}

function handlerOf(start: DeviceStart, view: WorkerView, disks: Disk[]): RequestHandler {
  const { struct } = view.slots[start.slot];
  const { stores } = view;
  switch (start.kind) {
    case "block": {
      const disk = openDisk(start, view.words);
      disks.push(disk);
      const { isReadonly, isUnsafe, serial } = start;
      return new BlockDevice({ struct, stores, disk, isReadonly, isUnsafe, serial });
    }
    case "entropy":
      return new EntropyDevice({ struct, stores });
    case "network":
      throw new TypeError("Cannot serve a network card by a worker that blocks");
  }
}

async function serve(start: IoStart): Promise<void> {
  const view = await openWorkerView(start);
  const { slots, ram, stores } = view;
  const disks: Disk[] = [];
  try {
    const servers = start.devices.map((device) => {
      const handler = handlerOf(device, view, disks);
      return new QueueServer({ slot: slots[device.slot], queue: REQUESTS, ram, stores, handler });
    });
    new IoThread(view.words, view.agent, servers).run();
  } finally {
    for (const disk of disks) disk.close();
  }
}

serveFirstMessage(serve);
