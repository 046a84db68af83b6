/**
 * Looks whether a machine may have its code cache before anything of it is started: where Deno would ask, nobody
 * could answer the compiler's worker, and a path that cannot be a folder is a mistake of who wrote it.
 */
import { fileError } from "../machine/file_source.ts";
import { ConfigurationError } from "../machine/options.ts";

const OWNER_ONLY = 0o700;

/** Makes the folder of a code cache if there is none. Throws ConfigurationError. */
export async function requireCacheFolder(path: string): Promise<void> {
  const what = `-accel tcg,code-cache=${path}`;
  for (const name of ["read", "write"] as const) {
    const { state } = await Deno.permissions.query({ name, path });
    if (state === "granted") continue;
    throw new ConfigurationError({
      what,
      cause: `Deno was started without permission to ${name} in this folder`,
      fix: `run deno with --allow-${name}, or --allow-read=${path} --allow-write=${path}`,
    });
  }
  try {
    await Deno.mkdir(path, { recursive: true, mode: OWNER_ONLY });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) {
      throw fileError(what, error, "name a folder that you may write");
    }
    const cause = "there is a file of this name";
    throw new ConfigurationError({ what, cause, fix: "name a folder, or one to be made" });
  }
}
