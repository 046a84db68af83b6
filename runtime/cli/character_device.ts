/** What bytes of a console are connected with, other than this process's own terminal: nothing, a file or a socket. */

import type { MachineConsole } from "../machine/machine_interface.ts";
import { FileDevice } from "./file_device.ts";
import { carryOutput } from "./output_carrier.ts";
import type { CharacterTarget } from "./serial_flag.ts";
import { SocketDevice } from "./socket_device.ts";

/** A console of the guest's, as what is connected with it sees it. */
export interface GuestConsole extends Pick<MachineConsole, "readable" | "writable"> {
  /** Is somebody at the host's end? Where nobody is told, that does not matter. */
  isConnected?: boolean;
}

/** See the header of this file. */
export interface CharacterDevice {
  /** Resolves when the machine may start. */
  ready(): Promise<void>;
  /** Carries bytes in both directions; resolves when the guest's last one is written, or for nobody. */
  run(console: GuestConsole, firstOutput: () => void): Promise<void>;
  /** Lets go of all that it has of the host's. */
  close(): void;
}

/** Takes what the guest writes, and drops it. */
class NullDevice implements CharacterDevice {
  /** See `CharacterDevice`. */
  ready(): Promise<void> {
    return Promise.resolve();
  }

  /** See `CharacterDevice`. */
  async run({ readable }: GuestConsole, firstOutput: () => void): Promise<void> {
    const write = (bytes: Uint8Array): Promise<number> => Promise.resolve(bytes.length);
    await carryOutput({ readable, write, firstOutput, say: () => {} });
  }

  /** Nothing is held. */
  close(): void {}
}

/**
 * Opens what a target names; throws ConfigurationError. @param say tells the user something
 * @returns null for the terminal of this process
 */
export async function openCharacterDevice(
  target: CharacterTarget,
  say: (text: string) => void,
): Promise<CharacterDevice | null> {
  if (target === "mon:stdio" || target === "stdio") return null;
  if (target === "null" || target === "none") return new NullDevice();
  return "file" in target
    ? await FileDevice.open(target, say)
    : await SocketDevice.open(target.socket, say);
}
