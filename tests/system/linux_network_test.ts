// Debian's kernel on a network in the process: an address by DHCP, the gateway, names, bytes both ways with their sums,
// and what a guest is not let out to. The host's loopback is the only place that anything is sent to.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { createHash } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { Machine, type NetBackend, type NetworkOptions } from "../../mod.ts";
import { outputOf } from "../library/machine_fixture.ts";
import { guestFiles } from "../tools/guest.ts";
import { NETWORK_MODULES } from "../tools/guest_modules.ts";
import { DISK_APPEND, diskInitrd, modulesOrSkip } from "./disk_guest.ts";
import {
  escapes6,
  LOOPBACK_BY_GATEWAY,
  loopbackEscapes,
  plainEscapes,
  tryAll,
} from "./network_escapes.ts";
import { freePort, GET_ADDRESS, GET_ADDRESS_6, hasLoopback6 } from "./network_guest.ts";

/** A guest that still runs after this long hangs. */
const HANG_AFTER_MS = 300_000;
const TRANSFER_BYTES = 8 * 2 ** 20;
const LEAST_ESCAPES = 190;

const modules = await modulesOrSkip(NETWORK_MODULES);
const ignore = modules === null;
const hosts = hasLoopback6() ? ["127.0.0.1", "::1"] : ["127.0.0.1"];

function pattern(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 0x1_0000) {
    crypto.getRandomValues(bytes.subarray(at, at + 0x1_0000));
  }
  return bytes;
}

function sumOf(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await connection.write(bytes.subarray(done));
  await connection.closeWrite();
}

async function readAll(connection: Deno.Conn): Promise<Uint8Array> {
  return new Uint8Array(await new Response(connection.readable).arrayBuffer());
}

/** A server on the host's loopback that takes one connection after the other. */
function serve(
  answer: (connection: Deno.Conn) => Promise<void>,
  { hostname = "127.0.0.1", port = 0 } = {},
): Deno.TcpListener {
  const listener = Deno.listen({ hostname, port });
  (async () => {
    for await (const connection of listener) await answer(connection);
  })();
  return listener;
}

async function echo(connection: Deno.Conn): Promise<void> {
  await connection.readable.pipeTo(connection.writable);
}

function portOf(listener: Deno.TcpListener): number {
  return listener.addr.port;
}

async function withGuest(
  networks: readonly NetworkOptions[],
  commands: string,
  meanwhile: (machine: Machine, output: Promise<string>) => Promise<void> = async () => {},
): Promise<string> {
  await using machine = await Machine.create({
    harts: 2,
    memory: "512M",
    kernel: guestFiles().kernel,
    initrd: await diskInitrd(modules ?? new Uint8Array(0), commands),
    append: DISK_APPEND,
    networks,
    entropy: [{}],
    noReboot: true,
    signal: AbortSignal.timeout(HANG_AFTER_MS),
  });
  const output = outputOf(machine);
  await machine.start();
  await meanwhile(machine, output);
  const { reason, message } = await machine.exited;
  assertEquals([reason, message], ["power-off", undefined], await output);
  assertMatch(await output, /RUN-EXIT 0\r\n/);
  return await output;
}

/** A name server that knows one name. */
function nameServer(): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.on("message", (question, { port, address }) => {
    const end = question.indexOf(0, 12) + 5;
    const isAddress = question[end - 3] === 1;
    const head = Uint8Array.from(question.subarray(0, end));
    head[2] |= 0x80;
    head[7] = isAddress ? 1 : 0;
    head.fill(0, 8, 12);
    const record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 33];
    socket.send(Uint8Array.of(...head, ...(isAddress ? record : [])), port, address);
  });
  return new Promise((resolve) => socket.bind(0, "127.0.0.1", () => resolve(socket)));
}

Deno.test({
  name: "a guest gets an address, random numbers, the gateway's answers, and names",
  ignore,
  async fn() {
    const names = await nameServer();
    try {
      const text = await withGuest(
        [{ network: { nameServer: `127.0.0.1:${names.address().port}` } }],
        `${GET_ADDRESS} && ping -c 3 10.0.2.2 && nslookup weft.test 10.0.2.3 && ` +
          `{ ${GET_ADDRESS_6}; } && ping6 -c 2 fec0::2 && nslookup weft.test fec0::3 && ` +
          "head -c 4096 /dev/hwrng | wc -c && cat /sys/class/misc/hw_random/rng_current",
      );
      assertMatch(text, /LEASE 10\.0\.2\.15 24 router=10\.0\.2\.2 dns=10\.0\.2\.3/);
      assertMatch(text, /3 packets transmitted, 3 packets received/);
      assertMatch(text, /2 packets transmitted, 2 packets received/);
      assertMatch(text, /inet6 fec0::5054:ff:fe12:3456\/64 scope site/);
      assertMatch(text, /default via fe80::2 dev eth0/);
      assertEquals([...text.matchAll(/Address:? .*192\.0\.2\.33/g)].length, 2);
      assertMatch(text, /^4096\r$/m);
      assertMatch(text, /^virtio_rng/m);
    } finally {
      names.close();
    }
  },
});

Deno.test({
  name: "bytes go to the host's loopback and back whole, over pauses of the machine",
  ignore,
  async fn() {
    const sent = pattern(TRANSFER_BYTES);
    const arrived: string[] = [];
    const source = serve((connection) => writeAll(connection, sent));
    const target = serve(async (connection) => {
      arrived.push(sumOf(await readAll(connection)));
    });
    const [, ...hosts6] = hosts;
    const echo6 = hosts6.map((hostname) => serve(echo, { hostname }));
    try {
      const allow = [
        ...[source, target].map((listener) => `127.0.0.1:${portOf(listener)}`),
        ...echo6.map((listener) => `[::1]:${portOf(listener)}`),
      ];
      const commands6 = echo6.map((listener) =>
        ` && { ${GET_ADDRESS_6}; } && ` +
        `nc fec0::2 ${portOf(listener)} < /tmp/got > /tmp/back && cmp /tmp/got /tmp/back`
      );
      const text = await withGuest(
        [{ network: { allow } }],
        `${GET_ADDRESS} && nc 10.0.2.2 ${portOf(source)} < /dev/null > /tmp/got && ` +
          `md5sum < /tmp/got && nc 10.0.2.2 ${portOf(target)} < /tmp/got > /dev/null` +
          commands6.join(""),
        async (machine) => {
          for (let pauses = 0; pauses < 3; pauses++) {
            const enough = (pauses + 1) * TRANSFER_BYTES / 5;
            while (machine.state !== "ended" && received(machine) < enough) {
              await new Promise<void>((resolve) => queueMicrotask(resolve));
              await Deno.stat(".");
            }
            await machine.pause();
            const before = received(machine);
            for (let turns = 0; turns < 50; turns++) await Deno.stat(".");
            assertEquals(received(machine), before, "something arrived in a pause");
            await machine.resume();
          }
        },
      );
      assertMatch(text, new RegExp(sumOf(sent)));
      assertEquals(arrived, [sumOf(sent)]);
    } finally {
      for (const listener of [source, target, ...echo6]) listener.close();
    }
  },
});

function received(machine: Machine): number {
  return machine.stats().networks[0].bytesReceived;
}

Deno.test({
  name:
    "a port of the host's is the guest's, and bytes through it come back whole, over packed rings",
  ignore,
  async fn() {
    const hostPort = freePort();
    const sent = pattern(TRANSFER_BYTES / 4);
    await withGuest(
      [{
        network: {
          restrict: true,
          hostForwards: [{ hostAddress: "127.0.0.1", hostPort, guestPort: 7 }],
        },
        packed: true,
      }],
      `${GET_ADDRESS} && nc -l -p 7 -e /bin/cat`,
      async (machine) => {
        for (;;) {
          assert(machine.state !== "ended", "the guest ended before it was reached");
          const back = await exchange(hostPort, sent);
          if (back === null) continue;
          assertEquals(sumOf(back), sumOf(sent));
          return;
        }
      },
    );
  },
});

/** @returns null when the guest does not listen yet */
async function exchange(port: number, bytes: Uint8Array): Promise<Uint8Array | null> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  try {
    const written = writeAll(connection, bytes).catch(() => {});
    const back = await readAll(connection);
    await written;
    return back.length === 0 ? null : back;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionReset) return null;
    throw error;
  }
}

/** Counts who comes to a port of the host's loopback, of both versions, by TCP or by UDP. */
class Canary implements AsyncDisposable {
  reached = 0;
  port = 0;
  readonly #streams: Deno.TcpListener[] = [];
  readonly #datagrams: Socket[] = [];

  static async listen(): Promise<Canary> {
    const canary = new Canary();
    for (const hostname of hosts) await canary.#listen(hostname);
    return canary;
  }

  async #listen(hostname: string): Promise<void> {
    const streams = serve((connection) => {
      this.reached++;
      connection.close();
      return Promise.resolve();
    }, { hostname, port: this.port });
    this.#streams.push(streams);
    this.port = portOf(streams);
    const datagrams = createSocket(hostname.includes(":") ? "udp6" : "udp4");
    this.#datagrams.push(datagrams);
    datagrams.on("message", () => this.reached++);
    await new Promise<void>((resolve) => datagrams.bind(this.port, hostname, resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const streams of this.#streams) streams.close();
    for (const datagrams of this.#datagrams) {
      await new Promise<void>((resolve) => datagrams.close(() => resolve()));
    }
  }
}

Deno.test({
  name: "a guest is not let out to what only its host can reach",
  ignore,
  async fn() {
    await using canary = await Canary.listen();
    const [plain, bent] = [plainEscapes(canary.port), loopbackEscapes(canary.port)];
    const newer = escapes6(canary.port);
    assert(plain.length + bent.length + newer.length >= LEAST_ESCAPES);
    const commands = [
      ...[GET_ADDRESS, GET_ADDRESS_6, tryAll([...plain, ...newer])],
      ...[LOOPBACK_BY_GATEWAY, tryAll(bent), "true"],
    ];
    const text = await withGuest([{}], commands.join("\n"), async (machine) => {
      await machine.exited;
      const [{ allowed, refused }] = machine.stats().networks;
      assertEquals(allowed, 0);
      assert(refused >= LEAST_ESCAPES, `${refused}`);
    });
    assertEquals([...text.matchAll(/ESCAPED .*/g)].map(String), []);
    assertEquals(canary.reached, 0);
  },
});

/** A network of the caller's with one other station, which answers who has its address, and pings. */
class PingBackend implements NetBackend {
  pings = 0;
  readonly #mac = [0x52, 0x54, 0, 9, 9, 9];
  #deliver: (frame: Uint8Array) => boolean = () => false;

  connect(deliver: (frame: Uint8Array) => boolean): void {
    this.#deliver = deliver;
  }

  send(frame: Uint8Array): void {
    const reply = frame.slice();
    reply.set(frame.subarray(6, 12), 0);
    reply.set(this.#mac, 6);
    const isArp = frame[12] === 8 && frame[13] === 6;
    const isPing = frame[12] === 8 && frame[13] === 0 && frame[23] === 1 && frame[34] === 8;
    if (isArp) {
      reply[21] = 2;
      reply.set(this.#mac, 22);
      reply.set(frame.subarray(38, 42), 28);
      reply.set(frame.subarray(22, 32), 32);
    } else if (isPing) {
      this.pings++;
      reply.set(frame.subarray(30, 34), 26);
      reply.set(frame.subarray(26, 30), 30);
      reply[34] = 0;
      const sum = (frame[36] << 8 | frame[37]) + 0x800;
      const folded = (sum & 0xffff) + (sum >>> 16);
      reply[36] = folded >>> 8;
      reply[37] = folded & 0xff;
    } else return;
    this.#deliver(reply);
  }
}

Deno.test({
  name: "a network of the caller's carries frames both ways",
  ignore,
  async fn() {
    const network = new PingBackend();
    const text = await withGuest(
      [{ network, mac: "52:54:00:aa:bb:cc" }],
      "ip addr add 192.0.2.1/24 dev eth0 && ip link set eth0 up && ping -c 3 192.0.2.9 && " +
        "cat /sys/class/net/eth0/address",
    );
    assertMatch(text, /3 packets transmitted, 3 packets received/);
    assertMatch(text, /52:54:00:aa:bb:cc/);
    assertEquals(network.pings, 3);
  },
});
