/**
 * Entry point of an I/O worker. It gets one message, opens the disks that it serves, and serves them, blocking its
 * thread, until the machine has ended.
 */

import { ioAgent } from "../atomics/agents.ts";
import { DeviceStores } from "../atomics/device_store.ts";
import { GUEST_RAM_OFFSET, Machine, PAGE_BYTES, RunState } from "../atomics/shared_layout.ts";
import { SharedPowerControl } from "../devices/power_control.ts";
import { RingConsoleSink, RingConsoleSource } from "../devices/ring_console.ts";
import { loadBoard } from "../machine/boards/boards.ts";
import { GuestClock } from "../machine/clock.ts";
import { errorText } from "../machine/internal_error.ts";
import type { DriveStart, IoStart, WorkerReport } from "../machine/worker_messages.ts";
import { CallMailbox } from "./back_end_call.ts";
import { BlockDevice } from "./block_device.ts";
import { CallerDisk } from "./caller_disk.ts";
import type { Disk } from "./disk.ts";
import { FileDisk } from "./file_disk.ts";
import { GuestRam } from "./guest_ram.ts";
import { IoThread } from "./io_thread.ts";
import type { MmioSlot } from "./mmio_slot.ts";
import { OverlayDisk } from "./overlay_disk.ts";
import { QueueServer } from "./queue_server.ts";

const WORD_SHIFT = 2;
/** The queue that a disk has. */
const REQUESTS = 0;

async function openSlots(start: IoStart, words: Int32Array): Promise<readonly MmioSlot[]> {
  const { virtioSlots } = (await loadBoard(start.board)).createDevices({
    words,
    // ORDER: sc load of a constant; written by main before any worker started.
    hartCount: Atomics.load(words, Machine.HART_COUNT.offset >> WORD_SHIFT),
    clock: new GuestClock(words),
    consoleSink: new RingConsoleSink(words),
    consoleSource: new RingConsoleSource(words),
    power: new SharedPowerControl(words),
  }, start.hasBuiltinFirmware);
  return virtioSlots;
}

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

async function serve(start: IoStart): Promise<void> {
  const words = new Int32Array(start.memory.buffer);
  const agent = ioAgent(start.worker);
  const slots = await openSlots(start, words);
  const { ramBase } = await loadBoard(start.board);
  // ORDER: sc load of a constant; written by main before any worker started.
  const pages = Atomics.load(words, Machine.RAM_PAGES.offset >> WORD_SHIFT);
  const place = { base: ramBase, offset: GUEST_RAM_OFFSET, bytes: pages * PAGE_BYTES };
  const ram = new GuestRam(words, place);
  const stores = new DeviceStores(words, agent);
  const disks: Disk[] = [];
  try {
    const servers = start.drives.map((drive) => {
      const slot = slots[drive.slot];
      const disk = openDisk(drive, words);
      disks.push(disk);
      const { isReadonly, isUnsafe, serial } = drive;
      const handler = new BlockDevice({
        struct: slot.struct,
        stores,
        disk,
        isReadonly,
        isUnsafe,
        serial,
      });
      return new QueueServer({ slot, queue: REQUESTS, ram, stores, handler });
    });
    new IoThread(words, agent, servers).run();
  } finally {
    for (const disk of disks) disk.close();
  }
}

async function reportOf(start: IoStart): Promise<WorkerReport> {
  try {
    await serve(start);
    return { stopped: true };
  } catch (error) {
    return { failure: errorText(error) };
  }
}

self.addEventListener("message", (event: Event) => {
  const { data } = event as MessageEvent<IoStart>;
  reportOf(data).then((report) => (self as unknown as Worker).postMessage(report));
}, { once: true });
