/**
 * Connects consoles of a machine with the standard input and output of this process.
 *
 * As in QEMU, the guest runs on whatever happens here: the end of input just means that no more input comes,
 * and a reader of the output that has gone away means that output is dropped. Standard output carries the
 * guest's bytes and nothing else; what the emulator itself has to say goes to standard error.
 */

import type { DriveError, MachineConsole, MachineHandle } from "../machine/machine_interface.ts";
import { EscapeKeys, KEY_HELP, type KeyEvent } from "./escape_keys.ts";
import { Monitor } from "./monitor.ts";
import { carryOutput } from "./output_carrier.ts";

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

/** A console of the machine's that shares the terminal with others. */
export interface NamedConsole {
  /** Its name for people. */
  readonly name: string;
  /** Its streams. */
  readonly console: Pick<MachineConsole, "readable" | "writable">;
}

/** What a session connects, and how. */
export interface SessionSettings {
  /** The consoles; none where the terminal carries nothing of the guest's. What is typed goes to one of them. */
  readonly consoles: readonly NamedConsole[];
  /** Are there keys behind Ctrl-A? */
  readonly hasKeys: boolean;
  /** A replay takes no input: what is typed has no effect. */
  readonly isReplay?: boolean;
}

/** Consoles that are connected while their machine lives. */
export class ConsoleSession {
  readonly #machine: MachineHandle;
  readonly #host: HostConsole;
  readonly #events: SessionEvents;
  readonly #settings: SessionSettings;
  readonly #monitor: Monitor;
  readonly #inputs: readonly WritableStreamDefaultWriter<Uint8Array>[];
  readonly #keys = new EscapeKeys();
  /** Number of the console that gets what is typed; behind the last one is the monitor. */
  #focus = 0;
  #hasRefused = false;

  /** A session of a machine; nothing flows yet. */
  constructor(
    machine: MachineHandle,
    host: HostConsole,
    events: SessionEvents,
    settings: SessionSettings,
  ) {
    this.#machine = machine;
    this.#host = host;
    this.#events = events;
    this.#settings = settings;
    this.#inputs = settings.consoles.map(({ console }) => console.writable.getWriter());
    machine.onDriveError = (error) => host.say(driveErrorText(error));
    this.#monitor = new Monitor(machine, () => events.quit(), (text) => host.say(text));
  }

  /** Lets bytes flow; resolves after the guest's last byte was written. */
  async run(): Promise<void> {
    const { consoles } = this.#settings;
    if (consoles.length === 0) return;
    this.#pumpInput().catch((error: unknown) => reportError(error));
    const { say, write } = this.#host;
    const route = { say, write, firstOutput: () => this.#events.firstOutput() };
    await Promise.all(
      consoles.map(({ console: { readable } }) => carryOutput({ ...route, readable })),
    );
  }

  async #pumpInput(): Promise<void> {
    const buffer = new Uint8Array(INPUT_BUFFER_BYTES);
    while (true) {
      const length = await this.#readOrEnd(buffer);
      if (length === null) return;
      const bytes = buffer.slice(0, length);
      if (this.#settings.hasKeys) await this.#handleKeys(this.#keys.feed(bytes));
      else this.#give(bytes);
    }
  }

  /** Keys such as Ctrl-A x must work while the guest takes no input: nobody waits for it. */
  #give(bytes: Uint8Array): void {
    if (this.#settings.isReplay) return this.#refuse();
    this.#inputs[this.#focus].write(bytes).catch(() => {}); // the machine has ended
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
        return this.#switch();
    }
  }

  get #monitorHasFocus(): boolean {
    return this.#focus === this.#inputs.length;
  }

  /** From one console to the next, then to the monitor. */
  #switch(): void {
    const { consoles } = this.#settings;
    this.#focus = (this.#focus + 1) % (consoles.length + 1);
    if (this.#monitorHasFocus) return this.#monitor.enter();
    const name = consoles.length > 1 ? `[${consoles[this.#focus].name}]` : "";
    this.#host.say(`\n${name}${name === "" ? "" : "\n"}`);
  }
}

function driveErrorText({ drive, operation, cause, stops }: DriveError): string {
  const what = `weft: ${drive}: cannot ${operation}: ${cause}\n`;
  return stops
    ? `${what}weft: the machine is paused; repair that, then cont in the monitor (Ctrl-A c) goes on\n`
    : what;
}
