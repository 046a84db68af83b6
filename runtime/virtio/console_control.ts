/**
 * What a console and its driver tell each other of the ports, where there are several: "Multiport Device Operation" of
 * the virtio specification.
 *
 * What the device has to say is no list of messages but a set of bits for each port, and the message is made when the
 * driver has a buffer for it: a driver that asks again and again and takes nothing fills no memory, and what has changed
 * meanwhile is told as it is now.
 */

import { ControlEvent, ControlMessage, ResizeMessage } from "./console_protocol.ts";
import type { InputQueue } from "./input_queue.ts";
import type { PortState } from "./port_channel.ts";

/** A port as it was described. */
export interface PortIdentity {
  /** Its number, which tells its queues. */
  readonly number: number;
  /** Is it a console, and not a port for programs? */
  readonly isConsole: boolean;
  /** Its name for the guest; empty: none. */
  readonly name: string;
}

/** Bits of what there is to say of a port, in the order in which it is said. */
const News = { PORT: 1, CONSOLE: 2, NAME: 4, OPEN: 8, SIZE: 16 } as const;
const ALL_NEWS = Object.values(News);

/** The most that a name takes. */
export const MAX_NAME_BYTES = 128;

/** One port as the driver knows it. */
export class PortControl {
  /** As it was described. */
  readonly identity: PortIdentity;
  /** Main's end. */
  #state: PortState;
  #news = 0;
  #isReady = false;
  #isOpen = false;

  /** A port that no driver knows. */
  constructor(identity: PortIdentity, state: PortState) {
    this.identity = identity;
    this.#state = state;
  }

  /** Main's end. */
  get state(): PortState {
    return this.#state;
  }

  /** Has the guest somebody who reads? A console's driver does always. */
  get isOpen(): boolean {
    return this.#isOpen || this.identity.isConsole;
  }

  /** Main's end has changed. */
  change(state: PortState): void {
    const { isConnected } = this.#state;
    this.#state = state;
    if (!this.#isReady) return;
    if (state.isConnected !== isConnected) this.#news |= News.OPEN;
    this.#news |= this.#sizeNews();
  }

  /** The driver was reset. */
  forget(): void {
    this.#news = 0;
    this.#isReady = false;
    this.#isOpen = false;
  }

  /** The driver is there: it is told of the port. */
  announce(): void {
    this.#news |= News.PORT;
  }

  /** The driver has taken the port: it is told what that is. */
  ready(): void {
    const { isConsole, name } = this.identity;
    this.#isReady = true;
    if (isConsole) this.#news |= News.CONSOLE;
    if (name !== "") this.#news |= News.NAME;
    if (this.#state.isConnected) this.#news |= News.OPEN;
    this.#news |= this.#sizeNews();
  }

  /** A program of the guest has opened or closed the port. */
  opened(isOpen: boolean): void {
    this.#isOpen = isOpen;
  }

  /** Says what there is to say. @returns false when the driver has no buffer for that now */
  tell(queue: InputQueue): boolean {
    for (const news of ALL_NEWS) {
      if ((this.#news & news) === 0) continue;
      if (queue.put(this.#message(news), false) === "no-room") return false;
      this.#news &= ~news;
    }
    return true;
  }

  #sizeNews(): number {
    return this.identity.isConsole && this.#state.size !== undefined ? News.SIZE : 0;
  }

  #message(news: number): Uint8Array {
    switch (news) {
      case News.PORT:
        return this.#controlMessage(ControlEvent.PORT_ADD, 1);
      case News.CONSOLE:
        return this.#controlMessage(ControlEvent.CONSOLE_PORT, 1);
      case News.NAME:
        return this.#nameMessage();
      case News.OPEN:
        return this.#controlMessage(ControlEvent.PORT_OPEN, this.#state.isConnected ? 1 : 0);
      default:
        return this.#sizeMessage();
    }
  }

  #controlMessage(event: number, value: number, bytes: number = ControlMessage.BYTES): Uint8Array {
    const message = new Uint8Array(bytes);
    const view = new DataView(message.buffer);
    view.setUint32(ControlMessage.PORT, this.identity.number, true);
    view.setUint16(ControlMessage.EVENT, event, true);
    view.setUint16(ControlMessage.VALUE, value, true);
    return message;
  }

  #nameMessage(): Uint8Array {
    const name = new TextEncoder().encode(this.identity.name);
    const bytes = ControlMessage.BYTES + name.length;
    const message = this.#controlMessage(ControlEvent.PORT_NAME, 1, bytes);
    message.set(name, ControlMessage.BYTES);
    return message;
  }

  #sizeMessage(): Uint8Array {
    const { columns, rows } = this.#state.size ?? { columns: 0, rows: 0 };
    const message = this.#controlMessage(ControlEvent.RESIZE, 0, ResizeMessage.BYTES);
    const view = new DataView(message.buffer);
    view.setUint16(ResizeMessage.COLUMNS, columns, true);
    view.setUint16(ResizeMessage.ROWS, rows, true);
    return message;
  }
}

/** Takes a message of the driver's; one that is too short, or about no port that there is, changes nothing. */
export function takeControlMessage(message: Uint8Array, ports: readonly PortControl[]): void {
  if (message.length < ControlMessage.BYTES) return;
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  const number = view.getUint32(ControlMessage.PORT, true);
  const event = view.getUint16(ControlMessage.EVENT, true);
  const value = view.getUint16(ControlMessage.VALUE, true);
  if (event === ControlEvent.DEVICE_READY) {
    if (value !== 0) { for (const port of ports) port.announce(); }
    return;
  }
  const port = ports.find(({ identity }) => identity.number === number);
  if (event === ControlEvent.PORT_READY && value !== 0) port?.ready();
  else if (event === ControlEvent.PORT_OPEN) port?.opened(value !== 0);
}
