/** A device in a slot as main knows it, from the creation of its machine to the end, over all power cycles. */

import type { SlotDevice } from "../virtio/device_struct.ts";
import type { DeviceStart } from "./worker_messages.ts";

/** Which workers there are for devices. */
export type DeviceServer = "io" | "network";

/** See the header of this file. */
export interface PluggedDevice {
  /** Its slot. */
  readonly slot: number;
  /** The kind of worker that serves it. */
  readonly server: DeviceServer;
  /**
   * Which worker of that kind serves each of its queues: those with the same name here have one. The first is that of
   * queue 0; where there are more queues than names they go round.
   */
  readonly threads: readonly string[];
  /** What the guest finds in the slot. */
  readonly device: Omit<SlotDevice, "agents">;
  /**
   * What a worker of its begins a power cycle with.
   * @param openPort makes a channel for this power cycle: `serve` gets main's end, the worker's is returned
   * @param thread the worker's name among {@linkcode threads}
   */
  start(
    openPort: (serve: (port: MessagePort) => void) => MessagePort,
    thread: string,
  ): DeviceStart;
  /** Lets go of all that it has of the host's. */
  close(): void;
}
