/**
 * Entry point of the clock keeper's worker. It gets one message and then keeps the clock, blocking its
 * thread, until the machine has ended.
 */

import { Machine } from "../atomics/shared_layout.ts";
import { bigLockOf } from "../devices/big_lock.ts";
import { SharedPowerControl } from "../devices/power_control.ts";
import { RingConsoleSink, RingConsoleSource } from "../devices/ring_console.ts";
import { loadBoard } from "./boards/boards.ts";
import { GuestClock } from "./clock.ts";
import { ClockKeeper } from "./clock_keeper.ts";
import { errorText } from "./internal_error.ts";
import type { KeeperStart, WorkerReport } from "./worker_messages.ts";

const WORD_SHIFT = 2;

async function keepClock({ memory, board, hasBuiltinFirmware, locks }: KeeperStart): Promise<void> {
  const words = new Int32Array(memory.buffer);
  const clock = new GuestClock(words);
  const { timedDevices } = (await loadBoard(board)).createDevices({
    words,
    // ORDER: sc load of a constant; written by main before any worker started.
    hartCount: Atomics.load(words, Machine.HART_COUNT.offset >> WORD_SHIFT),
    clock,
    consoleSink: new RingConsoleSink(words),
    consoleSource: new RingConsoleSource(words),
    power: new SharedPowerControl(words),
  }, hasBuiltinFirmware);
  const bigLock = bigLockOf(words, "clock keeper", locks);
  new ClockKeeper(words, clock, timedDevices, bigLock).run();
}

async function reportOf(start: KeeperStart): Promise<WorkerReport> {
  try {
    await keepClock(start);
    return { stopped: true };
  } catch (error) {
    return { failure: errorText(error) };
  }
}

self.addEventListener("message", (event: Event) => {
  const { data } = event as MessageEvent<KeeperStart>;
  reportOf(data).then((report) => (self as unknown as Worker).postMessage(report));
}, { once: true });
