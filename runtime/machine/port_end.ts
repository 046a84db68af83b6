/**
 * Main's end of a console port, and what connects it with the worker that serves the port.
 *
 * {@linkcode PortEnd} outlives resets, as that of the serial console does. {@linkcode PortPump} belongs to one power cycle:
 * bytes that the guest of that cycle has not taken are sent to the next one.
 */

import { CREDIT_BYTES, PortChannel, type PortState } from "../virtio/port_channel.ts";
import { ConsoleEnd } from "./console_pump.ts";
import type { ConsolePort, ConsoleSize } from "./machine_interface.ts";

/** See the header of this file. */
export class PortEnd implements ConsolePort {
  /** See `ConsolePort`. */
  readonly name: string;
  /** Its streams. */
  readonly end: ConsoleEnd = new ConsoleEnd();
  /** Is told of each change of {@linkcode PortEnd.state}. */
  onChange: () => void = () => {};
  #isConnected = true;

  /** An end that is connected to no machine yet. @param name see `ConsolePort` */
  constructor(name: string) {
    this.name = name;
  }

  /** See `MachineConsole`. */
  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.end.readable;
  }

  /** See `MachineConsole`. */
  get writable(): WritableStream<Uint8Array> {
    return this.end.writable;
  }

  /** See `MachineConsole`. */
  get size(): ConsoleSize | undefined {
    return this.end.size;
  }

  /** See `MachineConsole`. */
  resize(columns: number, rows: number): void {
    this.end.resize(columns, rows);
    this.onChange();
  }

  /** See `ConsolePort`. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  set isConnected(isConnected: boolean) {
    this.#isConnected = isConnected;
    this.onChange();
  }

  /** What the guest is told of it. */
  get state(): PortState {
    return { isConnected: this.#isConnected, size: this.size };
  }
}

/** See the header of this file. */
export class PortPump {
  readonly #port: PortEnd;
  readonly #channel: PortChannel;
  /** Bytes of input on their way, and who waits for the last of them. */
  #onTheWay = 0;
  #taken = Promise.withResolvers<void>();
  #isOver = false;

  /** Connects an end with a worker. */
  constructor(channel: MessagePort, port: PortEnd) {
    this.#port = port;
    this.#channel = new PortChannel(channel, {
      received: (bytes) => void this.#deliver(bytes),
      taken: (count) => this.#inputTaken(count),
      ended: () => {
        this.stop();
        this.#channel.end();
      },
    });
    port.onChange = () => this.#channel.tell(port.state);
    void this.#pumpInput();
  }

  /** The power cycle is over. */
  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#port.onChange = () => {};
    this.#taken.resolve();
    this.#port.end.wakeAll();
  }

  /** Bytes that nobody reads yet keep their credit. */
  async #deliver(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const { end } = this.#port;
    const { length } = bytes;
    end.deliver(bytes);
    while (!end.wantsOutput && !this.#isOver) await end.outputWanted();
    if (!this.#isOver) this.#channel.giveBack(length);
  }

  async #pumpInput(): Promise<void> {
    const { end } = this.#port;
    while (!this.#isOver) {
      const bytes = end.pendingInput;
      if (bytes === undefined) {
        await end.inputArrived();
        continue;
      }
      const piece = bytes.subarray(0, CREDIT_BYTES);
      this.#onTheWay = piece.length;
      this.#taken = Promise.withResolvers();
      this.#channel.send(piece);
      await this.#taken.promise;
    }
  }

  #inputTaken(count: number): void {
    if (this.#isOver) return;
    this.#port.end.consumeInput(count);
    this.#onTheWay -= count;
    if (this.#onTheWay === 0) this.#taken.resolve();
  }
}
