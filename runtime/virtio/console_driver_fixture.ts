/** A driver, a console and the host's ends of its ports on one thread. */

import type { PortIdentity } from "./console_control.ts";
import { ConsoleDevice } from "./console_device.ts";
import {
  ConsoleConfig,
  consoleConfig,
  consoleFeatures,
  ConsoleQueue,
  consoleQueues,
  ControlMessage,
} from "./console_protocol.ts";
import type { BusName } from "./driver_bus_fixture.ts";
import { type PortCarrier, PortChannel, type PortState } from "./port_channel.ts";
import { DescriptorFlag, DeviceId, MmioRegister } from "./registers.ts";
import { Place, queueBase, RAM_BYTES, type RingFormat, SlotDriver } from "./slot_driver_fixture.ts";

/** Where messages to send are written. */
const SEND_AT = Place.DATA + 0x8000;
/** Room for each message of the device's. */
const CONTROL_ROOM_AT = Place.DATA + 0xa000;
const CONTROL_ROOM_BYTES = 64;

/** A message of the device's. */
export interface ControlText {
  readonly port: number;
  readonly event: number;
  readonly value: number;
  /** What follows. */
  readonly rest: Uint8Array;
}

/** Carries messages at once. */
class InstantPort implements PortCarrier {
  onmessage: PortCarrier["onmessage"] = null;
  other: InstantPort | null = null;

  static pair(): readonly [InstantPort, InstantPort] {
    const pair = [new InstantPort(), new InstantPort()] as const;
    [pair[0].other, pair[1].other] = [pair[1], pair[0]];
    return pair;
  }

  postMessage(data: unknown): void {
    const event = new MessageEvent("message", { data });
    this.other?.onmessage?.call(event.target as MessagePort, event);
  }

  close(): void {
    this.onmessage = null;
  }
}

/** The host's end of a port, which takes everything unless it is told not to. */
export class HostPort {
  readonly channel: PortChannel;
  readonly received: number[] = [];
  /** Does it give credit back? */
  takes = true;
  /** Called when bytes have come, or gone. */
  onBytes: () => void = () => {};
  /** Bytes that the guest has taken. */
  taken = 0;
  hasEnded = false;
  #news = Promise.withResolvers<void>();

  constructor(port: PortCarrier) {
    this.channel = new PortChannel(port, {
      received: (bytes) => {
        this.received.push(...bytes);
        if (this.takes) this.channel.giveBack(bytes.length);
        this.onBytes();
        this.#tell();
      },
      taken: (count) => {
        this.taken += count;
        this.onBytes();
        this.#tell();
      },
      ended: () => {
        this.hasEnded = true;
        this.channel.end();
        this.#tell();
      },
    });
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  /** Resolves when it holds. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.#news.promise;
  }

  /** What has come, as text. */
  get text(): string {
    return new TextDecoder().decode(Uint8Array.from(this.received));
  }
}

function messagePorts(): readonly [MessagePort, MessagePort] {
  const { port1, port2 } = new MessageChannel();
  return [port1, port2];
}

/** What a console is, in tests. */
export interface ConsoleSettings {
  readonly ports?: readonly (PortIdentity & { readonly state?: Partial<PortState> })[];
  readonly maxPorts?: number;
  readonly ramBytes?: number;
  readonly behindRam?: number;
  readonly bus?: BusName;
  readonly format?: RingFormat;
  /** Do messages between device and host take no time? */
  readonly isInstant?: boolean;
}

/** A console alone. */
export const ONE_CONSOLE = [{ number: 0, isConsole: true, name: "" }];

/** See the header of this file. */
export class ConsoleDriver extends SlotDriver {
  readonly console: ConsoleDevice;
  readonly hosts: readonly HostPort[];
  readonly queues: number;
  /** Called when the device has something to do. */
  onWake: () => void = () => {};
  #wakes = Promise.withResolvers<void>();
  #messages = 0;

  constructor(
    { ports = ONE_CONSOLE, maxPorts = 1, isInstant = false, ...settings }: ConsoleSettings = {},
  ) {
    const { ramBytes = RAM_BYTES, behindRam = 0, bus = "mmio", format = "split" } = settings;
    const queues = consoleQueues(maxPorts);
    const device = {
      id: DeviceId.CONSOLE,
      features: consoleFeatures(maxPorts),
      queues,
      config: consoleConfig(maxPorts),
      writableAt: ConsoleConfig.EMERGENCY,
    };
    super({ device, ramBytes, behindRam, bus, format });
    this.queues = queues;
    const channels = ports.map(() => isInstant ? InstantPort.pair() : messagePorts());
    this.hosts = channels.map(([near]) => new HostPort(near));
    const { slot, ram, stores } = this;
    this.console = new ConsoleDevice({
      slot,
      ram,
      stores,
      hasControl: maxPorts > 1,
      ports: ports.map(({ state, ...identity }, index) => ({
        ...identity,
        port: channels[index][1],
        state: { isConnected: true, size: undefined, ...state },
      })),
      wake: () => {
        this.onWake();
        this.#wakes.resolve();
      },
    });
  }

  /** Resolves when main has sent something since the last time. */
  async woken(): Promise<void> {
    await this.#wakes.promise;
    this.#wakes = Promise.withResolvers();
  }

  /** Lets the worker serve whenever main has sent something, until it holds. */
  async servedUntil(condition: () => boolean): Promise<void> {
    for (this.serve(); !condition(); this.serve()) await this.woken();
  }

  /** Lets the worker serve. */
  serve(): void {
    this.console.serve(() => false);
  }

  /** Brings the device up. */
  begin(features = 0, queues = this.queues): void {
    this.start(features, 8, queues);
    this.#messages = 0;
  }

  /** Rings the doorbell of a queue and lets the worker serve. */
  ring(queue: number): void {
    this.write(MmioRegister.QUEUE_NOTIFY, queue);
    this.serve();
  }

  /** Offers a buffer to receive into. */
  offerRoom(queue: number, head: number, address: number, length: number): void {
    this.chain(head, [{ address, length, flags: DescriptorFlag.WRITE }], queueBase(queue));
    this.offer(head, queue);
  }

  /** Writes bytes to a queue, in one chain from descriptor `head` on, and rings. */
  send(queue: number, bytes: Uint8Array, head = 0, at: number = SEND_AT): void {
    this.bytes(at, bytes.length).set(bytes);
    this.chain(head, [{ address: at, length: bytes.length }], queueBase(queue));
    this.offer(head, queue);
    this.ring(queue);
  }

  /** Sends a control message. */
  tell(port: number, event: number, value: number): void {
    const message = new DataView(new ArrayBuffer(ControlMessage.BYTES));
    message.setUint32(ControlMessage.PORT, port, true);
    message.setUint16(ControlMessage.EVENT, event, true);
    message.setUint16(ControlMessage.VALUE, value, true);
    this.send(ConsoleQueue.CONTROL_TRANSMIT, new Uint8Array(message.buffer));
  }

  /** Offers room for a control message, with descriptor `index`. */
  offerControlRoom(index: number): void {
    const at = CONTROL_ROOM_AT + index * CONTROL_ROOM_BYTES;
    this.offerRoom(ConsoleQueue.CONTROL_RECEIVE, index, at, CONTROL_ROOM_BYTES);
  }

  /** Control messages that have come since the last call, into room that was offered in order. */
  messages(): ControlText[] {
    const found: ControlText[] = [];
    for (; this.#messages < this.usedOf(ConsoleQueue.CONTROL_RECEIVE); this.#messages++) {
      const { head, written } = this.usedElement(this.#messages, ConsoleQueue.CONTROL_RECEIVE);
      const bytes = this.bytes(CONTROL_ROOM_AT + head * CONTROL_ROOM_BYTES, written).slice();
      const view = new DataView(bytes.buffer);
      found.push({
        port: view.getUint32(ControlMessage.PORT, true),
        event: view.getUint16(ControlMessage.EVENT, true),
        value: view.getUint16(ControlMessage.VALUE, true),
        rest: bytes.subarray(ControlMessage.BYTES),
      });
    }
    return found;
  }

  /** Closes the host's ends. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.console.finish();
    for (const { channel } of this.hosts) channel.close();
  }
}
