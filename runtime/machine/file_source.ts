/** Files that the library's caller names: read whole, with errors that say which setting named them. */

import { ConfigurationError, type LoadedFile } from "./options.ts";
import type { FileSource } from "./machine_settings.ts";

/**
 * Reads the file that a setting names. Throws {@linkcode ConfigurationError}; an abort throws the signal's reason.
 *
 * @param setting name of the setting, for messages
 */
export async function readSource(
  setting: string,
  source: FileSource,
  signal?: AbortSignal,
): Promise<LoadedFile> {
  if (source instanceof Uint8Array) return { name: setting, bytes: source };
  const options = signal === undefined ? {} : { signal };
  if (isRemote(source)) {
    return { name: source.href, bytes: await download(setting, source, options) };
  }
  try {
    return { name: String(source), bytes: await Deno.readFile(source, options) };
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw fileError(`${setting}: ${source}`, error, "check the path");
  }
}

function isRemote(source: string | URL): source is URL {
  return source instanceof URL && source.protocol !== "file:";
}

async function download(setting: string, url: URL, options: RequestInit): Promise<Uint8Array> {
  const what = `${setting}: ${url.href}`;
  let response;
  try {
    response = await fetch(url, options);
  } catch (error) {
    if (options.signal?.aborted) throw options.signal.reason;
    if (error instanceof Deno.errors.NotCapable) {
      const cause = "this program was started without permission for the network";
      throw new ConfigurationError({ what, cause, fix: `run deno with --allow-net=${url.host}` });
    }
    const cause = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError({ what, cause, fix: "check the address" });
  }
  if (response.ok) return await response.bytes();
  await response.body?.cancel();
  const cause = `the server answered ${response.status} ${response.statusText}`;
  throw new ConfigurationError({ what, cause, fix: "check the address" });
}

/** What the user is told of a file that cannot be read or written; other errors as they are. */
export function fileError(what: string, error: unknown, otherwise: string): unknown {
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
