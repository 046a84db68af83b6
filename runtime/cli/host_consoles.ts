/** What carries the consoles of one machine on this host: the terminal of this process, files, sockets, nothing. */

import type { ConsolePort, MachineConsole, MachineHandle } from "../machine/machine_interface.ts";
import {
  type CharacterDevice,
  type GuestConsole,
  openCharacterDevice,
} from "./character_device.ts";
import type { Connections } from "./console_flags.ts";
import type { KeyMode } from "./terminal.ts";

/** A console that the terminal carries. */
interface TerminalConsole {
  /** Its name for people. */
  readonly name: string;
  /** The console. */
  readonly console: MachineConsole;
}

/** A console that something else carries. */
export interface CarriedConsole {
  /** The console. */
  readonly console: GuestConsole;
  /** What carries it. */
  readonly device: CharacterDevice;
}

/** See the header of this file. */
export class HostConsoles {
  readonly #connections: Connections;
  /** In the order of the consoles; null: the terminal. */
  readonly #devices: (CharacterDevice | null)[] = [];

  /** Nothing is open yet. */
  constructor(connections: Connections) {
    this.#connections = connections;
  }

  /** Opens everything, and waits for those who are to connect before the machine starts. Throws ConfigurationError. */
  async open(say: (text: string) => void): Promise<void> {
    for (const target of this.#targets) {
      this.#devices.push(await openCharacterDevice(target, say));
    }
    for (const device of this.#devices) await device?.ready();
  }

  /** What the terminal keeps to itself; undefined where it carries nothing of the guest's. */
  get keyMode(): KeyMode | undefined {
    if (this.#targets.includes("mon:stdio")) return "raw";
    return this.#targets.includes("stdio") ? "signals" : undefined;
  }

  /** The consoles of a machine that the terminal carries. */
  onTerminal(machine: MachineHandle): TerminalConsole[] {
    return this.#consoles(machine).filter((_, index) => this.#devices[index] === null);
  }

  /** The others. */
  elsewhere(machine: MachineHandle): CarriedConsole[] {
    return this.#consoles(machine).flatMap(({ console }, index) => {
      const device = this.#devices[index];
      return device === null ? [] : [{ console, device }];
    });
  }

  /** Lets go of all that is open. */
  close(): void {
    for (const device of this.#devices) device?.close();
  }

  get #targets() {
    return [this.#connections.serial, ...this.#connections.ports];
  }

  #consoles({ console, ports }: MachineHandle): (TerminalConsole & {
    readonly console: MachineConsole | ConsolePort;
  })[] {
    return [
      { name: "serial", console },
      ...ports.map((port, at) => ({ name: port.name || `port ${at}`, console: port })),
    ];
  }
}
