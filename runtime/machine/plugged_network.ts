/** A network card of a machine. */

import type { UserNetworkSettings } from "../network/user_network.ts";
import { SlotCounter, type SlotDevice, type SlotStruct } from "../virtio/device_struct.ts";
import { FrameChannel } from "../virtio/frame_channel.ts";
import { NetworkCounter } from "../virtio/network_device.ts";
import {
  networkConfig,
  networkFeatures,
  NetworkQueue,
  PLAIN_FRAME_BYTES,
} from "../virtio/network_protocol.ts";
import { DeviceId } from "../virtio/registers.ts";
import type { NetworkStatistics } from "./machine_interface.ts";
import type { NetworkDescription } from "./network_description.ts";
import { beginCapture, openUserNetwork } from "./network_host.ts";
import type { NetBackend } from "./network_options.ts";
import type { PluggedDevice } from "./plugged_device.ts";
import type { NetworkStart } from "./worker_messages.ts";

type OpenSource = { readonly user: UserNetworkSettings } | { readonly backend: NetBackend };

/** See the header of this file. */
export class PluggedNetwork implements PluggedDevice {
  /** See `PluggedDevice`. */
  readonly server = "network";
  readonly #description: NetworkDescription;
  readonly #source: OpenSource;

  private constructor(description: NetworkDescription, source: OpenSource) {
    this.#description = description;
    this.#source = source;
  }

  /** Looks up what the card's network needs of the host. Throws ConfigurationError. */
  static async open(description: NetworkDescription): Promise<PluggedNetwork> {
    const { source, capture } = description;
    const open = "user" in source ? { user: await openUserNetwork(source.user) } : source;
    if (capture !== null) await beginCapture(capture);
    return new PluggedNetwork(description, open);
  }

  /** See `PluggedDevice`. */
  get slot(): number {
    return this.#description.slot;
  }

  /** See `PluggedDevice`. Each card has a thread of its own. */
  get threads(): readonly string[] {
    return [`${this.slot}`];
  }

  /** See `PluggedDevice`. */
  get device(): Omit<SlotDevice, "agents"> {
    return {
      id: DeviceId.NETWORK,
      features: networkFeatures("user" in this.#source),
      queues: NetworkQueue.COUNT,
      config: networkConfig(this.#description.mac),
    };
  }

  /** See `PluggedDevice`. */
  start(openPort: (serve: (port: MessagePort) => void) => MessagePort): NetworkStart {
    const source = this.#source;
    return {
      kind: "network",
      slot: this.slot,
      source: "user" in source
        ? { user: source.user }
        : { port: openPort((port) => connect(source.backend, port)) },
      capture: this.#description.capture,
    };
  }

  /** Its counts. */
  statistics(struct: SlotStruct): NetworkStatistics {
    const count = (counter: number): number => struct.total(counter);
    return {
      framesSent: count(NetworkCounter.FRAMES_SENT),
      bytesSent: count(NetworkCounter.BYTES_SENT),
      framesReceived: count(NetworkCounter.FRAMES_RECEIVED),
      bytesReceived: count(NetworkCounter.BYTES_RECEIVED),
      dropped: count(NetworkCounter.DROPPED),
      allowed: count(NetworkCounter.ALLOWED),
      refused: count(NetworkCounter.REFUSED),
      doorbells: struct.doorbells(),
      interrupts: count(SlotCounter.INTERRUPTS),
    };
  }

  /** The worker has all that is open. */
  close(): void {}
}

function connect(backend: NetBackend, port: MessagePort): void {
  const channel = new FrameChannel(port, (frame) => backend.send(frame));
  backend.connect((frame) => frame.length <= PLAIN_FRAME_BYTES && channel.send(frame));
}
