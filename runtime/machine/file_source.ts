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

/** The named form of what the system says about a file; other errors come back as they are. */
export function fileError(what: string, error: unknown, otherwise: string): unknown {
  if (error instanceof ConfigurationError || !(error instanceof Error)) return error;
  const known = FILE_ERRORS.find(({ kind }) => error instanceof kind);
  if (known !== undefined) return new ConfigurationError({ what, fix: otherwise, ...known });
  if (!("code" in error)) return error;
  return new ConfigurationError({ what, cause: error.message, fix: otherwise });
}

const FILE_ERRORS: readonly {
  readonly kind: new (message: string) => Error;
  readonly cause: string;
  readonly fix?: string;
}[] = [
  { kind: Deno.errors.NotFound, cause: "there is no such file or folder" },
  { kind: Deno.errors.NotADirectory, cause: "a part of its path is a file, not a folder" },
  { kind: Deno.errors.FilesystemLoop, cause: "its symbolic links lead nowhere" },
  {
    kind: Deno.errors.PermissionDenied,
    cause: "the system does not permit the access",
    fix: "change the file's permissions",
  },
  {
    kind: Deno.errors.NotCapable,
    cause: "Deno was started without permission for this file",
    fix: "use a plain file with --allow-read or --allow-write for it, or run deno with --allow-all",
  },
];
