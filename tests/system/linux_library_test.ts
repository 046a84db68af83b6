// Debian's kernel under the library: typed commands, pauses in the middle of the boot, another generation ID, a reset.

import { assert, assertMatch } from "@std/assert";
import { Machine } from "../../mod.ts";
import { ensureGuest, guestFiles, guestFolder } from "../tools/guest.ts";

/** A guest that still runs after this long hangs: it is stopped, and the test fails instead of waiting on. */
const HANG_AFTER_MS = 300_000;
const PAUSES = 20;
/** The shell's prompt, whatever the kernel says behind it. */
const PROMPT = /BOOT-OK 2\b[^]*# /;

/** The guest's files, or null where they cannot be had. */
async function findGuest(): Promise<ReturnType<typeof guestFiles> | null> {
  try {
    return await ensureGuest({ folder: guestFolder(), refresh: false, say: console.log });
  } catch (error) {
    console.log(`no Linux guest: ${error instanceof Error ? error.message : error}`);
    return null;
  }
}

const guest = await findGuest();

/** Output of a machine up to a text. */
class Screen {
  text = "";
  readonly #reader: ReadableStreamDefaultReader<string>;

  constructor({ console }: Machine) {
    this.#reader = console.readable.pipeThrough(new TextDecoderStream()).getReader();
  }

  async until(wanted: RegExp): Promise<void> {
    while (!wanted.test(this.text)) {
      const { value, done } = await this.#reader.read();
      assert(!done, `the machine ended before ${wanted}:\n${this.text}`);
      this.text += value;
    }
  }
}

Deno.test({
  name:
    "Linux boots through pauses, runs a typed command, hears of its fork, and boots again after a reset",
  ignore: guest === null,
  async fn() {
    const { kernel, initrd } = guestFiles();
    await using machine = await Machine.create({
      harts: 2,
      memory: "512M",
      kernel,
      initrd,
      append: "console=ttyS0 cryptomgr.notests",
      generationId: "auto",
      signal: AbortSignal.timeout(HANG_AFTER_MS),
    });
    const screen = new Screen(machine);
    const writer = machine.console.writable.getWriter();
    await machine.start();
    for (let pause = 0; pause < PAUSES; pause++) {
      const lines = screen.text.length;
      await screen.until(new RegExp(`^[^]{${lines + 1},}`));
      await machine.pause();
      assert(machine.harts.every(({ pc }) => pc > 0n));
      await machine.resume();
    }
    await screen.until(PROMPT);
    await writer.write(new TextEncoder().encode("echo $((6 * 7))-answer\n"));
    await screen.until(/42-answer/);
    machine.changeGenerationId();
    await screen.until(/crng reseeded due to virtual machine fork/);
    screen.text = "";
    await machine.reset();
    await screen.until(PROMPT);
    await writer.write(new TextEncoder().encode("poweroff\n"));
    assertMatch((await machine.exited).reason, /^power-off$/);
  },
});
