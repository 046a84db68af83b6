/** A file that gets what a guest writes to a console; nothing comes from it. */

import { requirePermission } from "../machine/file_permission.ts";
import { fileError } from "../machine/file_source.ts";
import type { CharacterDevice, GuestConsole } from "./character_device.ts";
import { carryOutput } from "./output_carrier.ts";
import type { FileTarget } from "./serial_flag.ts";

/** See the header of this file. */
export class FileDevice implements CharacterDevice {
  readonly #file: Deno.FsFile;
  readonly #say: (text: string) => void;

  private constructor(file: Deno.FsFile, say: (text: string) => void) {
    this.#file = file;
    this.#say = say;
  }

  /** Opens the file, which is emptied unless it is to be kept. Throws ConfigurationError. */
  static async open(
    { file, append = false }: FileTarget,
    say: (text: string) => void,
  ): Promise<FileDevice> {
    const what = `a console in file "${file}"`;
    await requirePermission("write", file, what);
    const mode = append ? { append: true } : { write: true, truncate: true };
    try {
      return new FileDevice(await Deno.open(file, { create: true, ...mode }), say);
    } catch (error) {
      throw fileError(what, error, "name a file in a folder that you may write");
    }
  }

  /** See `CharacterDevice`. */
  ready(): Promise<void> {
    return Promise.resolve();
  }

  /** See `CharacterDevice`. */
  async run({ readable }: GuestConsole, firstOutput: () => void): Promise<void> {
    const write = (bytes: Uint8Array): Promise<number> => this.#file.write(bytes);
    await carryOutput({ readable, write, firstOutput, say: this.#say });
  }

  /** See `CharacterDevice`. */
  close(): void {
    this.#file.close();
  }
}
