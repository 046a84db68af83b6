/**
 * Entry point of an I/O worker. It gets one message, opens the devices that it serves, and serves them, blocking its
 * thread, until the machine has ended.
 */

import { Machine, RunState } from "../atomics/shared_layout.ts";
import { HostFile } from "../disk_images/image_file.ts";
import { openImage } from "../disk_images/open_image.ts";
import type { DeviceStart, DriveStart, IoStart, OverlayPlace } from "../machine/worker_messages.ts";
import { CallMailbox } from "./back_end_call.ts";
import { BackEndCaller, type BackEndPlace } from "./back_end_caller.ts";
import { BlockDevice } from "./block_device.ts";
import { type DriveFailure, ErrorDecision } from "./block_errors.ts";
import { CallerDisk } from "./caller_disk.ts";
import type { Disk } from "./disk.ts";
import { EntropyDevice } from "./entropy_device.ts";
import { FileShareDevice } from "./file_share_device.ts";
import { FileDisk } from "./file_disk.ts";
import { IoThread } from "./io_thread.ts";
import { OverlayDisk } from "./overlay_disk.ts";
import { QueueServer, type RequestHandler } from "./queue_server.ts";
import { openWorkerView, serveFirstMessage, type WorkerView } from "./worker_view.ts";

const WORD_SHIFT = 2;

/** The queue of a device that has one. */
const REQUESTS = [0] as const;

function callerOf({ mailbox, port }: BackEndPlace, words: Int32Array): BackEndCaller {
  return new BackEndCaller({
    mailbox: new CallMailbox(mailbox),
    ring: () => port.postMessage(null),
    // ORDER: sc load; partner: whoever ends the machine.
    hasEnded: () => Atomics.load(words, Machine.RUN_STATE.offset >> WORD_SHIFT) === RunState.ENDED,
  });
}

function openDisk({ source, isReadonly, overlay, cache }: DriveStart, words: Int32Array): Disk {
  if ("image" in source) {
    const writes = overlay === null && !isReadonly;
    const disk = openImage(source.image, { writes, isUnsafe: cache === "unsafe" });
    return overlay === null ? disk : withOverlay(disk, overlay);
  }
  const disk = new CallerDisk(callerOf(source, words), source.bytes);
  return overlay === null ? disk : withOverlay(disk, overlay);
}

function withOverlay(base: Disk, { path, map }: OverlayPlace): Disk {
  const top = new FileDisk(HostFile.open(path, { writes: true, isUnsafe: true }));
  return new OverlayDisk(base, top, map);
}

/** Closes a disk at the end of a power cycle, when no request can tell of a failure any more. */
function closeDisk(disk: Disk, slot: number): void {
  try {
    disk.close();
  } catch (error) {
    const errors = new ErrorDecision({ slot, werror: "stop", rerror: "report", tell });
    errors.decide(error, "write");
  }
}

function tell(driveFailure: DriveFailure): void {
  (self as unknown as Worker).postMessage({ driveFailure });
}

/** What is closed at the end. */
interface Closable {
  close(): void;
}

async function handlerOf(
  start: DeviceStart,
  view: WorkerView,
  opened: Closable[],
): Promise<RequestHandler> {
  const { struct } = view.slots[start.slot];
  const { stores } = view;
  switch (start.kind) {
    case "block": {
      struct.countAs(start.server);
      const disk = openDisk(start, view.words);
      opened.push({ close: () => closeDisk(disk, start.slot) });
      const { isReadonly, cache, discards, detectZeroes, serial, slot, werror, rerror } = start;
      const errors = new ErrorDecision({ slot, werror, rerror, tell });
      const kept = { cache, discards, detectZeroes, errors, serial };
      return new BlockDevice({ struct, stores, disk, isReadonly, ...kept });
    }
    case "share": {
      const { openShare } = await import("./share_opening.ts");
      const server = openShare(start, (place) => callerOf(place, view.words));
      opened.push(server);
      return new FileShareDevice({ struct, stores, server });
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
  const opened: Closable[] = [];
  try {
    const servers: QueueServer[] = [];
    for (const device of start.devices) {
      const handler = await handlerOf(device, view, opened);
      const slot = slots[device.slot];
      const queues = device.kind === "block" ? device.queues : REQUESTS;
      for (const queue of queues) {
        servers.push(new QueueServer({ slot, queue, ram, stores, handler }));
      }
    }
    new IoThread(view.words, view.agent, servers).run();
  } finally {
    for (const one of opened) one.close();
  }
}

serveFirstMessage(serve);
