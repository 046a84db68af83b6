/** Looks for the permission to use a file before it is touched: where Deno would stop with a question, or refuse. */
import { ConfigurationError } from "./configuration_error.ts";

/** Throws ConfigurationError about `what` when the file at a path may not be read or written. */
export async function requirePermission(
  name: "read" | "write",
  path: string,
  what: string,
): Promise<void> {
  const { state } = await Deno.permissions.query({ name, path });
  if (state === "granted") return;
  throw new ConfigurationError({
    what,
    cause: `Deno was started without permission to ${name} this file`,
    fix: `run deno with --allow-${name}, or --allow-${name}=${path}`,
  });
}
