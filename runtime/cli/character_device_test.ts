import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { ConfigurationError } from "../machine/configuration_error.ts";
import {
  type CharacterDevice,
  type GuestConsole,
  openCharacterDevice,
} from "./character_device.ts";
import { type CharacterTarget, parseSerial } from "./serial_flag.ts";

const encoder = new TextEncoder();

/** A guest that echoes what it gets, until it gets a line with "end". */
class EchoGuest implements GuestConsole {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<Uint8Array>;
  readonly connections: boolean[] = [];
  #controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;

  constructor() {
    this.readable = new ReadableStream({
      start: (controller) => void (this.#controller = controller),
    });
    this.writable = new WritableStream({ write: (bytes) => this.print(bytes) });
  }

  print(bytes: Uint8Array): void {
    this.#controller?.enqueue(new Uint8Array(bytes));
    if (new TextDecoder().decode(bytes).includes("end")) this.#controller?.close();
  }

  set isConnected(isConnected: boolean) {
    this.connections.push(isConnected);
  }
}

async function open(target: CharacterTarget): Promise<CharacterDevice> {
  const device = await openCharacterDevice(target, () => {});
  if (device === null) throw new TypeError("Cannot open the terminal in a test");
  return device;
}

function target(text: string): CharacterTarget {
  const parsed = parseSerial(text);
  if (typeof parsed === "object" && "chardev" in parsed) throw new TypeError("Cannot open a name");
  return parsed;
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return listener.addr.port;
}

async function exchange(connection: Deno.Conn, text: string): Promise<string> {
  await connection.write(encoder.encode(text));
  const buffer = new Uint8Array(100);
  const length = await connection.read(buffer);
  return new TextDecoder().decode(buffer.subarray(0, length ?? 0));
}

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a file is emptied, or added to, and named where it cannot be opened", () =>
  inFolder(async (folder) => {
    const file = join(folder, "log");
    await Deno.writeTextFile(file, "old ");
    for (const append of [true, false]) {
      const guest = new EchoGuest();
      const device = await open({ file, append });
      const done = device.run(guest, () => {});
      guest.print(encoder.encode("new end"));
      await done;
      device.close();
      assertEquals(await Deno.readTextFile(file), append ? "old new end" : "new end");
    }
    const missing = { file: join(folder, "missing", "log") };
    await assertRejects(() => open(missing), ConfigurationError, "no such file");
  }));

for (const transport of ["tcp", "unix"] as const) {
  Deno.test(`a server takes one connection after the other, and drops what is for nobody: ${transport}`, () =>
    inFolder(async (folder) => {
      const [port, path] = [freePort(), join(folder, "socket")];
      const address = transport === "tcp" ? `tcp:127.0.0.1:${port}` : `unix:${path}`;
      const connect = (): Promise<Deno.Conn> =>
        transport === "tcp"
          ? Deno.connect({ hostname: "127.0.0.1", port })
          : Deno.connect({ transport, path });
      const guest = new EchoGuest();
      const device = await open(target(`${address},server=on,wait=off`));
      await device.ready();
      const done = device.run(guest, () => {});
      guest.print(encoder.encode("for nobody"));
      for (const text of ["first", "second"]) {
        using connection = await connect();
        assertEquals(await exchange(connection, text), text);
      }
      using last = await connect();
      assertEquals(await exchange(last, "end"), "end");
      assertEquals(await last.read(new Uint8Array(1)), null);
      await done;
      assertEquals(guest.connections.slice(0, 5), [false, true, false, true, false]);
      if (transport === "unix") await assertRejects(() => Deno.stat(path), Deno.errors.NotFound);
    }));
}

Deno.test("a server that waits is ready when somebody has connected", async () => {
  const port = freePort();
  const guest = new EchoGuest();
  const device = await open(target(`tcp:127.0.0.1:${port},server=on`));
  let isReady = false;
  const ready = device.ready().then(() => isReady = true);
  assertEquals(isReady, false);
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await ready;
  const done = device.run(guest, () => {});
  assertEquals(await exchange(connection, "end"), "end");
  await done;
  assertEquals(guest.connections[0], true);
});

Deno.test("one that connects to others carries bytes until they go, and names what is not there", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const guest = new EchoGuest();
  const device = await open(target(`tcp:127.0.0.1:${listener.addr.port}`));
  using connection = await listener.accept();
  await device.ready();
  const done = device.run(guest, () => {});
  assertEquals(await exchange(connection, "hello"), "hello");
  connection.close();
  guest.print(encoder.encode("end"));
  await done;
  const nobody = target(`tcp:127.0.0.1:${freePort()}`);
  await assertRejects(() => open(nobody), ConfigurationError, "add server=on");
  const taken = target(`tcp:127.0.0.1:${listener.addr.port},server=on`);
  await assertRejects(() => open(taken), ConfigurationError, "another program listens there");
});
