/**
 * Looks at a folder that is to be shared before anything of the machine is started: what is wrong with it is said then.
 * The worker opens it again by its path with all links resolved, with the same permissions.
 */

import { ConfigurationError } from "./configuration_error.ts";
import { requirePermission } from "./file_permission.ts";
import { fileError } from "./file_source.ts";
import type { ShareDescription } from "./share_options.ts";

/** The path of a folder, without links. Throws ConfigurationError. */
export async function resolveShareFolder(share: ShareDescription, path: string): Promise<string> {
  const { name, isReadonly } = share;
  if (Deno.build.os === "windows") {
    throw new ConfigurationError({
      what: name,
      cause: "on Windows no way is known to keep a guest within a folder",
      fix: "put the files on a disk, or into -initrd",
    });
  }
  await requirePermission("read", path, name);
  if (!isReadonly) await requirePermission("write", path, name);
  try {
    const root = await Deno.realPath(path);
    await requirePermission("read", root, name);
    if (!isReadonly) await requirePermission("write", root, name);
    const { isDirectory } = await Deno.lstat(root);
    if (isDirectory) return root;
  } catch (error) {
    throw fileError(name, error, "check the path");
  }
  throw new ConfigurationError({
    what: name,
    cause: "it is not a folder",
    fix: "name a folder; a file can be a disk: -drive file=FILE",
  });
}
