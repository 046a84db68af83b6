/**
 * Deno lets a program import its own modules, but a worker only with the permission to read them. It would be
 * asked for in every worker, where a refusal is an uncaught error and a question has nobody to answer it, so
 * it is looked for before the first worker starts. Modules from the network need none of it.
 */

import { fileURLToPath } from "node:url";
import { ConfigurationError } from "./options.ts";

/** Folders whose modules the workers import. */
const FOLDERS: readonly string[] = ["frontend", "ir", "optimizer", "runtime", "wasm_backend"];
const ROOT = new URL("../../", import.meta.url);

/** Throws ConfigurationError when the workers could not be loaded. */
export async function requireSourcePermission(root: URL = ROOT): Promise<void> {
  if (root.protocol !== "file:") return;
  for (const folder of FOLDERS) {
    const path = fileURLToPath(new URL(folder, root));
    const { state } = await Deno.permissions.query({ name: "read", path });
    if (state === "granted") continue;
    throw new ConfigurationError({
      what: "a machine without permission to read the emulator's own modules",
      cause: `every hart is a worker of its own, and a worker loads its modules from ${path}`,
      fix: `run deno with --allow-read, or add ${fileURLToPath(root)} to --allow-read=...`,
    });
  }
}
