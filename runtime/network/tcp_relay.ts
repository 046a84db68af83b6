/**
 * Moves bytes between a connection with the guest and one of the host's, both ways, as far as each side has room: what
 * the host does not take closes the guest's window, what the guest does not take is not read from the host.
 */

import { ByteQueue } from "./byte_queue.ts";
import type { HostStream } from "./host_network.ts";
import type { TcpConnection } from "./tcp_connection.ts";
import { RECEIVE_BYTES } from "./tcp_receiver.ts";

/** Bytes that are read at a time. */
const READ_BYTES = 0x1_0000;

/** See the header of this file. */
export class TcpRelay {
  readonly #connection: TcpConnection;
  readonly #stream: HostStream;
  /** Bytes for the host, copied out of frames: as many as the guest's window lets come. */
  readonly #toHost = new ByteQueue(RECEIVE_BYTES);
  #isWriting = false;
  #guestHasEnded = false;
  #isClosed = false;
  /** Resolved when the connection may have room. */
  #room = Promise.withResolvers<void>();

  /** Couples the two; {@linkcode TcpRelay.begin} lets bytes go. */
  constructor(connection: TcpConnection, stream: HostStream) {
    this.#connection = connection;
    this.#stream = stream;
  }

  /** Begins to read from the host. */
  begin(): void {
    this.#readHost().catch(() => this.#connection.abort());
  }

  /** Bytes from the guest. */
  data(bytes: Uint8Array): void {
    this.#toHost.push(bytes);
    this.#startWriting();
  }

  /** The guest sends no more. */
  ended(): void {
    this.#guestHasEnded = true;
    this.#startWriting();
  }

  /** The connection has room. */
  writable(): void {
    this.#room.resolve();
  }

  /** The connection is gone. */
  closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#room.resolve();
    this.#stream.close();
  }

  async #readHost(): Promise<void> {
    const buffer = new Uint8Array(READ_BYTES);
    while (!this.#isClosed) {
      const room = Math.min(buffer.length, this.#connection.room);
      if (room === 0) {
        this.#room = Promise.withResolvers();
        await this.#room.promise;
        continue;
      }
      const count = await this.#stream.read(buffer.subarray(0, room));
      if (count === null) return this.#connection.end();
      this.#connection.write(buffer.subarray(0, count));
    }
  }

  #startWriting(): void {
    if (this.#isWriting || this.#isClosed) return;
    this.#isWriting = true;
    this.#writeHost().catch(() => this.#connection.abort());
  }

  async #writeHost(): Promise<void> {
    while (this.#toHost.length > 0) {
      const count = await this.#stream.write(this.#toHost.front());
      if (this.#isClosed) return;
      this.#toHost.drop(count);
      this.#connection.consumed(count);
    }
    this.#isWriting = false;
    if (this.#guestHasEnded) await this.#stream.closeWrite();
  }
}
