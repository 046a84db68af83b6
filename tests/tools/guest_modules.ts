/**
 * The guest's kernel modules: an archive to append to its initial RAM disk, in `.cache/guest/`.
 *
 * They come from the package of the very kernel that is in the cache, which is fetched once more for them; tests that
 * need no disk do without.
 */

import { join } from "node:path";
import { cpioArchive, type CpioEntry } from "./guest/cpio_archive.ts";
import {
  ForeignApt,
  GuestError,
  machineArchive,
  megabytes,
  unpackPackage,
} from "./guest/debian_packages.ts";
import { moduleEntries } from "./guest/kernel_modules.ts";
import { RELEASE } from "./guest/release.ts";

/** What a disk with a file system needs. */
const MODULES = ["virtio_mmio", "virtio_blk", "ext4"];

/** Makes the archive exist in a folder with the guest's kernel, and returns its path. Throws GuestError. */
export async function ensureModules(
  folder: string,
  say: (line: string) => void,
): Promise<string> {
  const path = join(folder, "modules.cpio");
  const kernel = await kernelPackage(folder);
  const notePath = join(folder, "modules.json");
  if (await textOrEmpty(notePath) === noteOf(kernel)) return path;
  const scratch = join(folder, "fetch-modules");
  try {
    const entries = await fetchModules(scratch, kernel, say);
    await Deno.writeFile(path, cpioArchive(entries));
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
  await Deno.writeTextFile(notePath, noteOf(kernel));
  return path;
}

async function fetchModules(
  scratch: string,
  kernel: KernelPackage,
  say: (line: string) => void,
): Promise<CpioEntry[]> {
  await Deno.mkdir(scratch, { recursive: true });
  const apt = await ForeignApt.create(scratch, await machineArchive(), RELEASE);
  say(`reading the package lists of Debian ${RELEASE.codename} for ${RELEASE.architecture}`);
  await apt.update();
  const record = { ...await apt.candidate(kernel.name), version: kernel.version };
  say(`fetching ${record.name} ${record.version}, ${megabytes(record.bytes)}, for its modules`);
  const files = join(scratch, "files");
  await unpackPackage(await apt.download(record), files);
  return await moduleEntries(await modulesFolder(files), MODULES);
}

interface KernelPackage {
  readonly name: string;
  readonly version: string;
}

function noteOf(kernel: KernelPackage): string {
  return JSON.stringify({ ...kernel, modules: MODULES });
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
