/** Sockets of the host as QEMU's character devices name them: `tcp:HOST:PORT,server=on,wait=off` and `unix:PATH,...`. */

import { parsePort } from "../network/address_text.ts";
import { parseSwitch, rejectUnknownProperties } from "./property_list.ts";
import { UsageError } from "./usage_error.ts";

/** Where a socket is. */
export type SocketAddress =
  | { readonly transport: "tcp"; readonly hostname: string; readonly port: number }
  | { readonly transport: "unix"; readonly path: string };

/** A socket that carries the bytes of a console. */
export interface SocketTarget {
  /** Where it is. */
  readonly address: SocketAddress;
  /** Does it wait for others to connect, one at a time? Else it connects to somebody. */
  readonly isServer: boolean;
  /** Does the machine start only when the first one has connected? */
  readonly waits: boolean;
}

/** Properties of all sockets. */
export const SOCKET_PROPERTIES = ["server", "wait", "nowait"] as const;

const ALL_ADDRESSES = "0.0.0.0";
const THIS_HOST = "127.0.0.1";

/** The words of a socket after its address. Throws UsageError. */
export function parseSocket(
  flag: string,
  what: string,
  address: SocketAddress,
  properties: ReadonlyMap<string, string>,
): SocketTarget {
  const isServer = parseSwitch(flag, "server", properties.get("server") ?? "off");
  if (!isServer && (properties.has("wait") || properties.has("nowait"))) {
    const cause = "who connects to others has nobody to wait for";
    throw new UsageError({ what, cause, fix: "add server=on, or leave wait= out" });
  }
  const waits = !properties.has("nowait") &&
    parseSwitch(flag, "wait", properties.get("wait") ?? "on");
  return { address: withHost(address, isServer), isServer, waits: isServer && waits };
}

/** No host means all of this one's addresses, or to others itself. */
function withHost(address: SocketAddress, isServer: boolean): SocketAddress {
  if (address.transport === "unix" || address.hostname !== "") return address;
  return { ...address, hostname: isServer ? ALL_ADDRESSES : THIS_HOST };
}

/** The part of `-serial` behind `tcp:` or `unix:`. Throws UsageError. */
export function parseSocketText(
  flag: string,
  what: string,
  transport: "tcp" | "unix",
  { head = "", properties }: {
    readonly head: string | undefined;
    readonly properties: ReadonlyMap<string, string>;
  },
): SocketTarget {
  rejectUnknownProperties(flag, properties, SOCKET_PROPERTIES);
  const address = transport === "tcp" ? parseTcp(what, head) : unixAddress(what, head);
  return parseSocket(flag, what, address, properties);
}

/** Brackets are for addresses with colons. */
const HOST_AND_PORT = /^(?:\[([^\]]*)\]|([^:]*)):(\d+)$/;

function parseTcp(what: string, text: string): SocketAddress {
  const [, bracketed, plain, digits] = HOST_AND_PORT.exec(text) ?? [];
  if (digits !== undefined) return tcpAddress(what, bracketed ?? plain, digits);
  const cause = `"${text}" is not of the form HOST:PORT`;
  throw new UsageError({
    what,
    cause,
    fix: "write it like tcp:127.0.0.1:4444 or tcp::4444,server=on",
  });
}

/** A host's port. Throws UsageError. */
export function tcpAddress(what: string, hostname: string, digits: string): SocketAddress {
  const port = parsePort(digits);
  if (port !== undefined) return { transport: "tcp", hostname, port };
  const cause = `"${digits}" is not a port`;
  throw new UsageError({ what, cause, fix: "use a number from 1 to 65535" });
}

/** A path. Throws UsageError. */
export function unixAddress(what: string, path: string): SocketAddress {
  if (path !== "") return { transport: "unix", path };
  throw new UsageError({
    what,
    cause: "its socket has no path",
    fix: "write the path of a socket",
  });
}

/** A socket for people to read. */
export function socketText(address: SocketAddress): string {
  return address.transport === "tcp"
    ? `tcp:${address.hostname}:${address.port}`
    : `unix:${address.path}`;
}
