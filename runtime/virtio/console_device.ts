/**
 * A console with its ports: "Console Device" of the virtio specification, version 1.2.
 *
 * What a guest writes goes to the host as fast as the host takes it, and its chains wait in their ring meanwhile; what
 * the host writes waits here, up to the credit of its channel, until the guest has opened the port and has buffers. A
 * driver that knows of one port alone has the first one.
 *
 * Everything that arrives from main is only noted, and the worker asked to serve: so nothing is stored but in
 * {@linkcode ConsoleDevice.serve}.
 */

import type { EventDevice } from "./event_thread.ts";
import { PortControl, type PortIdentity, takeControlMessage } from "./console_control.ts";
import { ConsoleOutput } from "./console_output.ts";
import {
  ConsoleConfig,
  ConsoleFeature,
  ConsoleQueue,
  ControlMessage,
  receiveQueue,
  sizeWord,
  transmitQueue,
} from "./console_protocol.ts";
import type { DescriptorChain } from "./descriptor_chain.ts";
import { QueueWord, SlotCounter, SlotWord } from "./device_struct.ts";
import { InputQueue } from "./input_queue.ts";
import { type PortCarrier, PortChannel, type PortState } from "./port_channel.ts";
import type { QueuePlace } from "./queue_life.ts";
import { type Outcome, QueueServer, type RequestHandler } from "./queue_server.ts";
import { DeviceStatus } from "./registers.ts";

/** Bytes of each port that are taken at the end of a machine beyond what main has room for. */
const LAST_BYTES = 0x10_0000;

/** A port as its worker is told of it. */
export interface PortStart extends PortIdentity {
  /** Main's end of its bytes. */
  readonly port: PortCarrier;
  /** What main's end is like at first. */
  readonly state: PortState;
}

/** What a console is made of. */
export interface ConsoleParts extends Omit<QueuePlace, "queue"> {
  /** May there be more ports than one? */
  readonly hasControl: boolean;
  /** Its ports. */
  readonly ports: readonly PortStart[];
  /** Asks for a call of {@linkcode ConsoleDevice.serve}. */
  readonly wake: () => void;
}

/** A port between its queues and its channel. */
class ServedPort {
  readonly control: PortControl;
  readonly channel: PortChannel;
  readonly output: ConsoleOutput;
  readonly #parts: ConsoleParts;
  readonly #input: InputQueue;
  readonly #waiting: Uint8Array[] = [];
  /** Bytes that may be sent beyond the channel's credit. */
  #extra = 0;

  constructor(parts: ConsoleParts, start: PortStart, isStill: () => boolean, changed: () => void) {
    this.#parts = parts;
    this.control = new PortControl(start, start.state);
    this.channel = new PortChannel(start.port, {
      received: (bytes) => {
        this.#waiting.push(bytes);
        parts.wake();
      },
      taken: () => parts.wake(),
      changed: (state) => {
        this.control.change(state);
        changed();
        parts.wake();
      },
    });
    this.output = new ConsoleOutput({ ...parts, queue: transmitQueue(start.number) }, this);
    this.#input = new InputQueue({ ...parts, queue: receiveQueue(start.number) }, isStill);
  }

  /** See `OutputTarget`. */
  get isConnected(): boolean {
    return this.control.state.isConnected;
  }

  /** See `OutputTarget`. */
  get room(): number {
    return this.channel.credit + this.#extra;
  }

  /** See `OutputTarget`. */
  write(bytes: Uint8Array): void {
    this.#extra = Math.max(0, this.#extra - Math.max(0, bytes.length - this.channel.credit));
    this.channel.send(bytes);
  }

  /** Takes what the driver has written, as far as bounds allow, and says that nothing follows. */
  finish(): void {
    this.#extra = LAST_BYTES;
    this.output.serve(() => false);
    this.channel.end();
  }

  /** Gives the guest what has arrived. */
  deliver(): void {
    const { struct } = this.#parts.slot;
    while (this.#waiting.length > 0) {
      const [first] = this.#waiting;
      const count = this.#input.putPart(first);
      if (count === 0) return;
      struct.count(SlotCounter.BYTES_READ, count);
      this.channel.giveBack(count);
      if (count < first.length) this.#waiting[0] = first.subarray(count);
      else this.#waiting.shift();
    }
  }
}

/** See the header of this file. */
export class ConsoleDevice implements EventDevice, RequestHandler {
  readonly #parts: ConsoleParts;
  readonly #ports: readonly ServedPort[];
  /** Where characters of the configuration space go, and whose size is in there. */
  readonly #first: ServedPort | undefined;
  readonly #controlInput: InputQueue;
  readonly #controlOutput: QueueServer;
  readonly #message = new Uint8Array(ControlMessage.BYTES);
  /** The life of the driver that is known: that of one queue, which changes with all others. */
  #life: number;
  #sizeIsNews = true;
  readonly #isSameLife = (): boolean => this.#currentLife === this.#life;

  /** A console in a slot. */
  constructor(parts: ConsoleParts) {
    this.#parts = parts;
    this.#life = this.#currentLife;
    this.#ports = parts.ports.map((start) =>
      new ServedPort(parts, start, this.#isSameLife, () => this.#sizeIsNews = true)
    );
    this.#first = this.#ports.find(({ control }) => control.identity.isConsole);
    const input = { ...parts, queue: ConsoleQueue.CONTROL_RECEIVE };
    this.#controlInput = new InputQueue(input, this.#isSameLife);
    const output = { ...parts, queue: ConsoleQueue.CONTROL_TRANSMIT };
    this.#controlOutput = new QueueServer({ ...output, handler: this });
  }

  /** See `ServedDevice`. */
  serve(isWanted: () => boolean): void {
    this.#noteLife();
    this.#takeCharacter();
    if (this.#isMultiport) {
      this.#controlOutput.serve(isWanted);
      this.#tellNews();
    } else this.#tellSize();
    for (const port of this.#servedPorts) {
      port.output.serve(isWanted);
      if (port.control.isOpen) port.deliver();
    }
  }

  /** See `EventDevice`: nothing is stored but in `serve`. */
  stand(): void {}

  /**
   * The machine has ended: main gets what its guest has still given to the device.
   * @returns resolves when main has everything
   */
  async finish(): Promise<void> {
    this.#takeCharacter();
    for (const port of this.#ports) port.finish();
    await Promise.all(this.#ports.map(({ channel }) => channel.ended));
    for (const { channel } of this.#ports) channel.close();
  }

  /** See `RequestHandler`: a message of the driver's. */
  handle({ readable }: DescriptorChain, isCurrent: () => boolean): Outcome | null {
    const message = this.#message.subarray(0, Math.min(readable.total, ControlMessage.BYTES));
    readable.copy(0, message);
    if (!isCurrent()) return null;
    this.#noteLife();
    takeControlMessage(message, this.#ports.map(({ control }) => control));
    return { written: 0 };
  }

  get #isMultiport(): boolean {
    return this.#parts.hasControl &&
      this.#parts.slot.struct.hasFeature(ConsoleFeature.MULTIPORT);
  }

  /** Those that the driver can know of. */
  get #servedPorts(): readonly ServedPort[] {
    return this.#isMultiport
      ? this.#ports
      : this.#ports.filter(({ control }) => control.identity.number === 0);
  }

  get #currentLife(): number {
    const { slot: { struct }, hasControl } = this.#parts;
    const queue = hasControl ? ConsoleQueue.CONTROL_TRANSMIT : ConsoleQueue.TRANSMIT;
    return struct.queue(queue, QueueWord.LIFE);
  }

  /** A driver that was reset knows nothing. */
  #noteLife(): void {
    const life = this.#currentLife;
    if (life === this.#life) return;
    this.#life = life;
    this.#sizeIsNews = true;
    for (const { control } of this.#ports) control.forget();
  }

  #takeCharacter(): void {
    const port = this.#first;
    if (port !== undefined && port.isConnected && port.room === 0) return;
    const character = this.#parts.slot.struct.takeCharacter();
    if (character !== undefined && port?.isConnected) port.write(Uint8Array.of(character));
  }

  #tellNews(): void {
    for (const { control } of this.#ports) {
      if (!control.tell(this.#controlInput)) return;
    }
  }

  /** The size of the only port, which a driver that is at work reads when it is told that it has changed. */
  #tellSize(): void {
    const { slot, slot: { struct }, stores } = this.#parts;
    const size = this.#first?.control.state.size;
    if (!this.#sizeIsNews || size === undefined) return;
    if ((struct.get(SlotWord.STATUS) & DeviceStatus.DRIVER_OK) === 0) return;
    this.#sizeIsNews = !stores.run(this.#isSameLife, () => {
      struct.changeConfig(ConsoleConfig.COLUMNS, sizeWord(size));
      slot.configurationChanged();
    });
  }
}
