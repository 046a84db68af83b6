/** What a worker that serves virtio devices sees of its machine. */

import { ioAgent } from "../atomics/agents.ts";
import { DeviceStores } from "../atomics/device_store.ts";
import { GUEST_RAM_OFFSET, Machine, PAGE_BYTES } from "../atomics/shared_layout.ts";
import { SharedPowerControl } from "../devices/power_control.ts";
import { RingConsoleSink, RingConsoleSource } from "../devices/ring_console.ts";
import { loadBoard } from "../machine/boards/boards.ts";
import { GuestClock } from "../machine/clock.ts";
import { errorText } from "../machine/internal_error.ts";
import type { IoStart, WorkerReport } from "../machine/worker_messages.ts";
import { GuestRam } from "./guest_ram.ts";
import type { VirtioSlot } from "./virtio_slot.ts";

const WORD_SHIFT = 2;

/** See the header of this file. */
export interface WorkerView {
  /** Shared memory. */
  readonly words: Int32Array;
  /** The agent that the worker is. */
  readonly agent: number;
  /** All slots. */
  readonly slots: readonly VirtioSlot[];
  /** Guest RAM. */
  readonly ram: GuestRam;
  /** The worker's stores. */
  readonly stores: DeviceStores;
}

/** Opens what a first message tells of. */
export async function openWorkerView(start: IoStart): Promise<WorkerView> {
  const words = new Int32Array(start.memory.buffer);
  const agent = ioAgent(start.worker);
  const board = await loadBoard(start.board);
  // ORDER: sc loads of constants; written by main before any worker started.
  const hartCount = Atomics.load(words, Machine.HART_COUNT.offset >> WORD_SHIFT);
  const pages = Atomics.load(words, Machine.RAM_PAGES.offset >> WORD_SHIFT);
  const { virtioSlots } = board.createDevices({
    words,
    hartCount,
    clock: new GuestClock(words),
    consoleSink: new RingConsoleSink(words),
    consoleSource: new RingConsoleSource(words),
    power: new SharedPowerControl(words),
  }, start.hasBuiltinFirmware);
  const place = { base: board.ramBase, offset: GUEST_RAM_OFFSET, bytes: pages * PAGE_BYTES };
  return {
    words,
    agent,
    slots: virtioSlots,
    ram: new GuestRam(words, place),
    stores: new DeviceStores(words, agent),
  };
}

/** Lets a worker carry out its first message, and report when it is done or has failed. */
export function serveFirstMessage(serve: (start: IoStart) => Promise<void>): void {
  self.addEventListener("message", (event: Event) => {
    const { data } = event as MessageEvent<IoStart>;
    reportOf(serve(data)).then((report) => (self as unknown as Worker).postMessage(report));
  }, { once: true });
}

async function reportOf(served: Promise<void>): Promise<WorkerReport> {
  try {
    await served;
    return { stopped: true };
  } catch (error) {
    return { failure: errorText(error) };
  }
}
