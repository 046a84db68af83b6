/** A source of entropy of a machine. */

import { SlotCounter, type SlotDevice, type SlotStruct } from "../virtio/device_struct.ts";
import { ENTROPY_FEATURES } from "../virtio/entropy_device.ts";
import { DeviceId } from "../virtio/registers.ts";
import type { EntropyDescription } from "./entropy_options.ts";
import type { EntropyStatistics } from "./machine_interface.ts";
import type { PluggedDevice } from "./plugged_device.ts";
import type { EntropyStart } from "./worker_messages.ts";

/** See the header of this file. */
export class PluggedEntropy implements PluggedDevice {
  /** See `PluggedDevice`. */
  readonly server = "io";
  /** See `PluggedDevice`. */
  readonly threads = [""];
  /** See `PluggedDevice`. */
  readonly device: Omit<SlotDevice, "agents"> = {
    id: DeviceId.ENTROPY,
    features: ENTROPY_FEATURES,
    queues: 1,
    config: new Uint8Array(0),
  };
  readonly #description: EntropyDescription;

  /** A source as it was described. */
  constructor(description: EntropyDescription) {
    this.#description = description;
  }

  /** See `PluggedDevice`. */
  get slot(): number {
    return this.#description.slot;
  }

  /** See `PluggedDevice`. */
  start(): EntropyStart {
    return { kind: "entropy", slot: this.slot };
  }

  /** Its counts. */
  statistics(struct: SlotStruct): EntropyStatistics {
    return {
      requests: struct.total(SlotCounter.READS),
      bytes: struct.total(SlotCounter.BYTES_READ),
    };
  }

  /** Nothing is held. */
  close(): void {}
}
