/**
 * A socket that carries the bytes of a console. A server has one connection at a time, and takes the next one when that
 * is over. While there is none, what the guest writes is dropped.
 */

import { resolve } from "node:path";
import { ConfigurationError } from "../machine/configuration_error.ts";
import { requirePermission } from "../machine/file_permission.ts";
import type { CharacterDevice, GuestConsole } from "./character_device.ts";
import { carryOutput, writeAll } from "./output_carrier.ts";
import { type SocketAddress, type SocketTarget, socketText } from "./socket_address.ts";

const INPUT_BUFFER_BYTES = 4096;

/** Where connections come from, one after the other. */
interface ConnectionSource {
  /** The next one; null when none comes any more. */
  next(): Promise<Deno.Conn | null>;
  close(): void;
}

/** The one connection of who connects to others. */
class OneConnection implements ConnectionSource {
  #connection: Deno.Conn | null;

  constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  next(): Promise<Deno.Conn | null> {
    const connection = this.#connection;
    this.#connection = null;
    return Promise.resolve(connection);
  }

  close(): void {
    closeQuietly(this.#connection);
  }
}

/** Connections of others. */
class Accepted implements ConnectionSource {
  readonly #listener: Deno.Listener;
  readonly #path: string | null;

  constructor(listener: Deno.Listener, address: SocketAddress) {
    this.#listener = listener;
    this.#path = address.transport === "unix" ? address.path : null;
  }

  async next(): Promise<Deno.Conn | null> {
    try {
      return await this.#listener.accept();
    } catch {
      return null; // it was closed
    }
  }

  close(): void {
    closeQuietly(this.#listener);
    if (this.#path !== null) removeSocket(this.#path);
  }
}

/** See the header of this file. */
export class SocketDevice implements CharacterDevice {
  readonly #target: SocketTarget;
  readonly #source: ConnectionSource;
  readonly #say: (text: string) => void;
  /** One that came before the start. */
  #first: Deno.Conn | null = null;
  #current: Deno.Conn | null = null;

  private constructor(
    target: SocketTarget,
    source: ConnectionSource,
    say: (text: string) => void,
  ) {
    this.#target = target;
    this.#source = source;
    this.#say = say;
  }

  /** Connects, or begins to listen. Throws ConfigurationError. */
  static async open(target: SocketTarget, say: (text: string) => void): Promise<SocketDevice> {
    const { address, isServer } = target;
    const what = `a console on socket ${socketText(address)}`;
    await requireUse(address, what);
    try {
      const source = isServer
        ? new Accepted(listen(address), address)
        : new OneConnection(await connect(address));
      return new SocketDevice(target, source, say);
    } catch (error) {
      throw socketError(what, error, isServer);
    }
  }

  /** See `CharacterDevice`. */
  async ready(): Promise<void> {
    const { waits, address } = this.#target;
    if (!waits) return;
    this.#say(`weft: waiting for a connection on ${socketText(address)}\n`);
    this.#first = await this.#source.next();
  }

  /** See `CharacterDevice`. */
  async run(console: GuestConsole, firstOutput: () => void): Promise<void> {
    const input = console.writable.getWriter();
    console.isConnected = this.#first !== null;
    void this.#serveConnections(console, input);
    const write = async (bytes: Uint8Array): Promise<number> => {
      await this.#send(bytes);
      return bytes.length;
    };
    await carryOutput({ readable: console.readable, write, firstOutput, say: this.#say });
    this.close();
  }

  /** See `CharacterDevice`. */
  close(): void {
    this.#source.close();
    closeQuietly(this.#first);
    closeQuietly(this.#current);
  }

  async #serveConnections(
    console: GuestConsole,
    input: WritableStreamDefaultWriter<Uint8Array>,
  ): Promise<void> {
    let connection = this.#first ?? await this.#source.next();
    for (; connection !== null; connection = await this.#source.next()) {
      this.#current = connection;
      console.isConnected = true;
      await receive(connection, input);
      this.#current = null;
      console.isConnected = false;
      closeQuietly(connection);
    }
  }

  /** A connection that takes nothing any more is over; its reader finds that out too. */
  async #send(bytes: Uint8Array): Promise<void> {
    const connection = this.#current;
    if (connection === null) return;
    try {
      await writeAll(bytes, (part) => connection.write(part));
    } catch {
      closeQuietly(connection);
    }
  }
}

/** Gives the guest what comes, as fast as it takes that; returns at the end of the connection or of the machine. */
async function receive(
  connection: Deno.Conn,
  input: WritableStreamDefaultWriter<Uint8Array>,
): Promise<void> {
  const buffer = new Uint8Array(INPUT_BUFFER_BYTES);
  try {
    for (;;) {
      const length = await connection.read(buffer);
      if (length === null) return;
      await input.write(buffer.slice(0, length));
    }
  } catch {
    return;
  }
}

/** A socket in a folder needs all: it is a file, and an address of its own for Deno. */
async function requireUse(address: SocketAddress, what: string): Promise<void> {
  if (address.transport === "unix") {
    await requirePermission("read", address.path, what);
    await requirePermission("write", address.path, what);
  }
  const host = address.transport === "unix"
    ? `unix:${resolve(address.path)}`
    : `${address.hostname}:${address.port}`;
  if ((await Deno.permissions.query({ name: "net", host })).state === "granted") return;
  throw new ConfigurationError({
    what,
    cause: "Deno was started without permission to use this address",
    fix: `run deno with --allow-net, or --allow-net=${host}`,
  });
}

/** A socket that a program has left behind is in the way. */
function listen(address: SocketAddress): Deno.Listener {
  if (address.transport === "tcp") return Deno.listen(address);
  removeSocket(address.path);
  return Deno.listen(address);
}

async function connect(address: SocketAddress): Promise<Deno.Conn> {
  if (address.transport === "unix") return await Deno.connect(address);
  const connection = await Deno.connect(address);
  connection.setNoDelay();
  return connection;
}

function removeSocket(path: string): void {
  try {
    if (Deno.lstatSync(path).isSocket) Deno.removeSync(path);
  } catch {
    return;
  }
}

function closeQuietly(resource: { close(): void } | null): void {
  try {
    resource?.close();
  } catch {
    return; // it was closed before
  }
}

function socketError(what: string, error: unknown, isServer: boolean): ConfigurationError {
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof Deno.errors.AddrInUse) {
    const fix = "use another address, or end that program";
    return new ConfigurationError({ what, cause: "another program listens there", fix });
  }
  return new ConfigurationError({
    what,
    cause: text,
    fix: isServer
      ? "name an address of this host"
      : "start the program that listens there, or add server=on",
  });
}
