/**
 * Files that are written when a machine has ended: `-profile`, `-jit-map` and `-trace`. They are opened before it starts, so that
 * a path that cannot be written is told at once and not after the run.
 */

import { extname } from "node:path";
import { requirePermission } from "../machine/file_permission.ts";
import { fileError } from "../machine/file_source.ts";
import type { MachineHandle, Profile } from "../machine/machine_interface.ts";
import type { CommandLine } from "./flags.ts";
import { jitMapTable } from "./jit_map_table.ts";

/** A file that waits for its content. */
interface OpenReport {
  readonly file: Deno.FsFile;
  readonly path: string;
  readonly text: (machine: MachineHandle) => string;
}

/** The profile in the form that a path's ending asks for: folded stacks unless it names another one. */
export function profileText(profile: Profile, path: string): string {
  switch (extname(path)) {
    case ".cpuprofile":
      return profile.cpuProfile();
    case ".svg":
      return profile.flameGraph();
    default:
      return profile.folded();
  }
}

/** See the header of this file. */
export class ReportFiles {
  readonly #open: OpenReport[] = [];
  readonly #say: (text: string) => void;

  private constructor(say: (text: string) => void) {
    this.#say = say;
  }

  /** Opens what the command line names. Throws ConfigurationError. */
  static async open(line: CommandLine, say: (text: string) => void): Promise<ReportFiles> {
    const files = new ReportFiles(say);
    await files.#openFile("-profile", line.profile, (machine, path) => {
      const profile = machine.profile();
      files.#sayNotes(profile);
      return profileText(profile, path);
    });
    await files.#openFile("-jit-map", line.jitMap, (machine) => jitMapTable(machine.jitMap()));
    await files.#openFile("-trace", line.trace, (machine) => machine.trace());
    return files;
  }

  async #openFile(
    flag: string,
    path: string | undefined,
    text: (machine: MachineHandle, path: string) => string,
  ): Promise<void> {
    if (path === undefined) return;
    const what = `${flag} ${path}`;
    await requirePermission("write", path, what);
    try {
      const file = await Deno.open(path, { write: true, create: true, truncate: true });
      this.#open.push({ file, path, text: (machine) => text(machine, path) });
    } catch (error) {
      throw fileError(what, error, "name a file in a folder that you may write");
    }
  }

  /** Writes every file, once; at the end of the machine or where the process has to end before it. */
  write(machine: MachineHandle): void {
    for (const { file, path, text } of this.#open.splice(0)) {
      try {
        const bytes = new TextEncoder().encode(text(machine));
        for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
      } catch (error) {
        const cause = error instanceof Error ? error.message : String(error);
        this.#say(`weft: ${path} is not complete: ${cause}\n`);
      }
      file.close();
    }
  }

  #sayNotes({ notes, dropped }: Profile): void {
    for (const note of notes) this.#say(`weft: profile: ${note}\n`);
    if (dropped > 0) this.#say(`weft: profile: ${dropped} samples were lost\n`);
  }
}
