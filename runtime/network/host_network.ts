/** What a network of a guest's needs of the host: connections and datagrams. */

import type { Address } from "./address.ts";

/** An address and a port. */
export interface Endpoint {
  /** The address. */
  readonly address: Address;
  /** The port. */
  readonly port: number;
}

/** A connection of the host's; Deno's connections are such. */
export interface HostStream {
  /** Waits for bytes. @returns how many came, or null behind the last one */
  read(into: Uint8Array): Promise<number | null>;
  /** Writes bytes. @returns how many were taken */
  write(bytes: Uint8Array): Promise<number>;
  /** Writes no more. */
  closeWrite(): Promise<void>;
  /** Ends it. */
  close(): void;
}

/** Something that is open until it is closed. */
export interface Closable {
  /** Ends it. */
  close(): void;
}

/** Whoever has a socket for datagrams. */
export interface DatagramUser {
  /** Takes one. */
  received(bytes: Uint8Array, from: Endpoint): void;
  /** Hears that one cannot be sent, as far as the host says so: where there is no way to that address, for example. */
  failed(bytes: Uint8Array, to: Endpoint): void;
}

/** A socket for datagrams. */
export interface HostDatagrams extends Closable {
  /** Sends one, if it can be sent; its bytes do not change any more. */
  send(bytes: Uint8Array, to: Endpoint): void;
}

/** See the header of this file. What cannot be done throws. */
export interface HostNetwork {
  /** Asks for a connection. */
  connect(to: Endpoint): Promise<HostStream>;
  /** Waits for connections. */
  listen(at: Endpoint, accepted: (stream: HostStream, from: Endpoint) => void): Closable;
  /** Opens a socket for datagrams from and to addresses of one version; at any port where that is 0. */
  openDatagrams(at: Endpoint, user: DatagramUser): Promise<HostDatagrams>;
}
