/**
 * Bytes of one console port between the worker that serves it and main, over a message port.
 *
 * REQUIREMENT. No byte is lost or reordered in either direction. Neither side fills the other's memory: who does not
 * take what it gets holds up who sends. When a machine ends, all that its guest has been told to be written is with
 * main before the worker is gone.
 *
 * SOLUTION. Each side has credit for {@linkcode CREDIT_BYTES}. What it sends costs credit, and the receiver gives it
 * back when it has found a place for the bytes. The worker's last message says that nothing comes any more; messages of
 * one port keep their order, so main has everything when it answers that one, and the worker waits for the answer.
 */

import type { TerminalSize } from "./console_protocol.ts";

/** Bytes that one side may have sent and the other not found a place for. */
export const CREDIT_BYTES = 0x1_0000;

/** What main tells the worker of its end of a port. */
export interface PortState {
  /** Is somebody there? */
  readonly isConnected: boolean;
  /** Size of the terminal, where that is known. */
  readonly size: TerminalSize | undefined;
}

/** Everything that is sent: bytes, credit that is given back, what main's end is like, or the end. */
type PortMessage =
  | { readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly taken: number }
  | { readonly state: PortState }
  | { readonly end: true };

/** What one side does with messages. */
export interface PortReceiver {
  /** Bytes have come; {@linkcode PortChannel.giveBack} is to follow. */
  received(bytes: Uint8Array<ArrayBuffer>): void;
  /** Bytes that were sent have found a place: there is credit for as many more. */
  taken(count: number): void;
  /** Main's end has changed. */
  changed?(state: PortState): void;
  /** Nothing comes any more. */
  ended?(): void;
}

/** What carries messages: a message port, or in tests something that does so at once. */
export type PortCarrier = Pick<MessagePort, "onmessage" | "postMessage" | "close">;

/** One side of a channel. */
export class PortChannel {
  readonly #port: PortCarrier;
  readonly #ended = Promise.withResolvers<void>();
  #credit = CREDIT_BYTES;

  /** One side; messages come as soon as its thread lets them. */
  constructor(port: PortCarrier, receiver: PortReceiver) {
    this.#port = port;
    port.onmessage = ({ data }: MessageEvent<PortMessage>) => {
      if ("bytes" in data) receiver.received(data.bytes);
      else if ("taken" in data) {
        this.#credit += data.taken;
        receiver.taken(data.taken);
      } else if ("state" in data) receiver.changed?.(data.state);
      else {
        receiver.ended?.();
        this.#ended.resolve();
      }
    };
  }

  /** Bytes that may be sent now. */
  get credit(): number {
    return Math.max(0, this.#credit);
  }

  /** Gives the other side a copy of bytes. Who ends may send more than there is credit for, within bounds of its own. */
  send(bytes: Uint8Array): void {
    this.#credit -= bytes.length;
    const copy = new Uint8Array(bytes);
    this.#port.postMessage({ bytes: copy }, [copy.buffer]);
  }

  /** So many bytes that came have found a place. */
  giveBack(count: number): void {
    this.#port.postMessage({ taken: count });
  }

  /** Tells the worker of main's end. */
  tell(state: PortState): void {
    this.#port.postMessage({ state });
  }

  /** Says that nothing follows: the worker first, then main in answer. */
  end(): void {
    this.#port.postMessage({ end: true });
  }

  /** Resolves when the other side has said that nothing follows. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Nothing is heard any more. */
  close(): void {
    this.#port.close();
  }
}
