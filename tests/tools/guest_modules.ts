/**
 * The guest's kernel modules: archives to append to its initial RAM disk, in `.cache/guest/`.
 *
 * They come from the package of the very kernel that is in the cache, which is fetched once more for them; tests that
 * need none of these devices do without.
 */

import { join } from "node:path";
import { cpioArchive, type CpioEntry } from "./guest/cpio_archive.ts";
import { ForeignApt, machineArchive, megabytes, unpackPackage } from "./guest/debian_packages.ts";
import { GuestError } from "./guest/guest_error.ts";
import { moduleEntries } from "./guest/kernel_modules.ts";
import { RELEASE } from "./guest/release.ts";

/** Modules that are kept together. */
export interface ModuleSet {
  /** Name of the archive. */
  readonly name: string;
  /** The modules; what they need comes with them. */
  readonly modules: readonly string[];
}

/** What a disk with a file system needs. */
export const DISK_MODULES: ModuleSet = {
  name: "modules",
  modules: ["virtio_mmio", "virtio_blk", "ext4"],
};
/** What a network card and a source of entropy need. */
export const NETWORK_MODULES: ModuleSet = {
  name: "network-modules",
  modules: ["virtio_mmio", "virtio_net", "virtio_rng"],
};

/** What shared folders need. */
export const SHARE_MODULES: ModuleSet = {
  name: "share-modules",
  modules: ["virtio_mmio", "9pnet_virtio", "9p"],
};

/** Makes the archive exist in a folder with the guest's kernel, and returns its path. Throws GuestError. */
export async function ensureModules(
  folder: string,
  say: (line: string) => void,
  set: ModuleSet = DISK_MODULES,
): Promise<string> {
  const { name, modules } = set;
  const path = join(folder, `${name}.cpio`);
  const kernel = await kernelPackage(folder);
  const notePath = join(folder, `${name}.json`);
  const note = JSON.stringify({ ...kernel, modules });
  if (await textOrEmpty(notePath) === note) return path;
  const scratch = await Deno.makeTempDir({ dir: folder, prefix: `fetch-${name}-` });
  try {
    const archive = join(scratch, "archive");
    await Deno.writeFile(archive, cpioArchive(await fetchModules(scratch, kernel, modules, say)));
    await Deno.rename(archive, path);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
  await Deno.writeTextFile(notePath, note);
  return path;
}

async function fetchModules(
  scratch: string,
  kernel: KernelPackage,
  modules: readonly string[],
  say: (line: string) => void,
): Promise<CpioEntry[]> {
  const apt = await ForeignApt.create(scratch, await machineArchive(), RELEASE);
  say(`reading the package lists of Debian ${RELEASE.codename} for ${RELEASE.architecture}`);
  await apt.update();
  const record = { ...await apt.candidate(kernel.name), version: kernel.version };
  say(`fetching ${record.name} ${record.version}, ${megabytes(record.bytes)}, for its modules`);
  const files = join(scratch, "files");
  await unpackPackage(await apt.download(record), files);
  return await moduleEntries(await modulesFolder(files), modules);
}

interface KernelPackage {
  readonly name: string;
  readonly version: string;
}

async function kernelPackage(folder: string): Promise<KernelPackage> {
  const text = await textOrEmpty(join(folder, "guest.json"));
  const [name, version] = text === "" ? [] : String(JSON.parse(text).kernel).split(" ");
  if (name !== undefined && version !== undefined) return { name, version };
  throw new GuestError("there is no kernel to which modules belong", "run deno task guest");
}

async function modulesFolder(files: string): Promise<string> {
  for (const base of ["usr/lib/modules", "lib/modules"]) {
    const found = await Array.fromAsync(Deno.readDir(join(files, base))).catch(() => []);
    if (found.length === 1) return join(files, base, found[0].name);
  }
  throw new GuestError("the kernel package holds no modules", "report this: its layout changed");
}

async function textOrEmpty(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
