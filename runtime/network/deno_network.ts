/**
 * The host's network, by Deno's interface. Permissions are looked up before each use: without one nothing is asked on
 * the guest's terminal, and what the guest wanted fails.
 *
 * Datagrams go through Node's interface, because Deno's own needs a flag for what is unstable.
 */

import { Buffer } from "node:buffer";
import { createSocket, type Socket } from "node:dgram";
import { type Address, ipv4Address } from "./address.ts";
import { isInRange, parseRange } from "./address_range.ts";
import { addressText, parseAddress } from "./address_text.ts";
import type {
  Closable,
  DatagramUser,
  Endpoint,
  HostDatagrams,
  HostNetwork,
  HostStream,
} from "./host_network.ts";

/** The kinds of sockets for datagrams. */
const SOCKET_TYPES = { 4: "udp4", 6: "udp6" } as const;
/** Peers of version 4, as a socket names them that takes both versions: RFC 4291, "IPv4-Mapped IPv6 Address". */
const MAPPED = parseRange("::ffff:0:0/96");
/** How long a host that cannot accept is left alone. */
const RETRY_MS = 100;

/** An address and a port as Deno names them. */
export function endpointText({ address, port }: Endpoint): string {
  return `${hostText(address)}:${port}`;
}

/** An address as Deno's permissions name it. */
export function hostText(address: Address): string {
  return address.version === 4 ? addressText(address) : `[${addressText(address)}]`;
}

/** The address of a peer, as the host names it. */
export function peerAddress(text: string): Address | undefined {
  const address = parseAddress(text);
  if (address === undefined || MAPPED === undefined || !isInRange(MAPPED, address)) return address;
  return ipv4Address(address.word3);
}

/** May an address be used? */
export function mayUse(endpoint: Endpoint): boolean {
  const host = endpointText(endpoint);
  return Deno.permissions.querySync({ name: "net", host }).state === "granted";
}

function requireUse(endpoint: Endpoint): void {
  if (mayUse(endpoint)) return;
  throw new Deno.errors.NotCapable(`no permission to use ${endpointText(endpoint)}`);
}

/** See the header of this file. */
export class DenoNetwork implements HostNetwork {
  /** See `HostNetwork`. */
  async connect(to: Endpoint): Promise<HostStream> {
    requireUse(to);
    const connection = await Deno.connect({ hostname: addressText(to.address), port: to.port });
    connection.setNoDelay();
    return connection;
  }

  /** See `HostNetwork`. */
  listen(at: Endpoint, accepted: (stream: HostStream, from: Endpoint) => void): Closable {
    const listener = Deno.listen({ hostname: addressText(at.address), port: at.port });
    const state = { isClosed: false };
    acceptAll(listener, state, accepted);
    return {
      close: () => {
        state.isClosed = true;
        listener.close();
      },
    };
  }

  /** See `HostNetwork`. */
  async openDatagrams(at: Endpoint, user: DatagramUser): Promise<HostDatagrams> {
    requireUse(at);
    const socket = createSocket({ type: SOCKET_TYPES[at.address.version], ipv6Only: true });
    socket.on("message", (bytes, { address, port }) => {
      const from = peerAddress(address);
      if (from !== undefined) user.received(bytes, { address: from, port });
    });
    await bound(socket, at);
    socket.on("error", () => {});
    return { send: (bytes, to) => send(socket, bytes, to, user), close: () => socket.close() };
  }
}

/** A connection that fails before it is there, or a host with too many of them, is no reason to stop. */
async function acceptAll(
  listener: Deno.TcpListener,
  state: { readonly isClosed: boolean },
  accepted: (stream: HostStream, from: Endpoint) => void,
): Promise<void> {
  while (!state.isClosed) {
    try {
      const connection = await listener.accept();
      const { hostname, port } = connection.remoteAddr;
      const address = peerAddress(hostname);
      if (address === undefined) connection.close();
      else accepted(connection, { address, port });
    } catch {
      if (!state.isClosed) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

function bound(socket: Socket, { address, port }: Endpoint): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(port, addressText(address), () => {
      socket.off("error", reject);
      resolve();
    });
  });
}

function send(socket: Socket, bytes: Uint8Array, to: Endpoint, user: DatagramUser): void {
  if (!mayUse(to)) return user.failed(bytes, to);
  try {
    socket.send(
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
      to.port,
      addressText(to.address),
      (error) => {
        if (error !== null && error !== undefined) user.failed(bytes, to);
      },
    );
  } catch {
    // A socket that was closed meanwhile, or a size that cannot be sent: a datagram may be lost.
  }
}
