/** Files that the command line names: read whole, with errors that say which flag named them. */

import { ConfigurationError, type LoadedFile } from "../machine/options.ts";

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

function fileError(what: string, error: unknown, otherwise: string): unknown {
  if (error instanceof Deno.errors.NotCapable) {
    const cause = "this program was started without permission for files";
    return new ConfigurationError({ what, cause, fix: "run deno with --allow-read --allow-write" });
  }
  if (error instanceof Deno.errors.NotFound) {
    return new ConfigurationError({ what, cause: "there is no such file", fix: otherwise });
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    const cause = "the system does not permit the access";
    return new ConfigurationError({ what, cause, fix: "change the file's permissions" });
  }
  if (error instanceof Error && "code" in error) {
    return new ConfigurationError({ what, cause: error.message, fix: otherwise });
  }
  return error;
}
