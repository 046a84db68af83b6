// Debian's kernel with its console on a virtio device: a shell, the size of its terminal, and a port for programs, which
// carries more than anybody has room for. The last line of the power-off arrives.

import { assertEquals, assertMatch } from "@std/assert";
import { type ConsolePort, Machine } from "../../mod.ts";
import { guestFiles } from "../tools/guest.ts";
import { guestOrSkip } from "./guest_or_skip.ts";

/** A guest that still runs after this long hangs. */
const HANG_AFTER_MS = 300_000;
const ignore = await guestOrSkip() === null;
const PORT_NAME = "org.weft.echo";
/** More than all buffers on the way together. */
const ECHO_BYTES = 3 * 2 ** 20;

/** What a guest's shell on a port prints, and typing. */
class Dialog {
  text = "";
  readonly #keys: WritableStreamDefaultWriter<Uint8Array>;
  #news = Promise.withResolvers<void>();

  constructor(port: ConsolePort) {
    this.#keys = port.writable.getWriter();
    void this.#listen(port.readable.pipeThrough(new TextDecoderStream()));
  }

  async #listen(output: ReadableStream<string>): Promise<void> {
    for await (const part of output) {
      this.text += part;
      this.#tell();
    }
    this.#tell();
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  /** Waits for the next output. */
  get news(): Promise<void> {
    return this.#news.promise;
  }

  async expect(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.text)) await this.#news.promise;
  }

  async type(line: string): Promise<void> {
    await this.#keys.write(new TextEncoder().encode(`${line}\n`));
  }
}

/** Waits in the guest until a terminal has a size. */
function whenSize(terminal: string, size: string): string {
  return `until [ "$(stty -F ${terminal} size)" = "${size}" ]; do :; done; echo IS-$((1)) ${size}`;
}

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 9)) & 0xff);
}

async function readExactly(
  stream: ReadableStream<Uint8Array>,
  length: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  const reader = stream.getReader();
  while (done < length) {
    const { value } = await reader.read();
    if (value === undefined) throw new Error(`the port ended after ${done} of ${length} bytes`);
    bytes.set(value, done);
    done += value.length;
  }
  return bytes;
}

Deno.test({
  name:
    "Linux has its console on a virtio device, with a size that changes, and ports for programs",
  ignore,
  async fn() {
    const { kernel, initrd } = guestFiles();
    await using machine = await Machine.create({
      harts: 2,
      memory: "512M",
      kernel,
      initrd,
      append: "console=hvc0 cryptomgr.notests",
      consoles: [
        { bus: "pci", ports: [{ kind: "console" }] },
        { bus: "pci", ports: [{ name: PORT_NAME, number: 2 }, { kind: "console", number: 3 }] },
      ],
      signal: AbortSignal.timeout(HANG_AFTER_MS),
    });
    const [alone, echo, among] = machine.ports;
    alone.resize(100, 30);
    among.resize(90, 20);
    const dialogs = [new Dialog(alone), new Dialog(among)];
    await machine.start();

    // The driver that is ready first has hvc0.
    const isUp = ({ text }: Dialog): boolean => text.includes("BOOT-OK 2");
    while (!dialogs.some(isUp)) await Promise.race(dialogs.map(({ news }) => news));
    const isInOrder = isUp(dialogs[0]);
    const shell = dialogs[isInOrder ? 0 : 1];
    const [sizeOfShell, sizeOfOther] = isInOrder ? ["30 100", "20 90"] : ["20 90", "30 100"];
    await shell.type(whenSize("/dev/hvc0", sizeOfShell));
    await shell.expect(new RegExp(`IS-1 ${sizeOfShell}\r\n`));
    await shell.type(whenSize("/dev/hvc1", sizeOfOther));
    await shell.expect(new RegExp(`IS-1 ${sizeOfOther}\r\n`));
    for (const port of [alone, among]) port.resize(132, 50);
    await shell.type(`${whenSize("/dev/hvc0", "50 132")}; ${whenSize("/dev/hvc1", "50 132")}`);
    await shell.expect(/IS-1 50 132\r\nIS-1 50 132\r\n/);

    // A program of the guest's sends back what it gets, while nobody reads: all buffers fill.
    await shell.type(`p=$(grep -l ${PORT_NAME} /sys/class/virtio-ports/*/name); echo $p`);
    await shell.expect(/\/sys\/class\/virtio-ports\/vport\dp2\/name\r\n/);
    await shell.type("port=/dev/$(basename $(dirname $p)); cat <> $port >&0 &");
    const sent = pattern(ECHO_BYTES);
    const writer = echo.writable.getWriter();
    const written = writer.write(sent);
    await shell.type("echo STILL-$((1))");
    await shell.expect(/STILL-1/);
    assertEquals(await readExactly(echo.readable, ECHO_BYTES), sent);
    await written;

    await shell.type("poweroff");
    const { reason, message } = await machine.exited;
    assertEquals([reason, message], ["power-off", undefined], shell.text);
    assertMatch(shell.text, /reboot: Power down\r\n$/);
  },
});
