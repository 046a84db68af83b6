/** A virtio console of a machine. */

import {
  ConsoleConfig,
  consoleConfig,
  consoleFeatures,
  consoleQueues,
  sizeWord,
} from "../virtio/console_protocol.ts";
import { SlotCounter, type SlotDevice, type SlotStruct } from "../virtio/device_struct.ts";
import { DeviceId } from "../virtio/registers.ts";
import type { ConsoleDescription } from "./console_options.ts";
import type { ConsolePort, ConsoleStatistics } from "./machine_interface.ts";
import type { PluggedDevice } from "./plugged_device.ts";
import { PortEnd, PortPump } from "./port_end.ts";
import type { ConsoleStart } from "./worker_messages.ts";

/** See the header of this file. */
export class PluggedConsole implements PluggedDevice {
  /** See `PluggedDevice`. */
  readonly server = "console";
  /** See `PluggedDevice`. */
  readonly threads = [""];
  readonly #description: ConsoleDescription;
  readonly #ends: readonly PortEnd[];
  #pumps: PortPump[] = [];

  /** A console as it was described. */
  constructor(description: ConsoleDescription) {
    this.#description = description;
    this.#ends = description.ports.map(({ name }) => new PortEnd(name));
  }

  /** Its ports for the program that made the machine. */
  get ports(): readonly ConsolePort[] {
    return this.#ends;
  }

  /** See `PluggedDevice`. */
  get slot(): number {
    return this.#description.slot;
  }

  /** See `PluggedDevice`. */
  get device(): Omit<SlotDevice, "agents"> {
    const { maxPorts, ports } = this.#description;
    const config = consoleConfig(maxPorts);
    const size = this.#ends[ports.findIndex(({ isConsole }) => isConsole)]?.size;
    if (size !== undefined) {
      new DataView(config.buffer).setUint32(ConsoleConfig.COLUMNS, sizeWord(size), true);
    }
    return {
      id: DeviceId.CONSOLE,
      features: consoleFeatures(maxPorts),
      queues: consoleQueues(maxPorts),
      config,
      writableAt: ConsoleConfig.EMERGENCY,
    };
  }

  /** See `PluggedDevice`. */
  start(openPort: (serve: (port: MessagePort) => void) => MessagePort): ConsoleStart {
    this.#stopPumps();
    return {
      kind: "console",
      slot: this.slot,
      hasControl: this.#description.maxPorts > 1,
      ports: this.#description.ports.map((identity, index) => {
        const end = this.#ends[index];
        const serve = (port: MessagePort): void => void this.#pumps.push(new PortPump(port, end));
        return { ...identity, port: openPort(serve), state: end.state };
      }),
    };
  }

  /** Its counts. */
  statistics(struct: SlotStruct): ConsoleStatistics {
    const count = (counter: number): number => struct.counters[counter];
    return {
      bytesRead: count(SlotCounter.BYTES_READ),
      bytesWritten: count(SlotCounter.BYTES_WRITTEN),
      doorbells: struct.doorbells(),
      interrupts: count(SlotCounter.INTERRUPTS),
    };
  }

  /** See `PluggedDevice`: the streams end. */
  async close(): Promise<void> {
    this.#stopPumps();
    await Promise.all(this.#ends.map(({ end }) => end.close()));
  }

  #stopPumps(): void {
    for (const pump of this.#pumps) pump.stop();
    this.#pumps = [];
  }
}
