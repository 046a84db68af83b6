/**
 * Files that the command line names, with errors that say which flag named them.
 *
 * Permission is asked for before a file is touched: Deno would stop in front of the user with a question
 * otherwise, on the terminal that belongs to the guest. A file may be a pipe or a device, and such a one may
 * never end: what is read is bounded.
 */

import { requirePermission } from "../machine/file_permission.ts";
import { fileError } from "../machine/file_source.ts";
import { ConfigurationError, type LoadedFile, sizeText } from "../machine/options.ts";

/** More than any guest's memory can take needs no reading. */
const MOST_FILE_BYTES = 2 ** 31;
/** Content of unknown length is kept twice for a moment. */
const MOST_STREAM_BYTES = 2 ** 30;

/** Reads the file that the flag `what` names. Throws ConfigurationError. */
export async function readInput(what: string, path: string): Promise<LoadedFile> {
  await requirePermission("read", path, what);
  try {
    const { isFile, isDirectory, size } = await Deno.stat(path);
    if (isDirectory) throw directory(what);
    if (size > MOST_FILE_BYTES) throw tooLarge(what, MOST_FILE_BYTES);
    return { name: path, bytes: isFile ? await Deno.readFile(path) : await readStream(what, path) };
  } catch (error) {
    throw fileError(what, error, "check the path");
  }
}

async function readStream(what: string, path: string): Promise<Uint8Array> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  using file = await Deno.open(path);
  for await (const part of file.readable) {
    parts.push(part);
    length += part.length;
    if (length > MOST_STREAM_BYTES) throw tooLarge(what, MOST_STREAM_BYTES);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** Writes the file that the flag `what` names. Throws ConfigurationError. */
export async function writeOutput(what: string, path: string, bytes: Uint8Array): Promise<void> {
  await requirePermission("write", path, what);
  try {
    await Deno.writeFile(path, bytes);
  } catch (error) {
    throw fileError(what, error, "name a file in a folder that you may write");
  }
}

/** Prints a text that was asked for; a reader that has seen enough is no error. */
export async function printText(text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let done = 0; done < bytes.length;) done += await Deno.stdout.write(bytes.subarray(done));
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return;
    throw fileError("standard output", error, "write it somewhere else");
  }
}

function directory(what: string): ConfigurationError {
  return new ConfigurationError({
    what,
    cause: "it is a folder",
    fix: "name a file in it",
  });
}

function tooLarge(what: string, most: number): ConfigurationError {
  return new ConfigurationError({
    what,
    cause: `it has more than ${sizeText(most)}, which no guest's memory can take`,
    fix: "check the path",
  });
}
