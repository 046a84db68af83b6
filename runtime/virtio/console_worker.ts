/**
 * Entry point of the worker that serves consoles. It gets one message, and serves their ports until the machine has
 * ended and main has the last byte. It never blocks its thread: main's messages arrive there as well.
 */

import { post } from "../atomics/pending.ts";
import { Pending } from "../atomics/shared_layout.ts";
import type { ConsoleStart, DeviceStart, IoStart } from "../machine/worker_messages.ts";
import { ConsoleDevice } from "./console_device.ts";
import { EventThread } from "./event_thread.ts";
import { openWorkerView, serveFirstMessage, type WorkerView } from "./worker_view.ts";

function requireConsole(start: DeviceStart): ConsoleStart {
  if (start.kind === "console") return start;
  throw new TypeError("Cannot serve other devices than consoles");
}

function open({ slot, hasControl, ports }: ConsoleStart, view: WorkerView): ConsoleDevice {
  const { slots, ram, stores, words, agent } = view;
  const wake = (): void => post(words, agent, Pending.WORK);
  return new ConsoleDevice({ slot: slots[slot], ram, stores, hasControl, ports, wake });
}

async function serve(start: IoStart): Promise<void> {
  const view = await openWorkerView(start);
  const consoles = start.devices.map((device) => open(requireConsole(device), view));
  const all = {
    serve: (isWanted: () => boolean) => consoles.forEach((one) => one.serve(isWanted)),
    stand: () => consoles.forEach((one) => one.stand()),
  };
  await new EventThread(view.words, view.agent, all).run();
  await Promise.all(consoles.map((one) => one.finish()));
}

serveFirstMessage(serve);
