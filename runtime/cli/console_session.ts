/**
 * Connects a machine's console with the standard input and output of this process.
 *
 * As in QEMU, the guest runs on whatever happens here: the end of input just means that no more input comes,
 * and a reader of the output that has gone away means that output is dropped. Standard output carries the
 * guest's bytes and nothing else; what the emulator itself has to say goes to standard error.
 */

import type { DriveError, MachineHandle } from "../machine/machine_interface.ts";
import { EscapeKeys, KEY_HELP, type KeyEvent } from "./escape_keys.ts";
import { Monitor } from "./monitor.ts";
import type { SerialTarget } from "./serial_flag.ts";

/** The process's side of a console. */
export interface HostConsole {
  /** Reads input; null at its end. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes some of the bytes and says how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** Says something to the user, apart from the guest's output. */
  say(text: string): void;
}

/** What happens on this console besides bytes. */
export interface SessionEvents {
  /** The guest wrote its first byte. */
  firstOutput(): void;
  /** The user asked for the end of the machine. */
  quit(): void;
}

const INPUT_BUFFER_BYTES = 4096;

/** A console that is connected while its machine lives. */
export class ConsoleSession {
  readonly #machine: MachineHandle;
  readonly #host: HostConsole;
  readonly #events: SessionEvents;
  readonly #monitor: Monitor;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #keys = new EscapeKeys();
  readonly #takesInput: boolean;
  #monitorHasFocus = false;
  #hasRefused = false;

  /** A session of a machine; nothing flows yet. A replay takes no input: what is typed has no effect. */
  constructor(machine: MachineHandle, host: HostConsole, events: SessionEvents, isReplay = false) {
    this.#takesInput = !isReplay;
    this.#machine = machine;
    this.#host = host;
    this.#events = events;
    this.#input = machine.console.writable.getWriter();
    machine.onDriveError = (error) => host.say(driveErrorText(error));
    this.#monitor = new Monitor(machine, () => events.quit(), (text) => host.say(text));
  }

  /** Lets bytes flow; resolves after the guest's last byte was written. */
  async run(serial: SerialTarget): Promise<void> {
    const readsInput = serial === "mon:stdio" || serial === "stdio";
    if (readsInput) {
      const failed = this.#pumpInput(serial === "mon:stdio");
      failed.catch((error: unknown) => reportError(error));
    }
    await this.#pumpOutput(readsInput || typeof serial === "object");
  }

  async #pumpInput(withKeys: boolean): Promise<void> {
    const buffer = new Uint8Array(INPUT_BUFFER_BYTES);
    while (true) {
      const length = await this.#readOrEnd(buffer);
      if (length === null) return;
      const bytes = buffer.slice(0, length);
      if (withKeys) await this.#handleKeys(this.#keys.feed(bytes));
      else this.#give(bytes);
    }
  }

  /** Keys such as Ctrl-A x must work while the guest takes no input: nobody waits for it. */
  #give(bytes: Uint8Array): void {
    if (!this.#takesInput) return this.#refuse();
    this.#input.write(bytes).catch(() => {}); // the machine has ended
  }

  #refuse(): void {
    if (this.#hasRefused) return;
    this.#hasRefused = true;
    this.#host.say("weft: this is a replay: what is typed has no effect\n");
  }

  /** Input that cannot be read (closed before the start, terminal hung up) is input that has ended. */
  async #readOrEnd(buffer: Uint8Array): Promise<number | null> {
    try {
      return await this.#host.read(buffer);
    } catch {
      return null;
    }
  }

  async #handleKeys(events: readonly KeyEvent[]): Promise<void> {
    for (const event of events) {
      if (event.kind !== "input") this.#act(event.kind);
      else if (this.#monitorHasFocus) await this.#monitor.feed(event.bytes);
      else this.#give(event.bytes);
    }
  }

  #act(action: Exclude<KeyEvent["kind"], "input">): void {
    switch (action) {
      case "quit":
        return this.#events.quit();
      case "break":
        return this.#machine.sendBreak();
      case "help":
        return this.#host.say(
          "\n" + KEY_HELP.map(({ keys, does }) => `${keys}  ${does}\n`).join(""),
        );
      case "monitor":
        this.#monitorHasFocus = !this.#monitorHasFocus;
        return this.#monitorHasFocus ? this.#monitor.enter() : this.#host.say("\n");
    }
  }

  async #pumpOutput(connected: boolean): Promise<void> {
    let writable = connected;
    let silent = true;
    for await (const chunk of this.#machine.console.readable) {
      if (silent && chunk.length > 0) {
        silent = false;
        this.#events.firstOutput();
      }
      if (writable) writable = await this.#writeAll(chunk);
    }
  }

  /** False once nobody can receive output any more. */
  async #writeAll(bytes: Uint8Array): Promise<boolean> {
    try {
      for (let done = 0; done < bytes.length;) {
        done += await this.#host.write(bytes.subarray(done));
      }
      return true;
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) {
        const cause = error instanceof Error ? error.message : String(error);
        this.#host.say(`weft: the guest's output is dropped: ${cause}\n`);
      }
      return false;
    }
  }
}

function driveErrorText({ drive, operation, cause, stops }: DriveError): string {
  const what = `weft: ${drive}: cannot ${operation}: ${cause}\n`;
  return stops
    ? `${what}weft: the machine is paused; repair that, then cont in the monitor (Ctrl-A c) goes on\n`
    : what;
}
