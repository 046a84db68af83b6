/** Files that the command line names: read whole, with errors that say which flag named them. */

import { fileError } from "../machine/file_source.ts";
import type { LoadedFile } from "../machine/options.ts";

/** Reads the file that `flag` names. */
export async function readInput(flag: string, path: string): Promise<LoadedFile> {
  try {
    return { name: path, bytes: await Deno.readFile(path) };
  } catch (error) {
    throw fileError(`-${flag} ${path}`, error, "check the path");
  }
}

/** Writes the file that `flag` names. */
export async function writeOutput(flag: string, path: string, bytes: Uint8Array): Promise<void> {
  try {
    await Deno.writeFile(path, bytes);
  } catch (error) {
    throw fileError(`-${flag} ${path}`, error, "name a file in a folder that you may write");
  }
}
