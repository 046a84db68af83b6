/** A host's network for tests: services by address and port, all in the test's own process. */

import { endpointText } from "./deno_network.ts";
import type {
  Closable,
  DatagramUser,
  Endpoint,
  HostDatagrams,
  HostNetwork,
  HostStream,
} from "./host_network.ts";

/** One end of a stream in memory. */
export class TestStream implements HostStream {
  readonly written: Uint8Array[] = [];
  isClosed = false;
  hasClosedWrite = false;
  readonly #incoming: (Uint8Array | null)[] = [];
  #arrived = Promise.withResolvers<void>();
  /** Answers what is written; set by services. */
  onWrite: (bytes: Uint8Array) => void = () => {};
  onCloseWrite: () => void = () => {};

  /** Lets bytes come in; null ends them. */
  push(bytes: Uint8Array | null): void {
    this.#incoming.push(bytes);
    this.#arrived.resolve();
  }

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#incoming.length === 0) {
      if (this.isClosed) throw new Error("the stream is closed");
      this.#arrived = Promise.withResolvers();
      await this.#arrived.promise;
    }
    const [bytes] = this.#incoming;
    if (bytes === null) return null;
    const count = Math.min(into.length, bytes.length);
    into.set(bytes.subarray(0, count));
    if (count === bytes.length) this.#incoming.shift();
    else this.#incoming[0] = bytes.subarray(count);
    return count;
  }

  write(bytes: Uint8Array): Promise<number> {
    if (this.isClosed) return Promise.reject(new Error("the stream is closed"));
    this.written.push(bytes.slice());
    this.onWrite(bytes.slice());
    return Promise.resolve(bytes.length);
  }

  closeWrite(): Promise<void> {
    this.hasClosedWrite = true;
    this.onCloseWrite();
    return Promise.resolve();
  }

  close(): void {
    this.isClosed = true;
    this.#arrived.resolve();
  }
}

/** See the header of this file. */
export class TestHost implements HostNetwork {
  /** What answers connections. */
  readonly services = new Map<string, (stream: TestStream) => void>();
  /** Whom connections were asked for. */
  readonly asked: Endpoint[] = [];
  readonly listeners = new Map<string, (stream: HostStream, from: Endpoint) => void>();
  readonly datagrams: { readonly bytes: Uint8Array; readonly to: Endpoint }[] = [];
  /** The newest socket, by where it was opened. */
  readonly sockets = new Map<string, DatagramUser>();
  closedSockets = 0;

  serve(at: Endpoint, service: (stream: TestStream) => void): void {
    this.services.set(endpointText(at), service);
  }

  connect(to: Endpoint): Promise<HostStream> {
    this.asked.push(to);
    const service = this.services.get(endpointText(to));
    if (service === undefined) return Promise.reject(new Error("nobody listens"));
    const stream = new TestStream();
    service(stream);
    return Promise.resolve(stream);
  }

  listen(at: Endpoint, accepted: (stream: HostStream, from: Endpoint) => void): Closable {
    this.listeners.set(endpointText(at), accepted);
    return { close: () => this.listeners.delete(endpointText(at)) };
  }

  openDatagrams(at: Endpoint, user: DatagramUser): Promise<HostDatagrams> {
    this.sockets.set(endpointText(at), user);
    return Promise.resolve({
      send: (bytes: Uint8Array, to: Endpoint) => void this.datagrams.push({ bytes, to }),
      close: () => void this.closedSockets++,
    });
  }
}
